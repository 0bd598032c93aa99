"""Hundreds of ordinary requests at once: mail goes on, and threads stay few."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.attack.test_waiters import all_answers
from tests.attack.web import LONGEST, Others, health, mail, many, takes, web
from tests.running import Mailsink

_PAGE = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"


def _change(server: Mailsink) -> bytes:
    newest = server.get("messages?limit=1")["items"][0]["id"]
    body = json.dumps({"read": True}).encode()
    head = (
        f"PATCH /api/v3/messages/{newest} HTTP/1.0\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.fixture
def server(start_mailsink) -> Mailsink:
    """A server that has its views, and a mail."""
    found: Mailsink = start_mailsink()
    mail(found)
    found.get("messages")
    return found


@takes(512)
@pytest.mark.parametrize(
    "what", ["change", pytest.param("page", marks=pytest.mark.long)]
)
def test_a_hundred_requests_hold_up_nobody(server: Mailsink, what: str) -> None:
    request = _PAGE if what == "page" else _change(server)
    tasks = Path(f"/proc/{server.process.pid}/task")
    with many(web(server), [request] * 100) as them, Others(server) as others:
        threads = len(list(tasks.iterdir()))
        answers = all_answers(them)
    assert {octets.split(b" ")[1] for octets in answers} == {b"200"}
    assert threads < 40
    longest = sorted(others.waits)[-5:]
    assert longest[-1] < LONGEST, longest


@pytest.mark.long
@takes(2048)
def test_more_than_can_wait_are_told_to_come_again(server: Mailsink) -> None:
    with many(web(server), [_PAGE] * 600) as them, Others(server) as others:
        assert health(server).startswith(b"HTTP/1.1 200 ")
        answers = all_answers(them)
    refused = [octets for octets in answers if octets.split(b" ")[1] == b"503"]
    assert 0 < len(refused) < 600
    assert all(b"retry-after: " in octets.lower() for octets in refused)
    assert max(others.waits) < LONGEST


def test_work_for_clients_that_left_does_not_delay_the_end(server: Mailsink) -> None:
    with many(web(server), [_PAGE] * 300):
        pass
    before = server.processor_time
    server.process.terminate()
    code = None
    while code is None:
        spent = server.processor_time - before
        with suppress(subprocess.TimeoutExpired):
            code = server.process.wait(0.05)
    assert code == 0
    assert spent < 7  # seconds, of which 5 are for the drain
