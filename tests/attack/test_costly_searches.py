"""Searches that take seconds of the processor, by the dozen: they wait for each other alone."""

from __future__ import annotations

import select
import smtplib
import socket
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.attack.test_waiters import all_answers, request
from tests.attack.web import answer, mail, many, web
from tests.running import Mailsink, set_up

_STORED = 40_000  # recipients with long addresses, all of which each term looks at
_COSTLY = 12
Start = Callable[..., Mailsink]
_CLOSE = " HTTP/1.0\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path, start_mailsink: Start) -> Mailsink:
    """A server where much is stored."""
    data = tmp_path / "data"
    set_up(data)
    with sqlite3.connect(data / "mailsink.sqlite3") as database:
        database.executemany(
            "INSERT INTO inbox_recipient (transaction_id, seq, forward_path, parameters, "
            "rcpt_code) VALUES (?, ?, ?, '', 250)",
            (
                ("0" * 32, number, f"{number}.{'ab' * 400}@customer.example")
                for number in range(_STORED)
            ),
        )
    database.close()
    server = start_mailsink()
    mail(server)  # of none that are stored the terms are not looked at
    server.get("messages?limit=1")  # the views are loaded
    return server


def costly(number: int) -> str:
    """Return a search whose terms all look at whatever is stored."""
    terms = [f"rcpt:*a*b*a*{number}x{term}*" for term in range(30)]
    return quote(" OR ".join(terms))


def waiting(clients: Sequence[socket.socket]) -> int:
    """Return how many have no answer yet."""
    answered, _, _ = select.select(clients, [], [], 0)
    return len(clients) - len(answered)


def looks(q: str) -> bytes:
    """Return a request that is answered as soon as its look is done."""
    return f"GET /api/v3/messages/wait?q={q}&timeout=0{_CLOSE}".encode()


def listed(q: str) -> bytes:
    return f"GET /api/v3/messages?q={q}{_CLOSE}".encode()


def test_who_waits_for_mail_does_not_wait_for_costly_searches(
    server: Mailsink,
) -> None:
    asked = [looks(costly(number)) for number in range(_COSTLY)]
    with many(web(server), asked) as them:
        with many(web(server), [request("to:ann@example.com")]) as (ann,):
            with smtplib.SMTP(*server.smtp, timeout=120) as client:
                client.sendmail(
                    "a@shop.test", ["ann@example.com"], "To: ann@example.com\r\n\r\n1"
                )
            (found,) = all_answers([ann])
        assert found.startswith(b"HTTP/1.0 200 ")
        assert waiting(them) > _COSTLY / 2


def test_who_waits_in_vain_does_not_wait_for_costly_searches(
    server: Mailsink,
) -> None:
    asked = [looks(costly(number)) for number in range(_COSTLY)]
    with many(web(server), asked) as them:
        vain = f"GET /api/v3/messages/wait?q=to:ann&timeout=0.1{_CLOSE}".encode()
        assert answer(web(server), vain).startswith(b"HTTP/1.0 408 ")
        assert waiting(them) > _COSTLY / 2


@pytest.mark.parametrize("way", ["search", "mine"])
def test_pages_do_not_wait_for_costly_searches(server: Mailsink, way: str) -> None:
    asked = [listed(costly(number)) for number in range(_COSTLY)]
    if way == "mine":  # of which nothing stands in the address
        mine = [
            quote(" ".join(f"*{n}x{t}*b*a*@*" for t in range(20))) for n in range(12)
        ]
        head = "GET /counts HTTP/1.0\r\nHost: localhost\r\n"
        asked = [f"{head}Cookie: mailsink_mine={m}\r\n\r\n".encode() for m in mine]
    with many(web(server), asked) as them:
        page = answer(web(server), f"GET /{_CLOSE}".encode())
        assert page.startswith(b"HTTP/1.0 200 ")
        assert answer(web(server), listed("to:ann")).startswith(b"HTTP/1.0 200 ")
        assert waiting(them) > _COSTLY / 2
