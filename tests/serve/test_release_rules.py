"""Rules and the guard in a running Mailsink: what leaves by itself, through crashes and loops."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.running import Mailsink
from tests.serve.test_releases import until

RULE = {"name": "all", "recipients": ["*"], "route": "hop"}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path / "other")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr


def send(server: Mailsink, *subjects: str, to: str = "ann@example.com") -> None:
    with smtplib.SMTP(*server.smtp) as client:
        for each in subjects:
            body = f"Subject: {each}\r\n\r\nx\r\n"
            client.sendmail("shop@example.com", [to], body.encode())


def subjects(server: Mailsink) -> list[str]:
    return sorted(each["subject"] for each in server.get("messages?limit=500")["items"])


def add_route(server: Mailsink, to: Mailsink) -> None:
    host, port = to.smtp
    server.post("routes", name="hop", host=host, port=port, tls="off", allow=["*"])


def try_now(server: Mailsink, id: str) -> None:
    """Let a release be tried, unless it is by now."""
    try:
        server.post(f"releases/{id}/retry")
    except HTTPError as error:
        error.close()


def test_each_message_leaves_once_through_kills(
    start_mailsink: Callable[..., Mailsink], other: Mailsink
) -> None:
    server = start_mailsink()
    add_route(server, other)
    server.post("release-rules", **RULE)
    names = [f"{n:02}" for n in range(40)]
    for n in range(0, 40, 10):
        send(server, *names[n : n + 10])
        server.kill()
        server = start_mailsink()
    ids = until(lambda: len(server.get("releases?limit=500")["items"]) == 40 or None)
    assert ids

    def done() -> bool:
        found = server.get("releases?limit=500")["items"]
        for each in found:
            if each["state"] == "queued":
                try_now(server, each["id"])
        return {each["state"] for each in found} == {"delivered"}

    until(done)
    found = server.get("releases?limit=500")["items"]
    assert sorted(each["subject"] for each in found) == names  # each was queued once
    assert {each["requested_by"] for each in found} == {'rule "all"'}
    arrived = subjects(other)
    doubted = {
        each["subject"]
        for each in found
        if any("may arrive again" in one["outcome"] for one in each["tries"])
    }
    assert set(arrived) == set(names)
    assert {each for each in arrived if arrived.count(each) > 1} <= doubted


def test_a_loop_ends(start_mailsink: Callable[..., Mailsink]) -> None:
    server = start_mailsink()
    add_route(server, server)
    server.post("release-rules", **RULE)
    send(server, "round")
    until(lambda: len(server.get("messages")["items"]) == 2)
    until(lambda: "a loop" in server.stderr)
    assert len(server.get("releases")["items"]) == 1


def test_the_guard_by_settings(
    start_mailsink: Callable[..., Mailsink], other: Mailsink
) -> None:
    host, port = other.smtp
    routes = f'[hop]\nhost = "{host}"\nport = {port}\ntls = "off"\nallow = ["*"]'
    server = start_mailsink(ROUTES=routes, GUARD="yes")
    assert server.get("guard")["always_on"]
    assert server.get("routes/hop")["from_settings"]
    server.patch("guard", allow=["*.test"], route="hop")
    send(server, "stays")
    send(server, "leaves", to="ann@staging.test")
    until(lambda: subjects(other))
    assert subjects(other) == ["leaves"]
    until(lambda: server.get("releases")["items"][0]["state"] == "delivered")
    today = server.get("guard/today")["items"]
    assert {each["domain"]: (each["left"], each["held_back"]) for each in today} == {
        "example.com": (0, 1),
        "staging.test": (1, 0),
    }


def test_wrong_routes_stop_the_start(start_mailsink: Callable[..., Mailsink]) -> None:
    with pytest.raises(AssertionError) as refused:
        start_mailsink(ROUTES='[hop]\nhost = "a b"')
    [line] = str(refused.value).splitlines()
    assert "mailsink: MAILSINK_ROUTES: hop: " in line
    assert "Traceback" not in line
