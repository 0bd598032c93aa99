"""The time that strict mode adds to the 250 of a 50 KB message, on an idle server."""

from __future__ import annotations

import smtplib
import statistics
import time
from email.message import EmailMessage

from bench.servers import serving
from bench.table import Row
from tests.running import Mailsink

_TIMES = 200
_STYLE = (
    "margin:0;padding:12px 24px;font-family:Arial,sans-serif;font-size:16px;color:#333"
)
_WORDS = (
    "the order leaves on friday with many thanks for your patience dear friend " * 3
)


def measure() -> list[Row]:
    """Send the same message from a client with strict mode, and from one without."""
    octets = _newsletter()
    with serving() as mailsink:
        added = [
            _seconds(mailsink, "app+strict", octets) - _seconds(mailsink, "app", octets)
            for _ in range(_TIMES)
        ]
    *_, high = statistics.quantiles(added, n=20)
    shown = f"{high * 1000:.0f} ms (median {statistics.median(added) * 1000:.0f})"
    what = f"added to the 250 of {len(octets) // 1024} KB of HTML by strict mode, p95"
    return [Row(what, shown, "20 ms")]


def _seconds(mailsink: Mailsink, user: str, octets: bytes) -> float:
    """Return the seconds from the end of a message to its 250."""
    with smtplib.SMTP(*mailsink.smtp) as client:
        client.login(user, "any")
        client.mail("a@shop.test")
        client.rcpt("b@shop.test")
        client.docmd("DATA")
        began = time.perf_counter()
        client.send(octets + b".\r\n")
        code, text = client.getreply()
        assert code == 250, text
        return time.perf_counter() - began


def _newsletter() -> bytes:
    """Return a message of 50 KB like those of campaign tools: tables with styles."""
    row = (
        f'<table role="presentation" style="{_STYLE}"><tr><td style="{_STYLE}">'
        f'<h2 style="{_STYLE}">News</h2><p style="{_STYLE}">{_WORDS}</p>'
        f'<a href="https://shop.test/{{}}?utm_source=mail" style="{_STYLE}">Read on</a>'
        f'<img src="https://cdn.shop.test/{{}}.png" alt="A picture" style="{_STYLE}">'
        "</td></tr></table>\n"
    )
    message = EmailMessage()
    message["From"], message["To"] = "shop@shop.test", "ann@shop.test"
    message["Subject"] = "News of the week"
    message.set_content(f"{_WORDS}\n" * 10)
    rows = "".join(row.format(n, n) for n in range(45))
    message.add_alternative(f"<html lang=en><title>x</title>{rows}</html>", "html")
    return message.as_bytes().replace(b"\n", b"\r\n")
