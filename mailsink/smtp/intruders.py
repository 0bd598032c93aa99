"""TLS and HTTP that knock at the SMTP port: told what happened and how to cure it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mailsink.smtp import replies
from mailsink.smtp.wire import Line
from mailsink.smtp.wishes import Ended, Steps

if TYPE_CHECKING:
    from mailsink.smtp.machine import Machine

_REQUEST = re.compile(rb"[A-Z]{3,10} \S+ HTTP/\d(?:\.\d)?\s*")

_TLS = (
    "The client began TLS on a port that speaks plain SMTP; in nodemailer set "
    "secure: false, in other clients turn SSL/TLS (SMTPS) off for this port."
)


def is_http(content: bytes) -> bool:
    """Whether a line begins an HTTP request (RFC 9112 §3)."""
    return _REQUEST.fullmatch(content) is not None


def refuse_tls(machine: Machine) -> Steps[None]:
    """End a session whose client began a TLS handshake; raises Ended."""
    octets = len(machine.buffer)
    received_us = machine.buffer.use(octets)
    machine.open("tls", "", _TLS, octets, received_us, ("tls_on_plain",))
    yield from machine.answer(replies.TLS_ON_PLAIN)
    raise Ended("refused")


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
