"""Postfix's tools."""

from __future__ import annotations

import pytest

from tests.interop.clients import get, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink


def smtp_source(mailsink: Mailsink, *arguments: str) -> None:
    host, port = mailsink.smtp
    run(
        program("smtp-source", "postfix"),
        *("-M", "client.test", "-f", "a@example.com", "-t", "b@example.com"),
        *(*arguments, f"{host}:{port}"),
    )


def test_smtp_source(mailsink: Mailsink, wire: Wire) -> None:
    """Sends two messages by one connection, to two recipients each."""
    smtp_source(mailsink, "-d", "-m", "2", "-r", "2")
    assert wire.message()["envelope"]["recipients"]
    wire.matches("smtp-source")


@pytest.mark.parametrize("kept_open", [False, True])
def test_smtp_source_in_parallel(
    mailsink: Mailsink, wire: Wire, kept_open: bool
) -> None:
    """Sends fifty messages by five connections at a time."""
    before = len(get(mailsink, "messages?limit=500")["items"])
    keep = ["-d"] if kept_open else []
    smtp_source(mailsink, "-s", "5", "-m", "50", "-l", "3000", *keep)
    sessions = wire.sessions(5 if kept_open else 50)
    assert {(one["ending"], one["worst_code"] < 400) for one in sessions} == {
        ("quit", True)
    }
    assert len(get(mailsink, "messages?limit=500")["items"]) - before == 50
