"""A disk whose every sync takes 300 ms: clients wait for it, in groups, and nothing is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.durability.senders import Acknowledged, Sender, assert_stored
from tests.programs import program
from tests.running import ANY_PORT, SERVE, Mailsink
from tests.watching import MessageWatcher

_SYNC = 300_000  # microseconds


class OnSlowDisk(Mailsink):
    """A Mailsink whose syncs are held up by strace, which is beside it and ends with it."""

    by_fork = False

    @property
    def command(self) -> list[str]:  # type: ignore[override]
        syncs = "fsync,fdatasync"
        return [
            program("strace", "strace"),
            *("-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"),
            *("-e", f"trace={syncs}", "-e", f"inject={syncs}:delay_enter={_SYNC}"),
            *SERVE,
        ]


@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["one", "several"])
def test_who_waits_for_a_slow_disk_waits_together(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    server = OnSlowDisk(tmp_path, *ANY_PORT, *workers)
    acknowledged = Acknowledged()
    senders = [Sender(server.smtp, acknowledged, number) for number in range(40)]
    for sender in senders:
        sender.start()
    with MessageWatcher(server.url) as watcher:
        acknowledged.wait_for(200)
        assert server.get("messages?limit=1")["items"]
        for sender in senders:
            sender.enough = True
        for sender in senders:
            sender.join(120)
            assert not sender.replies
        watcher.wait_for(acknowledged.messages)
        assert watcher.closed == 0
    assert server.stop() == 0
    assert_stored(acknowledged, tmp_path)
    with closing(sqlite3.connect(tmp_path / "mailsink.sqlite3")) as database:
        endings = database.execute("SELECT DISTINCT ending FROM inbox_session")
        assert endings.fetchall() == [("quit",)]
    assert server.stderr == ""
