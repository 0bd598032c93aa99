"""Whenever the process is killed, a queue of releases comes to its end, and none is lost."""

from __future__ import annotations

import smtplib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import psycopg
import pytest

from tests import private
from tests.next_hop import NextHop, next_hop
from tests.releasing import FINAL, TO, post, route, until
from tests.running import Mailsink

ROUTES = ("one", "two", "three")  # so that several sessions are in the middle of it
KILLS = ("MAIL", "RCPT", "body", "end", "taken")  # in the middle of these, in turn


class Killer:
    """Kills a Mailsink from within a session with a next hop.

    after: whenever so many messages more have arrived
    """

    def __init__(self, hop: NextHop, after: int) -> None:
        self.victim: Mailsink
        self.may_begin = threading.Event()
        self._hop = hop
        self._killed = threading.Event()
        self._lock = threading.Lock()
        self._kills = [(after * n, stage) for n, stage in enumerate(KILLS, 1)]

    def at(self, stage: str) -> None:
        """Wait for the queue to be full; kill when it is time."""
        self.may_begin.wait()
        with self._lock:
            if not self._kills:
                return
            arrived, wanted = self._kills[0]
            if stage == wanted and len(self._hop.mails) >= arrived:
                del self._kills[0]
                self.victim.process.kill()
                self._killed.set()

    def wait(self) -> None:
        """Return when the victim is dead."""
        assert self._killed.wait(120), "the queue did not come so far"
        self._killed.clear()
        self.victim.wait()


@pytest.fixture
def hop() -> Iterator[NextHop]:
    with next_hop("PIPELINING") as running:
        yield running


def fill_queue(server: Mailsink, hop: NextHop, count: int) -> None:
    """Catch the messages, and ask for their releases, by each route in turn."""
    for name in ROUTES:
        route(server, hop.address, name=name)
    with smtplib.SMTP(*server.smtp) as client:
        for n in range(count):
            client.sendmail("a@example.com", TO, b"Subject: %d\r\n\r\nx\r\n" % n)
    found = server.get(f"messages?limit={count}")["items"]
    for n, message in enumerate(found):
        post(server, f"messages/{message['id']}/release", route=ROUTES[n % len(ROUTES)])


def listed(server: Mailsink) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get("releases?limit=500")["items"]
    return found


@pytest.mark.parametrize("count", [150, pytest.param(500, marks=pytest.mark.long)])
def test_none_is_lost_in_five_kills(
    start_mailsink: Callable[..., Mailsink], hop: NextHop, count: int
) -> None:
    """What arrives twice, its log says so; and it is no more than was under way."""
    server = killed_on_and_on(start_mailsink, hop, count)
    check(to_the_end(server), hop, count)


@pytest.fixture
def empty_database() -> Iterator[str]:
    """A PostgreSQL of the test's own: it leaves much in it."""
    with private.postgresql() as url:
        yield url


def test_none_is_lost_on_postgresql(
    empty_database: str, start_mailsink: Callable[..., Mailsink], hop: NextHop
) -> None:
    shared = {"DATABASE_URL": empty_database, "SECRET_KEY": "of all that are started"}
    server = killed_on_and_on(start_mailsink, hop, 150, **shared)
    assert server.stop() == 0
    with psycopg.connect(empty_database) as connection:  # else it waits for a minute
        connection.execute(
            "UPDATE inbox_server SET heartbeat = heartbeat - interval '5 minutes'"
        )
    check(to_the_end(start_mailsink(**shared)), hop, 150)


def killed_on_and_on(
    start: Callable[..., Mailsink], hop: NextHop, count: int, **variables: str
) -> Mailsink:
    """Return a server whose predecessors were killed; hardly anything is left to send."""
    killer = Killer(hop, count // (len(KILLS) + 1))
    hop.at = killer.at
    killer.victim = start(**variables)
    fill_queue(killer.victim, hop, count)
    killer.may_begin.set()
    for _ in KILLS:
        killer.wait()
        killer.victim = start(**variables)
    most_left = len(KILLS) * len(ROUTES)  # which rest before their next try
    until(lambda: len({each.content for each in hop.mails}) >= count - most_left)
    return killer.victim


def to_the_end(server: Mailsink) -> list[dict[str, Any]]:
    """Return the releases when all have ended: nobody waits until the next try is due."""
    until(lambda: all(each["state"] != "trying" for each in listed(server)))
    for each in listed(server):
        if each["state"] == "queued":
            with suppress(HTTPError):  # it was tried in the meantime
                post(server, f"releases/{each['id']}/retry")
    until(lambda: all(each["state"] in FINAL for each in listed(server)))
    return listed(server)


def check(done: list[dict[str, Any]], hop: NextHop, count: int) -> None:
    """Hold the log to what arrived."""
    assert [each["state"] for each in done] == ["delivered"] * count
    arrived = Counter(
        each.content.split(b"\r\n")[0].decode().removeprefix("Subject: ")
        for each in hop.mails
    )
    assert set(arrived) == {str(n) for n in range(count)}
    assert {each.forward_paths for each in hop.mails} == {tuple(TO)}
    doubts = {each["subject"]: in_doubt(each) for each in done}
    for subject, times in arrived.items():
        assert times - 1 <= doubts[subject], (subject, times)
    assert sum(doubts.values()) <= len(KILLS) * len(ROUTES)
    assert sum(arrived.values()) > count, "no kill came between a message and its reply"


def in_doubt(release: dict[str, Any]) -> int:
    """Return how many tries of a release say that it may arrive again."""
    return sum("may arrive again" in each["outcome"] for each in release["tries"])
