"""Whoever sends or opens a large mail holds up nobody else.

It is read in a process beside the server, when it has come and when it is opened.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.attack.large import TEXT, head, mails, send
from tests.attack.web import Others, memory
from tests.processes import children_of
from tests.running import Mailsink

TABS = (
    "html",
    "text",
    "source",
    "headers",
    "parts",
    "links",
    "checks",
    "smtp",
)
# Of each kind a mail comes; the first is of `make test`
KINDS = [
    "table",
    *(
        pytest.param(kind, marks=pytest.mark.long)
        for kind in ("text", "one line", "html", "parts")
    ),
]
_SMALL = head("plain") + TEXT * 20_000  # 1.3 MB: what is large begins there


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
    return children_of(server.process.pid)


def signal_all(workers: Iterable[int], number: signal.Signals) -> None:
    """Send workers a signal, but for those that ended: they do where no work came for a while."""
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker, number)


def until(met: Callable[[], bool], words: str) -> None:
    """Wait for something that tells nobody."""
    deadline = time.monotonic() + 120
    while not met():
        assert time.monotonic() < deadline, words
        time.sleep(0.02)


def indexed(server: Mailsink) -> bool:
    """Whether the newest of the large messages has been read."""
    (newest,) = server.get("messages?q=subject:large&limit=1")["items"]
    return newest["snippet"] is not None


@pytest.fixture(scope="module")
def large(mailsink: Mailsink) -> dict[str, str]:
    """The ids of the large messages by what they are; sent by the first tests."""
    return {}


@pytest.mark.parametrize("kind", KINDS)
def test_mail_goes_on_while_a_large_one_comes(
    mailsink: Mailsink, large: dict[str, str], kind: str
) -> None:
    octets = mails(45_000_000 if kind == "text" else 20_000_000)[kind]
    mailsink.get("info")  # with the first request the API is loaded
    before = memory(mailsink)
    with Others(mailsink) as others:
        large[kind] = send(mailsink, octets)
        until(lambda: indexed(mailsink), "it is not indexed")
    others.assert_quick()
    assert memory(mailsink) - before < 32  # MiB: the server has never held it


@pytest.mark.parametrize(
    "kind",
    [
        "table",
        pytest.param("text", marks=pytest.mark.long),
        pytest.param("parts", marks=pytest.mark.long),
    ],
)
def test_mail_goes_on_while_a_large_one_is_open(
    mailsink: Mailsink, large: dict[str, str], kind: str
) -> None:
    page, api = f"/messages/{large[kind]}", f"/api/v3/messages/{large[kind]}"
    paths = [f"{page}?tab={tab}" for tab in TABS]
    paths += [f"{page}/frame"] if kind in ("html", "table") else []
    paths += [api, f"{api}/text", f"{api}/checks", f"{api}/parts", f"{api}/raw"]
    before = memory(mailsink)
    with Others(mailsink) as others:
        answers = [open_page(mailsink, path)[0] for path in paths]
    assert answers == [200] * len(paths)
    others.assert_quick()
    assert memory(mailsink) - before < 32  # MiB


def test_a_worker_that_is_killed_is_replaced(mailsink: Mailsink) -> None:
    path = f"/messages/{send(mailsink, _SMALL)}?tab=checks"
    assert open_page(mailsink, path)[0] == 200
    workers = workers_of(mailsink)
    signal_all(workers, signal.SIGSTOP)
    answers: list[tuple[int, bytes]] = []
    asking = threading.Thread(target=lambda: answers.append(open_page(mailsink, path)))
    asking.start()
    signal_all(workers, signal.SIGKILL)
    asking.join()
    assert [status for status, _ in answers] == [200]


def test_a_worker_that_is_killed_while_it_indexes_is_replaced(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    send(server, _SMALL)
    seen: list[int] = []

    def is_read() -> bool:
        seen.extend(workers_of(server))
        return seen != []

    until(is_read, "nobody reads it")
    signal_all(seen[:1], signal.SIGKILL)
    until(lambda: indexed(server), "it is not indexed")
    found = server.get("messages?q=4711")["items"]
    assert [each["snippet"][:20] for each in found] == ["A line of some words"]


def test_the_process_ends_with_the_server(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    found = send(server, _SMALL)
    assert open_page(server, f"/messages/{found}?tab=text")[0] == 200
    workers = workers_of(server)
    assert workers
    assert server.kill() != 0
    until(
        lambda: not any(Path(f"/proc/{each}").exists() for each in workers),
        "it goes on without its parent",
    )


def test_a_read_mark_set_there_is_told_here(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    found = send(server, _SMALL)
    page = urllib.request.Request(
        f"{server.url}/messages/{found}",
        headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    )
    with urllib.request.urlopen(page) as answer:
        assert answer.status == 200
    assert server.get(f"messages/{found}")["read"] is True
