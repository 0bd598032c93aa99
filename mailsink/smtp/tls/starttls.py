"""How a session gets its TLS: by STARTTLS (RFC 3207), or before the greeting (RFC 8314).

A handshake that fails is told in words, with a flag that has the cure, and ends the
session as `tls_failed`.
"""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.intruders import refuse_plain
from mailsink.smtp.tls import failures
from mailsink.smtp.tls.distrust import Client
from mailsink.smtp.tls.failures import Failure
from mailsink.smtp.tls.layer import TlsLayer
from mailsink.smtp.wishes import Ended, Refusal, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

log = logging.getLogger("mailsink.smtp")

# Seconds for the first octet on a port that begins with TLS. There the client speaks
# first: one that says nothing waits for a greeting, in plain text.
_PATIENCE = 5.0
_SECOND = 1_000_000

_SILENT = (
    f"The client said nothing for {_PATIENCE:g} seconds on a port that begins with TLS: "
    "it probably waits for a greeting in plain SMTP."
)
_PLAIN = "The client sent plain text where a TLS handshake had to come."
_UNAVAILABLE = "Mailsink could not begin TLS; its log tells why."
_SEEN = (
    "The client closed the connection when it had been sent the certificate: probably "
    "it does not trust it."
)
_LEFT = (
    "The client left right after the TLS handshake, without a word: probably it looked "
    "at the certificate, and does not trust it."
)


def starttls(machine: Machine, argument: str) -> Steps[None]:
    """RFC 3207 §4: 220 and the handshake; then nothing is known of the client."""
    context = _context(machine, argument)
    decided = yield from machine.consult("starttls")
    layer = _layer(machine, context)
    layer.client = machine.helo
    yield from machine.answer(decided or replies.GO_AHEAD)
    # What came before the 220 was written may be an attacker's (RFC 3207 §6).
    machine.discard()
    seconds = machine.profile.handshake_timeout
    try:
        yield from _await_octets(machine, seconds)
    except Ended as ended:
        raise _broken_off(machine, ended, seconds) from None
    yield from _shake_hands(machine, layer)


def _context(machine: Machine, argument: str) -> ssl.SSLContext:
    """Return what to begin TLS with; raises Refusal."""
    context = machine.profile.tls
    if machine.tls is not None:
        raise Refusal(replies.TLS_TWICE)
    if context is None:
        raise Refusal(replies.not_offered("STARTTLS"))
    if argument:
        raise Refusal(replies.syntax("STARTTLS"))
    if not machine.helo:
        raise Refusal(machine.hello_missing())
    if machine.transaction is not None:
        raise Refusal(replies.in_transaction("STARTTLS"))
    return context


def _layer(machine: Machine, context: ssl.SSLContext) -> TlsLayer:
    """Return a TLS connection that has not begun; raises Refusal (RFC 3207 §4: 454)."""
    try:
        return TlsLayer(context, machine.send)
    except (ssl.SSLError, ValueError, MemoryError):
        log.exception("session %s: TLS could not begin", machine.session)
        raise Refusal(replies.TLS_UNAVAILABLE) from None


def begin_in_tls(machine: Machine, context: ssl.SSLContext) -> Steps[None]:
    """Shake hands before the greeting (RFC 8314 §3.3); raises Ended."""
    try:
        layer = _layer(machine, context)
        yield from _await_octets(machine, _PATIENCE)
    except Refusal as refusal:
        raise Ended("tls_failed", _UNAVAILABLE, refusal.reply) from None
    except Ended as ended:
        if ended.ending == "timeout":
            yield from refuse_plain(machine, _SILENT)
        ended.reply = None  # who expects TLS could not read it
        raise
    yield from _shake_hands(machine, layer)


def _await_octets(machine: Machine, seconds: float) -> Steps[None]:
    """Wait for what may be the begin of a handshake; raises Ended."""
    until = machine.now_us() + int(seconds * _SECOND)
    while not len(machine.buffer):
        if machine.stopping:
            raise Ended("shutdown")
        yield machine.more(until)


def _shake_hands(machine: Machine, layer: TlsLayer) -> Steps[None]:
    """Hold the handshake whose first octets are there; raises Ended."""
    if not machine.buffer.startswith(b"\x16"):  # RFC 8446 §5.1
        yield from refuse_plain(machine, _PLAIN)
    began_us = machine.now_us()
    seconds = machine.profile.handshake_timeout
    machine.open("tls", "", "The TLS handshake goes on.", 0, began_us)
    machine.begin_tls(layer)
    try:
        while not layer.shake_hands():
            yield machine.more(began_us + int(seconds * _SECOND))
    except ssl.SSLError as error:
        raise _failed(machine, failures.explain(error, layer)) from None
    except Ended as ended:
        raise _broken_off(machine, ended, seconds) from None
    machine.forget_client()
    _tell_success(machine, layer, machine.now_us() - began_us)
    machine.outlet.write_by(layer.send)
    machine.receive(b"")  # what came along with the end of the handshake


def _tell_success(machine: Machine, layer: TlsLayer, took_us: int) -> None:
    sni = layer.hello.sni
    asked = f", asked for {sni}" if sni else ""
    took = f"the handshake took {took_us / 1000:.1f} ms"
    line = f"{layer.version} with {layer.cipher}{asked}; {took}"
    machine.tell(line, layer.octets, machine.now_us())
    machine.update(
        tls_version=layer.version,
        tls_cipher=layer.cipher,
        tls_sni=sni,
        protocol=machine.protocol,
    )


def _broken_off(machine: Machine, ended: Ended, seconds: float) -> Ended:
    """Tell that a handshake was cut off; return how the session ends."""
    if ended.ending == "dropped" and machine.tls is not None and machine.tls.answered:
        return _failed(machine, Failure("left_at_certificate", _SEEN))
    sentences = {
        "dropped": "The client closed the connection before the TLS handshake was done.",
        "timeout": f"The TLS handshake was not done within {seconds:g} seconds.",
        "shutdown": "Mailsink was stopped before the TLS handshake was done.",
    }
    failed = _failed(machine, Failure("tls_broken", sentences[ended.ending]))
    if ended.ending == "shutdown":
        failed.ending = "shutdown"
    return failed


def _failed(machine: Machine, failure: Failure) -> Ended:
    """Tell why there is no TLS; return how the session ends. No reply could be read."""
    _note_distrust(machine, failure)
    octets = machine.tls.octets if machine.tls is not None else 0
    now, flags = machine.now_us(), (failure.flag,)
    if machine.current.kind == "tls":
        machine.tell(failure.sentence, octets, now, flags)
    else:
        machine.open("tls", "", failure.sentence, octets, now, flags)
    return Ended("tls_failed")


def tell_parting(machine: Machine, ended: Ended) -> None:
    """Tell what TLS has to do with a client's leaving, if it has."""
    layer = machine.tls
    if layer is None or not layer.done or ended.ending != "dropped":
        return
    failure = None
    if layer.error is not None:
        ended.ending = "tls_failed"
        failure = failures.explain(layer.error, layer)
    elif machine.current.kind in ("tls", "connect"):
        failure = Failure("left_at_certificate", _LEFT)
    if failure is not None:
        _note_distrust(machine, failure)
        now = machine.now_us()
        machine.open("notice", "", failure.sentence, 0, now, (failure.flag,))


def _note_distrust(machine: Machine, failure: Failure) -> None:
    """Have a client that did not take the certificate do without TLS next time."""
    distrust, layer = machine.profile.distrust, machine.tls
    if distrust is None or layer is None or not layer.client:
        return
    if failure.flag in ("tls_untrusted", "left_at_certificate"):
        client = Client(machine.peer.client_address, layer.client)
        distrust.note(client, machine.unix_time())


def hold_back(machine: Machine) -> None:
    """At EHLO: see whether this session does without STARTTLS, and tell so if it does."""
    distrust = machine.profile.distrust
    if distrust is None or machine.tls is not None:
        return
    if "STARTTLS" in machine.profile.hidden:
        return
    if machine.without_starttls is None:
        client = Client(machine.peer.client_address, machine.helo)
        if not distrust.take(client, machine.unix_time()):
            return
        machine.without_starttls = client
    machine.current.flags += ("starttls_withheld",)


def note_need(machine: Machine) -> None:
    """At the end: a client that did without STARTTLS, and sent nothing, needs TLS."""
    distrust, client = machine.profile.distrust, machine.without_starttls
    if distrust is not None and client is not None and not machine.transactions:
        distrust.left(client, machine.unix_time())
