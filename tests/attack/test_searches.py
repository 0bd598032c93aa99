"""Searches that would try for ever, against a recipient made for them."""

from __future__ import annotations

import smtplib
from urllib.parse import quote

import pytest

from tests.attack.web import LONGEST, answer, mail, web
from tests.running import Mailsink


@pytest.mark.parametrize("end", ["é", "b", "?é"])
@pytest.mark.parametrize("piece", ["*a", "*a?", "*?"])
def test_a_pattern_is_matched_in_one_pass(
    mailsink: Mailsink, piece: str, end: str
) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="app.test") as client:
        client.sendmail(
            "a@shop.test", [f"{'a' * 60}@example.com"], "Subject: x\r\n\r\n"
        )
    pattern = quote(piece * 8 + end)
    close = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    searched = f"GET /api/v3/messages?q=rcpt:{pattern} {close}"
    mine = f"GET /counts {close}Cookie: mailsink_mine={pattern}\r\n"
    for each in (searched, mine):
        before = mailsink.processor_time
        assert answer(web(mailsink), f"{each}\r\n".encode()).startswith(b"HTTP/1.1 200")
        assert mailsink.processor_time - before < 2
    assert mail(mailsink) < LONGEST
