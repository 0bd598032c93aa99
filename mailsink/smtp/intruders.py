"""Who speaks TLS, HTTP or plain text where it does not belong: told so, with the cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.proxy import SIGNATURE
from mailsink.smtp.wire import Line
from mailsink.smtp.wishes import Ended, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

_REQUEST = re.compile(rb"[A-Z]{3,10} \S+ HTTP/\d(?:\.\d)?\s*")

_PROXY = (b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN")
_SIGNATURE = SIGNATURE[2:]  # of version 2, which begins with an empty line

_NOT_TRUSTED = (
    "The connection began with a PROXY header, but the address it came from is in none "
    "of the networks of MAILSINK_SMTP_PROXY_FROM."
)
_TLS = (
    "The client began TLS on a port that speaks plain SMTP; in nodemailer set "
    "secure: false, in other clients turn SSL/TLS (SMTPS) off for this port."
)
_PLAIN_CURE = (
    " In nodemailer set secure: true, in other clients turn SSL/TLS (SMTPS) on "
    "for this port, or use the port of plain SMTP."
)


def refuse_intruder(machine: Machine, line: Line) -> Steps[None]:
    """End a session whose first line is not SMTP but a protocol we know; raises Ended."""
    if _REQUEST.fullmatch(line.content):
        yield from refuse_http(machine, line)
    if line.content.startswith(_PROXY) or machine.buffer.startswith(_SIGNATURE):
        yield from refuse_proxy(machine, line)


def refuse_tls(machine: Machine) -> Steps[None]:
    """End a session whose client began a TLS handshake; raises Ended."""
    octets = len(machine.buffer)
    received_us = machine.buffer.use(octets)
    machine.open("tls", "", _TLS, octets, received_us, ("tls_on_plain",))
    yield from machine.answer(replies.TLS_ON_PLAIN)
    raise Ended("refused")


def refuse_proxy(machine: Machine, line: Line) -> Steps[None]:
    """End a session that began with a PROXY header we were not told to believe; raises Ended."""
    octets = line.octets + len(machine.buffer)
    machine.buffer.use(len(machine.buffer))
    flags = ("proxy_not_trusted",)
    machine.open("notice", "", _NOT_TRUSTED, octets, line.received_us, flags)
    yield from machine.answer(replies.PROXY_NOT_TRUSTED)
    raise Ended("refused")


def refuse_plain(machine: Machine, sentence: str) -> Steps[None]:
    """End a session whose client did not begin TLS where it had to; raises Ended."""
    octets, line = len(machine.buffer), machine.buffer.line()
    if line is not None:
        yield from refuse_intruder(machine, line)
    if machine.profile.implicit_tls:
        sentence += _PLAIN_CURE
    received_us = (
        machine.buffer.use(len(machine.buffer)) if octets else machine.now_us()
    )
    machine.open("tls", "", sentence, octets, received_us, ("plain_on_tls",))
    yield from machine.answer(replies.PLAIN_ON_TLS)
    raise Ended("tls_failed")


def refuse_http(machine: Machine, line: Line) -> Steps[None]:
    """End a session whose client sent an HTTP request, in words it can read; raises Ended."""
    octets = line.octets + len(machine.buffer)
    url = machine.profile.public_url
    where = (
        f"the web pages are at {url}" if url else "the web pages are on another port"
    )
    sentence = f"The client sent an HTTP request to the SMTP port; {where}."
    method = line.content.partition(b" ")[0].decode("ascii")
    machine.open(
        "notice", method, sentence, octets, line.received_us, ("http_on_smtp",)
    )
    yield from ()
    link = machine.outlet.link(machine.current.seq)
    text = f"This port speaks SMTP, not HTTP; {where}."
    lines = [
        "HTTP/1.1 400 Bad Request",
        "Content-Type: text/plain; charset=utf-8",
        "Connection: close",
        "",
        text,
        *([f"What happened: {link}"] if link else []),
    ]
    machine.current.ready_us = machine.now_us()
    machine.outlet.owe_foreign(machine.current, 400, tuple(lines))
    raise Ended("refused")
