"""Rules of a real server, as smtplib meets them: over a kill, and hits that are shown."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from pathlib import Path

from tests.releasing import post
from tests.running import Mailsink


def outcome(server: Mailsink, path: str) -> int:
    """Return the code that a recipient gets."""
    with smtplib.SMTP(*server.smtp) as client:
        client.ehlo()
        client.mail("a@example.com")
        return client.rcpt(path)[0]


def test_fail_twice_then_accept_over_a_kill(tmp_path: Path) -> None:
    server = Mailsink(tmp_path)
    try:
        fields = {"stage": "rcpt", "actions": {"code": 451}}
        made = post(server, "rules", **fields, limits={"first": 2, "per": "recipient"})
        assert outcome(server, "ann@example.com") == 451
        rule = made
        while not rule["hits"]:  # written within a second
            rule = server.get(f"rules/{made['id']}")
        server.kill()
        server = Mailsink(tmp_path)
        heard = [outcome(server, "ann@example.com") for _ in range(2)]
        assert heard == [451, 250]
        assert outcome(server, "bob@example.com") == 451
        (hit,) = rule["last_hits"]
        line = server.get(f"sessions/{hit['session']}/exchanges?after={hit['seq'] - 1}")
        assert (line["items"][0]["rule"], line["items"][0]["code"]) == (f"#{made['id']}", 451)  # fmt: skip
        assert outcome(server, "rcpt553@example.com") == 451  # the rule comes first
        server.patch("inboxes/default", rules_on=False)
        assert outcome(server, "rcpt553@example.com") == 553
    finally:
        server.stop()


def test_what_a_dialect_asks_for_is_done(mailsink: Mailsink) -> None:
    """Chaos of Mailpit is a rule: its client and this one see the same server."""
    body = {"Recipient": {"ErrorCode": 450, "Probability": 100}}
    request = urllib.request.Request(
        f"{mailsink.url}/api/v1/chaos", json.dumps(body).encode(), method="PUT"
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["Recipient"] == body["Recipient"]
    assert outcome(mailsink, "ann@example.com") == 450
