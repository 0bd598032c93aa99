"""An inbox with a million messages, idle and under load; a session of 21,000 lines."""

from __future__ import annotations

import smtplib
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlencode

from bench.servers import load, rate, serving, temporary_folder, until_idle, watching
from bench.table import Row, p95
from tests.e2e.test_session_large import scrolled
from tests.large import store_messages, store_session
from tests.running import Mailsink

_STORED = 1_000_000
_TIMES = 60
_TURNS, _MESSAGES = 5, 4_000  # for each of the large store and an empty one, in turns
_PATHS = {
    "inbox page": "/",
    "API list": "/api/v3/messages",
    "page of a search": "/?q=rare",
    **{
        f"search: {q}": f"/api/v3/messages?{urlencode({'q': q})}"
        for q in (
            "rare",
            "common",
            "nowhere-to-be-found",
            "word1234 OR word4321",
            "-common",
            "-rare",
            "word123",
            "word",
            "subject:99999",
            "from:shop subject:stored",
            "to:user77@example.com",
            "is:unread common",
            "has:attachment",
            "tag:red",
            "code:550",
            "before:2026-01-02",
            "larger:1M",
        )
    },
    "trace of an address": "/trace?address=user77@example.com",
    "trace that finds nothing": "/trace?address=usr77@example.org",
}


def measure(top: float, quick: bool = False) -> list[Row]:
    """Measure. top: the highest rate of arriving mail, in messages a second.

    quick: with a tenth of the messages
    """
    stored = _STORED // 10 if quick else _STORED
    with ExitStack() as stack:
        data = stack.enter_context(temporary_folder())
        store_messages(data, stored)
        mailsink = stack.enter_context(serving(data))
        until_idle(mailsink)  # it checks once whether the indexer has left anything
        rows = [
            Row(f"{name}, {stored:,} stored, p95", _asked(mailsink, path), "50 ms")
            for name, path in _PATHS.items()
        ]
        rows.append(_beside_an_empty_store(mailsink))
        rows += _while_mail_comes(mailsink, top / 2)
        rows.append(_while_all_are_deleted(mailsink, stored))
    return [*rows, *long_session()]


def long_session() -> list[Row]:
    """Measure the page of a session of 3,000 messages and 21,000 exchanges."""
    with ExitStack() as stack:
        data = stack.enter_context(temporary_folder())
        path = f"/sessions/{store_session(data, 3000)}"
        mailsink = stack.enter_context(serving(data))
        opened = p95(_ask(mailsink, path))
        with watching(mailsink.url + path) as page:
            frames = scrolled(page)
    *_, high = statistics.quantiles(frames, n=100)
    shown = f"{high:.0f} ms (median {statistics.median(frames):.0f})"
    return [
        Row("page of a session of 21,000 exchanges, p95", opened, "200 ms"),
        Row("frame while it is scrolled, p99", shown, "34 ms"),
    ]


def _ask(mailsink: Mailsink, path: str) -> list[float]:
    """Return how long each of several requests took, in seconds."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        with urllib.request.urlopen(mailsink.url + path) as answer:
            answer.read()
        took.append(time.perf_counter() - began)
    return took


def _asked(mailsink: Mailsink, path: str) -> str:
    """Return the times of several requests, and the server's processor time for one."""
    used = mailsink.processor_time
    took = _ask(mailsink, path)
    used = (mailsink.processor_time - used) / _TIMES
    return f"{p95(took)}, {used * 1000:.0f} ms of the processor"


def _beside_an_empty_store(large: Mailsink) -> Row:
    rates: dict[Mailsink, list[float]] = {}
    with serving() as empty:
        for _ in range(_TURNS):
            for server in (large, empty):
                came = rate(load(server.smtp, "--messages", str(_MESSAGES)))
                rates.setdefault(server, []).append(came)
                until_idle(server)
    in_large, in_empty = (statistics.median(rates[each]) for each in (large, empty))
    shown = (
        f"{in_large:.0f}, {in_empty:.0f} with an empty store: {in_large / in_empty:.0%}"
    )
    return Row("messages a second", shown, "at least 90%")


def _while_mail_comes(mailsink: Mailsink, pace: float) -> list[Row]:
    rows = []
    for name in ("inbox page", "API list"):
        client = load(
            mailsink.smtp, "--messages", str(int(pace * 8)), "--rate", f"{pace:.0f}"
        )
        took = _ask(mailsink, _PATHS[name])
        came = rate(client)
        rows.append(
            Row(f"{name} while {came:.0f} messages/s come, p95", p95(took), "200 ms")
        )
    return rows


def _while_all_are_deleted(mailsink: Mailsink, stored: int) -> Row:
    """Return the time of the final 250 during the deletion."""
    finished = threading.Event()
    deleting = threading.Thread(target=_delete_all, args=(mailsink, finished.set))
    deleting.start()
    took = []
    with smtplib.SMTP(*mailsink.smtp) as client:
        while not finished.is_set():
            began = time.perf_counter()
            client.sendmail("a@example.com", ["b@example.com"], "Subject: a\n\nb")
            took.append(time.perf_counter() - began)
    deleting.join()
    shown = f"{p95(took)}, longest {max(took) * 1000:.0f}"
    return Row(f"a message while all {stored:,} are deleted, p95", shown, "")


def _delete_all(mailsink: Mailsink, finished: Callable[[], None]) -> None:
    request = urllib.request.Request(
        f"{mailsink.url}/api/v3/messages?all=true", method="DELETE"
    )
    try:
        urllib.request.urlopen(request).close()
    finally:
        finished()
