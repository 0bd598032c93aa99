"""A full disk under several processes: each refuses with 452, and all recover."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import fill, mounted
from tests.durability.senders import Acknowledged, Sender, assert_stored
from tests.running import ANY_PORT, Mailsink
from tests.watching import MessageWatcher

SENDERS = 12  # all go to one of two processes once in 2,000 times


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, "size=24m"):
        yield tmp_path


def test_each_process_refuses_and_recovers(small_disk: Path) -> None:
    server = Mailsink(small_disk / "data", *ANY_PORT, "--workers", "2")
    try:
        acknowledged = fill_while_mail_comes(server, small_disk / "filler")
        assert server.stop() == 0
        assert_stored(acknowledged, server.data)
    finally:
        if server.process.poll() is None:
            server.kill()


def fill_while_mail_comes(server: Mailsink, filler: Path) -> Acknowledged:
    """Fill the disk, and make room again; return what was acknowledged."""
    acknowledged = Acknowledged()
    senders = [Sender(server.smtp, acknowledged, number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    with MessageWatcher(server.url) as watcher:
        acknowledged.wait_for(50)
        fill(filler)
        wait_until_refused(acknowledged, senders)
        assert status(server, "/") == 200
        assert server.get("messages?limit=1")["items"]
        filler.unlink()
        acknowledged.wait_for(len(acknowledged.messages) + 50)
        for sender in senders:
            sender.enough = True
        for sender in senders:
            sender.join(120)
        watcher.wait_for(acknowledged.messages)
        assert watcher.closed == 0
    assert {reply[:9] for each in senders for reply in each.replies} == {b"452 4.3.1"}
    return acknowledged


def wait_until_refused(acknowledged: Acknowledged, senders: list[Sender]) -> None:
    """Wait until each client, and so each process, was refused."""
    with acknowledged.changed:
        assert acknowledged.changed.wait_for(
            lambda: all(each.replies for each in senders), 120
        )


def status(server: Mailsink, path: str) -> int:
    with urllib.request.urlopen(server.url + path) as answer:
        found: int = answer.status
        return found
