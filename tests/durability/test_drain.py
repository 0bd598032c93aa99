"""SIGTERM while messages arrive: what was acknowledged is stored, and the exit is clean."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from tests.running import Mailsink

from .senders import Acknowledged, Sender, assert_stored


def test_sigterm_under_load_drains_and_exits_0(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    acknowledged = Acknowledged()
    server = start_mailsink()
    senders = [Sender(server.smtp, acknowledged, number) for number in range(20)]
    for sender in senders:
        sender.start()
    acknowledged.wait_for(200)

    assert server.stop() == 0

    for sender in senders:
        sender.join(120)
        assert {reply[:3] for reply in sender.replies} <= {b"421"}
    assert_stored(acknowledged, server.data)
    with sqlite3.connect(server.data / "mailsink.sqlite3") as database:
        endings = database.execute("SELECT DISTINCT ending FROM inbox_session")
        assert {ending for (ending,) in endings} == {"shutdown"}
        open_ones = database.execute(
            "SELECT count(*) FROM inbox_transaction WHERE outcome IS NULL"
        )
        assert open_ones.fetchone() == (0,)
