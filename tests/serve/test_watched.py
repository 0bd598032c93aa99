"""A server that is watched: its log of sessions as JSON, and its metrics."""

from __future__ import annotations

import base64
import json
import smtplib
import time
import urllib.request
from collections.abc import Callable

from tests.running import Mailsink


def scrape(server: Mailsink) -> str:
    with urllib.request.urlopen(f"{server.direct}/metrics") as answer:
        text: str = answer.read().decode()
        return text


def test_a_session_is_a_line_of_json_and_a_count(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink(LOG="json")
    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo("app.example")
        client.login("someone", "s3cret!word")
        client.sendmail("a@example.com", ["b@example.com"], "Subject: x\r\n\r\nHello")
    ended = 'mailsink_sessions_total{direction="in",ending="quit"'
    deadline = time.monotonic() + 120
    while ended not in (metrics := scrape(server)) and time.monotonic() < deadline:
        pass  # the reply to QUIT comes before the end
    assert ended in metrics
    assert 'outcome="accepted"' in metrics
    assert server.stop() == 0  # all is logged by then

    assert server.stderr.isascii()
    [line] = [json.loads(each) for each in server.stderr.splitlines()]
    assert line["message"] == "session"
    assert line["user"] == "someone"
    assert line["ending"] == "quit"
    assert (line["messages"], line["listener"]) == (1, "smtp")
    assert line["helo"] == "app.example"
    assert line["seconds"] > 0
    for secret in (b"s3cret!word", base64.b64encode(b"\0someone\0s3cret!word")):
        assert secret.decode() not in server.stderr
