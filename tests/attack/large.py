"""Mails of 20 to 45 MB, and how they are sent without holding up the test itself."""

from __future__ import annotations

import smtplib
from itertools import cycle, islice

from tests.running import Mailsink

TEXT = b"A line of some words, see https://shop.test/orders/4711 for more.\r\n"
_ROW = b"<tr><td>some words</td><td><a href=https://shop.test/>more</a></td></tr>\r\n"
_BLOCK = (
    b'<div style="color: #333; background: url(cid:one)"><p class=a>Some <b>words</b>\r\n'
    b'<img src="https://shop.test/a.png" width=1> &eacute;&#8364; <style>p {margin: 0}'
    b"</style></div>\r\n"
)
_PARTS = (
    b"--b\r\nContent-Type: text/plain\r\n\r\nSome words.\r\n",
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Some words.\r\n",
    b"--b\r\nContent-Type: image/png; name=a.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n",
)


def head(kind: str) -> bytes:
    """Return the head of a mail of a kind of text."""
    return b"From: a@shop.test\r\nSubject: large\r\nContent-Type: text/%b\r\n\r\n" % (
        kind.encode()
    )


def mails(octets: int) -> dict[str, bytes]:
    """Return mails of so many octets by what they are."""
    parts = cycle(_PARTS)
    of_parts = b"".join(islice(parts, octets * 3 // sum(map(len, _PARTS))))
    mixed = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    return {
        "text": head("plain") + TEXT * (octets // len(TEXT)),
        "one line": head("plain") + b"some words " * (octets // 11) + b"\r\n",
        "html": head("html") + _BLOCK * (octets // len(_BLOCK)),
        "table": head("html") + b"<table>" + _ROW * (octets // len(_ROW)),
        "parts": b"Subject: large\r\n" + mixed + b"\r\n" + of_parts + b"--b--\r\n",
    }


def send(server: Mailsink, octets: bytes) -> str:
    """Send a message; return its id. No line of it may begin with a dot."""
    with smtplib.SMTP(*server.smtp, timeout=120) as client:
        client.ehlo()
        client.mail("a@shop.test", ["BODY=8BITMIME"])
        client.rcpt("b@example.com")
        client.docmd("DATA")
        client.send(octets + b".\r\n")  # data() would hold this interpreter for long
        code, text = client.getreply()
    assert code == 250, text
    return text.split()[-1].decode()
