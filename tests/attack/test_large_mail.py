"""Whoever opens a large mail holds up nobody else: it is read in a process beside the server."""

from __future__ import annotations

import os
import signal
import smtplib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attack.web import mail
from tests.running import Mailsink

TABS = ("text", "html", "source", "headers", "parts", "links", "checks")
_LINE = b"A line of some words, see https://shop.test/orders/4711 for more.\r\n"
_ROW = b"<tr><td>some words</td><td><a href=https://shop.test/>more</a></td></tr>\r\n"


def send(server: Mailsink, octets: bytes) -> str:
    """Send a message; return its id."""
    with smtplib.SMTP(*server.smtp, timeout=60) as client:
        client.ehlo()
        client.mail("a@shop.test", ["SIZE=1000"])
        client.rcpt("b@example.com")
        code, text = client.data(octets)
    assert code == 250, text
    return text.split()[-1].decode()


def open_page(server: Mailsink, path: str) -> tuple[int, bytes]:
    """Ask for a page; return its status and body."""
    try:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=120) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def workers_of(server: Mailsink) -> list[int]:
    """Return the processes that answer beside the server."""
    listed = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return [int(pid) for each in listed for pid in each.read_text().split()]


@pytest.fixture(scope="module")
def large(mailsink: Mailsink) -> dict[str, str]:
    """Messages of 20 MB by what they are; indexed."""
    head = b"From: a@shop.test\r\nSubject: large\r\nContent-Type: text/%s\r\n\r\n"
    table = b"<table>" + _ROW * (20_000_000 // len(_ROW)) + b"</table>"
    ids = {
        "text": send(mailsink, head % b"plain" + _LINE * (20_000_000 // len(_LINE))),
        "table": send(mailsink, head % b"html" + table),
    }
    mailsink.get("messages/wait?q=subject:large&count=2&timeout=60")
    return ids


@pytest.mark.parametrize("kind", ["text", "table"])
def test_mail_goes_on_while_a_large_one_is_open(
    mailsink: Mailsink, large: dict[str, str], kind: str
) -> None:
    paths = [f"/messages/{large[kind]}?tab={tab}" for tab in TABS]
    paths += [f"/messages/{large[kind]}/frame"] if kind == "table" else []
    paths += [f"/api/v3/messages/{large[kind]}{of}" for of in ("", "/text", "/checks")]
    answers: list[int] = []

    def reader() -> None:
        answers.extend(open_page(mailsink, path)[0] for path in paths)

    reading = threading.Thread(target=reader)
    reading.start()
    waits = []
    while reading.is_alive():
        waits.append(mail(mailsink))
    reading.join()
    assert answers == [200] * len(paths)
    # On a quiet machine a tenth of it; the interpreter that reads it takes 2 to 5 s.
    assert max(waits) < 1.0


def test_a_worker_that_is_killed_is_told_and_replaced(
    mailsink: Mailsink, large: dict[str, str]
) -> None:
    path = f"/messages/{large['text']}?tab=checks"
    assert open_page(mailsink, path)[0] == 200
    (worker,) = workers_of(mailsink)
    os.kill(worker, signal.SIGSTOP)
    answers: list[tuple[int, bytes]] = []
    asking = threading.Thread(target=lambda: answers.append(open_page(mailsink, path)))
    asking.start()
    os.kill(worker, signal.SIGKILL)
    asking.join()
    status, body = answers[0]
    assert status in (200, 503)  # 200: it was found dead before it was asked
    assert status == 200 or b"try again later" in body
    assert open_page(mailsink, path)[0] == 200


def test_the_process_ends_with_the_server(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    found = send(server, b"Subject: large\r\n\r\n" + _LINE * 20_000)
    assert open_page(server, f"/messages/{found}?tab=text")[0] == 200
    (worker,) = workers_of(server)
    assert server.kill() != 0
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists():
        assert time.monotonic() < deadline, "it goes on without its parent"


def test_a_read_mark_set_there_is_told_here(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    found = send(server, b"Subject: large\r\n\r\n" + _LINE * 20_000)
    page = urllib.request.Request(
        f"{server.url}/messages/{found}",
        headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    )
    with urllib.request.urlopen(page) as answer:
        assert answer.status == 200
    assert server.get(f"messages/{found}")["read"] is True
