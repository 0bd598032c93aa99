"""Starts TLS in a session: by STARTTLS (RFC 3207), or before the greeting (RFC 8314).

A failed handshake is recorded as a sentence and a flag, which leads to the fix, and
ends the session as `tls_failed`.
"""

from __future__ import annotations

import logging
import ssl

from mailsink.smtp.protocol import replies
from mailsink.smtp.session.consult import consult
from mailsink.smtp.session.effects import Refusal, SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.session_time import wait_until
from mailsink.smtp.session.wrong_protocol import refuse_plain
from mailsink.smtp.tls import failures
from mailsink.smtp.tls.failures import Failure
from mailsink.smtp.tls.layer import TlsLayer
from mailsink.smtp.tls.planned_failure import PlannedFailure
from mailsink.smtp.tls.starttls_denylist import Client

log = logging.getLogger("mailsink.smtp")

# Seconds for the first octet on a port that begins with TLS. There the client sends
# first: a silent client waits for a greeting in plain text.
_PATIENCE = 5.0
_SECOND = 1_000_000

_SILENT = (
    f"The client said nothing for {_PATIENCE:g} seconds on a port that begins with TLS: "
    "it probably waits for a greeting in plain SMTP."
)
_PLAIN = "The client sent plain text where a TLS handshake had to come."
_UNAVAILABLE = "Mailsink could not begin TLS; its log says why."
_SEEN = (
    "The client closed the connection when it had been sent the certificate: probably "
    "it does not trust it."
)
_LEFT = (
    "The client left right after the TLS handshake, without a word: probably it looked "
    "at the certificate, and does not trust it."
)


def new_layer(session: Session, context: ssl.SSLContext) -> TlsLayer:
    """Return a TLS connection that has not begun; raises Refusal (RFC 3207 §4: 454)."""
    try:
        return TlsLayer(context, session.host.write)
    except (ssl.SSLError, ValueError, MemoryError):
        log.exception("session %s: TLS could not begin", session.id)
        raise Refusal(replies.TLS_UNAVAILABLE) from None


def planned_layer(session: Session) -> TlsLayer | None:
    """Return a TLS connection that a rule makes fail, or None; raises Refusal."""
    shaped, contexts = session.exchange.shaped, session.profile.failing_tls
    if shaped is None or contexts is None or not shaped.tls_failure:
        return None
    layer = new_layer(session, getattr(contexts, shaped.tls_failure))
    layer.planned = PlannedFailure(shaped.tls_failure, shaped.rule)
    return layer


def begin_in_tls(session: Session, context: ssl.SSLContext) -> Steps[None]:
    """Shake hands before the greeting (RFC 8314 §3.3); raises SessionEnded."""
    try:
        layer = new_layer(session, context)
        yield from await_octets(session, _PATIENCE)
    except Refusal as refusal:
        raise SessionEnded("tls_failed", _UNAVAILABLE, refusal.reply) from None
    except SessionEnded as ended:
        if ended.ending == "timeout":
            yield from refuse_plain(session, _SILENT)
        ended.reply = None  # a client that expects TLS could not read it
        raise
    yield from shake_hands(session, layer)


def await_octets(session: Session, seconds: float) -> Steps[None]:
    """Wait for the first octets of a handshake; raises SessionEnded."""
    until = session.now_us() + int(seconds * _SECOND)
    while not len(session.input):
        if session.draining:
            raise SessionEnded("shutdown")
        yield wait_until(session, until)


def shake_hands(session: Session, layer: TlsLayer) -> Steps[None]:
    """Perform the handshake, whose first octets are there; raises SessionEnded."""
    if not session.input.startswith(b"\x16"):  # RFC 8446 §5.1
        yield from refuse_plain(session, _PLAIN)
    began_us = session.now_us()
    seconds = session.profile.handshake_timeout
    session.begin_exchange("tls", "", "The TLS handshake goes on.", 0, began_us)
    if session.profile.implicit_tls:
        layer = (yield from _asked(session)) or layer
    if layer.planned is not None:
        session.exchange.rule = layer.planned.rule
    session.begin_tls(layer)
    try:
        while not layer.shake_hands():
            yield wait_until(session, began_us + int(seconds * _SECOND))
    except ssl.SSLError as error:
        raise _failed(session, failures.explain(error, layer)) from None
    except SessionEnded as ended:
        raise broken_off(session, ended, seconds) from None
    session.reset_client()
    _log_success(session, layer, session.now_us() - began_us)
    session.writer.write_through(layer.send)
    session.receive(b"")  # takes octets that followed the handshake


def _asked(session: Session) -> Steps[TlsLayer | None]:
    """Ask the policy, as STARTTLS does; the client could read no reply here."""
    try:
        yield from consult(session, "starttls")
        return planned_layer(session)
    except Refusal:
        return None


def _log_success(session: Session, layer: TlsLayer, took_us: int) -> None:
    sni = layer.hello.sni
    asked = f", asked for {sni}" if sni else ""
    took = f"the handshake took {took_us / 1000:.1f} ms"
    line = f"{layer.version} with {layer.cipher}{asked}; {took}"
    if layer.planned is not None:
        line += f". {layer.planned.sentence} The client took it all the same."
    session.emit_exchange(line, layer.octets, session.now_us())
    session.update(
        tls_version=layer.version,
        tls_cipher=layer.cipher,
        tls_sni=sni,
        protocol=session.protocol,
    )


def broken_off(session: Session, ended: SessionEnded, seconds: float) -> SessionEnded:
    """Record that a handshake was cut off; return how the session ends."""
    if ended.ending == "dropped" and session.tls is not None and session.tls.answered:
        return _failed(session, Failure("left_at_certificate", _SEEN))
    sentences = {
        "dropped": "The client closed the connection before the TLS handshake was done.",
        "timeout": f"The TLS handshake was not done within {seconds:g} seconds.",
        "shutdown": "Mailsink was stopped before the TLS handshake was done.",
    }
    failed = _failed(session, Failure("tls_broken", sentences[ended.ending]))
    if ended.ending == "shutdown":
        failed.ending = "shutdown"
    return failed


def _failed(session: Session, failure: Failure) -> SessionEnded:
    """Record why TLS failed; return the end of the session. No reply could be read."""
    _note_untrusted(session, failure)
    octets = session.tls.octets if session.tls is not None else 0
    flag, sentence = _as_planned(session, failure)
    now, flags = session.now_us(), (flag,)
    if session.exchange.kind == "tls":
        session.emit_exchange(sentence, octets, now, flags)
    else:
        session.begin_exchange("tls", "", sentence, octets, now, flags)
    return SessionEnded("tls_failed")


def _as_planned(session: Session, failure: Failure) -> Failure:
    """Return a failure; if a rule planned it, name the rule and not the client."""
    planned = session.tls.planned if session.tls is not None else None
    if planned is None:
        return failure
    return Failure("tls_on_purpose", f"{failure.sentence} {planned.sentence}")


def record_tls_disconnect(session: Session, ended: SessionEnded) -> None:
    """Record why a client left, if TLS is the reason."""
    layer = session.tls
    if layer is None or not layer.done or ended.ending != "dropped":
        return
    failure = None
    if layer.error is not None:
        ended.ending = "tls_failed"
        failure = failures.explain(layer.error, layer)
    elif session.exchange.kind in ("tls", "connect"):
        failure = Failure("left_at_certificate", _LEFT)
    if failure is not None:
        _note_untrusted(session, failure)
        now = session.now_us()
        flag, sentence = _as_planned(session, failure)
        session.begin_exchange("notice", "", sentence, 0, now, (flag,))


def _note_untrusted(session: Session, failure: Failure) -> None:
    """Withhold STARTTLS from the next session of a client that rejected the certificate."""
    denylist, layer = session.profile.starttls_denylist, session.tls
    if denylist is None or layer is None or not layer.client or layer.planned:
        return
    if failure.flag in ("tls_untrusted", "left_at_certificate"):
        client = Client(session.peer.client_address, layer.client)
        denylist.add(client, session.unix_time())


def withhold_starttls(session: Session) -> None:
    """At EHLO: withhold STARTTLS from a client on the denylist, and flag that."""
    denylist = session.profile.starttls_denylist
    if denylist is None or session.tls is not None:
        return
    if "STARTTLS" in session.profile.hidden:
        return
    if session.without_starttls is None:
        client = Client(session.peer.client_address, session.helo)
        if not denylist.pop(client, session.unix_time()):
            return
        session.without_starttls = client
    session.exchange.flags += ("starttls_withheld",)


def note_tls_needed(session: Session) -> None:
    """At the end: remember that a client which sent nothing without STARTTLS needs it."""
    denylist, client = session.profile.starttls_denylist, session.without_starttls
    if denylist is not None and client is not None and not session.transaction_count:
        denylist.note_tls_needed(client, session.unix_time())
