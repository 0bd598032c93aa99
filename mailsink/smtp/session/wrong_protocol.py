"""Detects clients that speak the wrong protocol on this port, and ends their sessions.

The session explains the mistake, and how to fix it.
"""

from __future__ import annotations

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.input_buffer import Line
from mailsink.smtp.protocol.other_protocols import is_http_request, is_proxy_header
from mailsink.smtp.protocol.proxy_header import SIGNATURE
from mailsink.smtp.session.effects import SessionEnded, Steps
from mailsink.smtp.session.session import Session
from mailsink.smtp.session.shaped_replies import send_reply

_NOT_TRUSTED = (
    "The connection began with a PROXY header, but the address it came from is in none "
    "of the networks of MAILSINK_SMTP_PROXY_FROM."
)
_PLAIN_FIX = (
    " In nodemailer set secure: true, in other clients turn SSL/TLS (SMTPS) on "
    "for this port, or use the port of plain SMTP."
)


def refuse_wrong_protocol(session: Session, line: Line) -> Steps[None]:
    """End a session whose first line is HTTP or a PROXY header; raises SessionEnded."""
    if is_http_request(line.content, line.too_long):
        yield from refuse_http(session, line)
    if is_proxy_header(line.content, session.input.peek(len(SIGNATURE))):
        yield from refuse_proxy(session, line)


def refuse_proxy(session: Session, line: Line) -> Steps[None]:
    """End a session that began with an untrusted PROXY header; raises SessionEnded."""
    octets = line.octets + len(session.input)
    session.input.use(len(session.input))
    flags = ("proxy_not_trusted",)
    session.begin_exchange("notice", "", _NOT_TRUSTED, octets, line.received_us, flags)
    yield from send_reply(session, replies.PROXY_NOT_TRUSTED)
    raise SessionEnded("refused")


def refuse_plain(session: Session, sentence: str) -> Steps[None]:
    """End a session whose client did not begin the required TLS.

    Raises SessionEnded.
    """
    octets, line = len(session.input), session.input.line()
    if line is not None:
        yield from refuse_wrong_protocol(session, line)
    if session.profile.implicit_tls:
        sentence += _PLAIN_FIX
    received_us = session.input.use(len(session.input)) if octets else session.now_us()
    session.begin_exchange("tls", "", sentence, octets, received_us, ("plain_on_tls",))
    yield from send_reply(session, replies.PLAIN_ON_TLS)
    raise SessionEnded("tls_failed")


def refuse_http(session: Session, line: Line) -> Steps[None]:
    """Answer an HTTP request in HTTP, and end the session; raises SessionEnded."""
    octets = line.octets + len(session.input)
    url = session.profile.public_url
    where = (
        f"the web pages are at {url}" if url else "the web pages are on another port"
    )
    sentence = f"The client sent an HTTP request to the SMTP port; {where}."
    method = line.content.partition(b" ")[0].decode("ascii").upper()
    session.begin_exchange(
        "notice", method, sentence, octets, line.received_us, ("http_on_smtp",)
    )
    yield from ()
    link = session.writer.link(session.exchange.seq)
    text = f"This port speaks SMTP, not HTTP; {where}."
    lines = [
        "HTTP/1.1 400 Bad Request",
        "Content-Type: text/plain; charset=utf-8",
        "Connection: close",
        "",
        text,
        *([f"What happened: {link}"] if link else []),
    ]
    session.exchange.ready_us = session.now_us()
    session.writer.queue_raw(session.exchange, 400, tuple(lines))
    raise SessionEnded("refused")
