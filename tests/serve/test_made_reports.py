"""Reports of a running Mailsink: round trip, over a kill, and in the page while it is open."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT, Mailsink
from tests.serve.test_releases import ended, post, route, until

BODY = b"From: shop@shop.test\r\nSubject: Your order\r\nMessage-ID: <%d@shop.test>\r\n\r\nHi.\r\n"
BOUNCES = 40


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mailsink]:
    started = Mailsink(tmp_path)
    yield started
    assert started.stop() == 0


def send(server: Mailsink, recipient: str, number: int = 1, *options: str) -> None:
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("shop@shop.test", [recipient], BODY % number, options)


def reports(server: Mailsink, count: int) -> list[dict[str, Any]]:
    found = server.get(f"messages/wait?q=to:shop@shop.test&count={count}&timeout=120")
    return list(found["items"])


def test_round_trip(server: Mailsink) -> None:
    send(server, "bounce+5.2.2@example.com", 1, "ENVID=order-17")
    (report,) = reports(server, 1)
    told = server.get(f"messages/{report['id']}")
    assert told["envelope"]["reverse_path"] == ""
    assert told["report"]["envelope_id"] == "order-17"
    (recipient,) = told["report"]["recipients"]
    assert (recipient["action"], recipient["status"]) == ("failed", "5.2.2")
    original = server.get(f"messages/{told['report']['original']['message']}")
    assert [each["message"] for each in original["reports"]] == [report["id"]]


def test_the_example_of_the_docs(server: Mailsink) -> None:
    page = (ROOT / "docs" / "bounces.md").read_text()
    example = page.partition("```python\n")[2].partition("```")[0]
    host, port = server.smtp
    for ours, theirs in (
        ('"localhost", 1025', f'"{host}", {port}'),
        ("http://localhost:8025", server.url),
    ):
        assert ours in example
        example = example.replace(ours, theirs)
    told = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True)  # fmt: skip
    assert (told.stdout, told.stderr) == ("order-17 5.1.1\n", "")


def test_a_kill_loses_no_report_and_makes_none_twice(tmp_path: Path) -> None:
    server = Mailsink(tmp_path)
    with smtplib.SMTP(*server.smtp) as client:
        for number in range(BOUNCES):
            to = [f"bounce+5.1.1@host{number}.test"]
            client.sendmail("shop@shop.test", to, BODY % number)
    for _ in range(2):
        server.kill()
        server = Mailsink(tmp_path)
    reports(server, BOUNCES)
    originals = server.get("messages?q=from:shop@shop.test&limit=500")["items"]
    assert len(originals) == BOUNCES
    for each in originals:
        assert len(server.get(f"messages/{each['id']}")["reports"]) == 1
    assert len(reports(server, BOUNCES)) == BOUNCES
    assert server.stop() == 0


def test_off(tmp_path: Path) -> None:
    server = Mailsink(tmp_path, BOUNCES="off")
    send(server, "bounce+5.1.1@example.com")
    until(lambda: server.get("messages/latest")["snippet"] == "Hi.")
    assert server.get("messages/latest")["reports"] == []
    assert server.stop() == 0


@pytest.fixture
def hop(tmp_path: Path) -> Iterator[Mailsink]:
    """A second Mailsink, which takes any mail and offers DSN."""
    started = Mailsink(tmp_path / "hop")
    yield started
    assert started.stop() == 0


def released(server: Mailsink, recipient: str) -> dict[str, Any]:
    """Release the latest message, to its recipient; return the release at its end."""
    id = server.get("messages?q=from:shop@shop.test")["items"][0]["id"]
    asked = post(server, f"messages/{id}/release", route="hop", recipients=[recipient])
    return ended(server, asked["id"])


def test_a_hop_with_dsn_reports_itself(server: Mailsink, hop: Mailsink) -> None:
    route(server, hop.smtp)
    with smtplib.SMTP(*server.smtp) as client:
        options = ["NOTIFY=SUCCESS", "ORCPT=rfc822;bob@shop.test"]
        client.sendmail("shop@shop.test", ["b@example.com"], BODY % 1, ["ENVID=e1"], options)  # fmt: skip
    reports(server, 1)  # of the capture
    assert released(server, "b@example.com")["state"] == "delivered"
    (report,) = reports(hop, 1)
    told = hop.get(f"messages/{report['id']}")["report"]
    assert (told["envelope_id"], told["action"]) == ("e1", "delivered")
    assert told["recipients"][0]["original_recipient"] == "bob@shop.test"
    assert len(reports(server, 1)) == 1


def test_a_hop_without_dsn_is_reported_on(server: Mailsink, tmp_path: Path) -> None:
    hop = Mailsink(tmp_path / "hop", SMTP_HIDE="DSN")
    route(server, hop.smtp)
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("shop@shop.test", ["b@example.com"], BODY % 1, [], ["NOTIFY=SUCCESS"])  # fmt: skip
    assert released(server, "b@example.com")["state"] == "delivered"
    found = reports(server, 2)
    actions = [server.get(f"messages/{each['id']}")["report"]["action"] for each in found]  # fmt: skip
    assert sorted(actions) == ["delivered", "relayed"]
    assert hop.stop() == 0


def test_a_report_goes_out_by_the_route_for_reports(
    server: Mailsink, hop: Mailsink
) -> None:
    route(server, hop.smtp, name="bounces", bounces=True, allow=["shop.test"])
    send(server, "bounce+5.1.1@example.com")
    (arrived,) = reports(hop, 1)
    told = hop.get(f"messages/{arrived['id']}")
    assert told["envelope"]["reverse_path"] == ""
    assert told["report"]["recipients"][0]["status"] == "5.1.1"
    assert told["reports"] == []
