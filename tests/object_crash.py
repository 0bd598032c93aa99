"""A crash between the put of large bodies and their commit, really done."""

from __future__ import annotations

import hashlib
import smtplib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from itertools import chain

from tests.object_store import ObjectServer
from tests.running import Mailsink, manage

_LINE = b"Each body is a little over a mebibyte, and no two are the same.\r\n"
_SWEEP = """
from datetime import timedelta
from inbox.storage import body_store
from inbox.upkeep import orphans
after = "."
while after:
    after = orphans.sweep_page(body_store.objects(), after.strip("."), timedelta())
"""


def body(number: int) -> bytes:
    """Return a message that is large enough for object storage."""
    return b"Subject: %d\r\n\r\n" % number + _LINE * (1024 * 1024 // len(_LINE) + 9)


def send(server: Mailsink, numbers: range) -> list[int]:
    """Send messages on one connection; return the numbers of those that got 250."""
    kept: list[int] = []
    with (
        suppress(OSError, smtplib.SMTPException),  # it is killed meanwhile
        smtplib.SMTP(*server.smtp, timeout=120) as client,
    ):
        for number in numbers:
            client.sendmail("a@example.com", ["b@example.com"], body(number))
            kept.append(number)
    return kept


def crash(
    start: Callable[..., Mailsink], objects: ObjectServer, kept: int, lost: int
) -> None:
    """Let so many messages be kept, and so many be put but not committed; then look."""
    url = objects.bucket()
    server = start(RAW_URL=url)
    lines = 4
    with ThreadPoolExecutor(lost + lines) as pool:
        parts = [range(line, kept, lines) for line in range(lines)]
        sent = chain(*pool.map(lambda part: send(server, part), parts))
        assert sorted(sent) == list(range(kept))
        database = sqlite3.connect(server.data / "mailsink.sqlite3", timeout=120)
        with closing(database):
            database.execute("BEGIN IMMEDIATE")  # no commit can come
            more = [
                pool.submit(send, server, range(number, number + 1))
                for number in range(kept, kept + lost)
            ]
            while len(objects.names(url)) < kept + lost:
                assert server.process.poll() is None, server.stderr
            server.kill()
        wait(more)
    assert not any(each.result() for each in more)

    server = start(RAW_URL=url)
    assert set(_listed(server)) == set(range(kept))
    assert len(objects.names(url)) == kept + lost
    swept = manage("shell", "-c", _SWEEP, data=server.data, RAW_URL=url)
    assert swept.returncode == 0, swept.stderr
    assert sorted(objects.digests(url)) == sorted(map(_digest, range(kept)))
    listed = _listed(server)
    assert set(listed) == set(range(kept))
    for number in range(0, kept, max(1, kept // 20)):  # to read one takes long
        assert server.octets(f"messages/{listed[number]}/raw") == body(number)


def _digest(number: int) -> str:
    return hashlib.sha256(body(number)).hexdigest()


def _listed(server: Mailsink) -> dict[int, str]:
    """Return the ids of all messages, by their numbers; none has the same number."""
    cursor, found = "", []
    while cursor is not None:
        page = server.get(f"messages?limit=500{cursor and f'&cursor={cursor}'}")
        cursor = page["next"]
        found += [(int(each["subject"]), each["id"]) for each in page["items"]]
    assert len(dict(found)) == len(found)
    return dict(found)
