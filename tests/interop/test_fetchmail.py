"""fetchmail: has a server send what it holds, by ETRN (RFC 1985) or ATRN (RFC 2645)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.clients import run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.releasing import ended, post, raw, route, send, until
from tests.running import Mailsink


def fetchmail(folder: Path, wish: str) -> str:
    """Have a wish in its configuration language done; return its words."""
    rc = folder / "fetchmailrc"
    rc.touch(mode=0o600)
    rc.write_text(wish)
    return run(
        program("fetchmail", "fetchmail"),
        *("--fetchmailrc", str(rc), "--pidfile", str(folder / "pid")),
        *("--verbose", "--nosslcertck", "--sslproto", ""),
        HOME=str(folder),
    )


def test_fetchmail_etrn(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Asks for the queue of a domain, and understands our answer."""
    host, port = mailsink.smtp
    wish = f'poll {host} service {port} proto ETRN fetchdomains "example.com"'
    fetchmail(tmp_path, wish)
    wire.matches("fetchmail-etrn")


def test_fetchmail_atrn(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Logs in by CRAM-MD5, asks to turn the connection round, and is told: no mail."""
    host, port = mailsink.smtp
    wish = (
        f"poll {host} service {port} proto ODMR\n"
        f'user "me" password "x" smtphost "{host}/{port}" fetchdomains "example.com"'
    )
    assert "You have no mail" in fetchmail(tmp_path, wish)
    wire.matches("fetchmail-atrn")


BODIES = [
    b"Subject: First\r\n\r\n.dot\r\n..two\r\nlast\r\n",
    b"Subject: Second\r\n\r\n8-bit \xc3\xa9 " + b"x" * 900 + b"\r\n" * 3,
    b"Subject: Large\r\n\r\n" + b"0123456789" * 7 + b"\r\n" * 20_000,
]


@pytest.fixture
def server(start_mailsink: Callable[..., Mailsink]) -> Mailsink:
    """One that holds three messages for example.com."""
    server = start_mailsink()
    post(server, "held", domain="example.com", users=["me"])
    for body in BODIES:
        send(server, body)
    return server


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path / "second")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr


def bodies(server: Mailsink) -> list[bytes]:
    """The messages that a server got, oldest first."""
    items = server.get("messages")["items"]
    return [raw(server, each["id"]) for each in reversed(items)]


def test_fetchmail_takes_held_mail_by_atrn(
    server: Mailsink, second: Mailsink, tmp_path: Path
) -> None:
    """It logs in by CRAM-MD5, and passes the reversed session on to a server of its own."""
    host, port = server.smtp
    to = "{}/{}".format(*second.smtp)
    wish = (
        f"poll {host} service {port} proto ODMR\n"
        f'user "me" password "x" smtphost "{to}" fetchdomains "example.com"'
    )
    fetchmail(tmp_path, wish)
    assert bodies(second) == BODIES
    items = server.get("held/example.com/releases")["items"]
    assert {each["state"] for each in items} == {"delivered"}
    assert {each["requested_by"] for each in items} == {"me (ATRN)"}
    sessions = {each["session"] for item in items for each in item["tries"]}
    assert len(sessions) == 1
    session = until(lambda: _turned(server, *sessions))
    directions = [each["direction"] for each in session["exchanges"]]
    assert directions == sorted(directions)


def _turned(server: Mailsink, id: str) -> Any:
    session = server.get(f"sessions/{id}")
    return session if session["ending"] == "turned" else None


def test_fetchmail_starts_a_release_by_etrn(
    server: Mailsink, second: Mailsink, tmp_path: Path
) -> None:
    route(server, second.smtp)
    server.patch("held/example.com", route="hop", users=[])
    host, port = server.smtp
    wish = f'poll {host} service {port} proto ETRN fetchdomains "example.com"'
    fetchmail(tmp_path, wish)
    items = server.get("held/example.com/releases")["items"]
    for each in items:
        assert ended(server, each["id"])["state"] == "delivered"
    assert sorted(bodies(second)) == sorted(BODIES)
