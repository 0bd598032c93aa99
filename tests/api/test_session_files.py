"""A session's transcript as a file: JSON lines and text."""

from __future__ import annotations

import json
import smtplib
import time
import urllib.error
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
    deadline = time.monotonic() + 120
    while True:
        _, listed = get(mailsink, "sessions?limit=1")
        found: dict[str, Any] = json.loads(listed)["items"][0]
        if found["closed_at"]:  # and all that it said is stored
            return found
        assert time.monotonic() < deadline


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


def test_exchange_is_explained(mailsink: Mailsink, session: dict[str, Any]) -> None:
    _, octets = get(mailsink, f"sessions/{session['id']}/exchanges/3")
    told = json.loads(octets)
    assert told["line"] == "noop"
    words = {each["term"]: each["words"] for each in told["explained"]}
    assert words["Why"] == [
        "NOOP does nothing but ask for this reply (RFC 5321 §4.1.1.9)."
    ]
    assert "t sent NOOP" in words["The client then"][0]
    for seq in ("0", "604", "9" * 30):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(mailsink, f"sessions/{session['id']}/exchanges/{seq}")


def test_timeline_is_all_of_the_time(
    mailsink: Mailsink, session: dict[str, Any]
) -> None:
    _, octets = get(mailsink, f"sessions/{session['id']}/timeline")
    told = json.loads(octets)
    shares = [told[owner] for owner in ("client", "body", "ours", "rule")]
    assert 0 < sum(shares) <= told["end_us"] - told["start_us"]
    assert told["client"] > 0
    assert told["ours"] > 0
