"""A session's transcript as a file: JSON lines and text."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from typing import Any

import pytest

from tests.running import Mailsink


def get(mailsink: Mailsink, path: str) -> tuple[Any, bytes]:
    with urllib.request.urlopen(f"{mailsink.url}/api/v3/{path}") as answer:
        return answer.headers, answer.read()


@pytest.fixture
def session(mailsink: Mailsink) -> dict[str, Any]:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="app.test") as client:
        client.ehlo()
        for _ in range(600):
            client.noop()
    _, listed = get(mailsink, "sessions?limit=1")
    found: dict[str, Any] = json.loads(listed)["items"][0]
    return found


def test_json_lines_are_all_exchanges(
    mailsink: Mailsink, session: dict[str, Any]
) -> None:
    headers, octets = get(mailsink, f"sessions/{session['id']}/exchanges.jsonl")
    assert headers["Content-Type"].startswith("application/x-ndjson")
    told = [json.loads(line) for line in octets.splitlines()]
    assert [each["seq"] for each in told] == list(range(1, 604))
    _, first = get(mailsink, f"sessions/{session['id']}/exchanges?limit=1")
    assert told[0] == json.loads(first)["items"][0]


def test_text_is_to_be_read(mailsink: Mailsink, session: dict[str, Any]) -> None:
    headers, octets = get(mailsink, f"sessions/{session['id']}/exchanges.txt")
    assert headers["Content-Disposition"].startswith("attachment")
    lines = octets.decode().splitlines()
    assert lines[0] == f"Session {session['id']} of app.test"
    said = [line.split(None, 1)[1] for line in lines[4:] if line]
    assert said[1].startswith("S: 220 ")
    assert said[2:4] == [
        "C: ehlo app.test",
        next(each for each in said if each.startswith("S: 250-")),
    ]
    assert said.count("C: noop") == 600
    assert said[-2:] == ["C: QUIT", "S: 221 2.0.0 Bye"]
