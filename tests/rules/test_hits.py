"""Hits of rules: they are kept, and written while nobody waits for them."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import OperationalError, connection

from inbox.policy.policy import InboxPolicy
from inbox.rules import hit_log
from inbox.storage import write_lock
from inbox.storage.write_lock import several_turns
from tests.rules.test_rules import policy, rcpt, rule

__all__ = ["policy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_hits_are_kept(policy: InboxPolicy) -> None:
    one = rule()
    for _ in range(12):
        rcpt(policy)
    policy.refresh()
    one.refresh_from_db()
    assert one.hits == 12
    assert len(one.last_hits) == 10
    session_id, seq, _ = one.last_hits[0]
    assert (len(session_id), seq) == (36, 4)
    version = one.changed_at
    rcpt(policy)
    policy.refresh()
    one.refresh_from_db()
    assert (one.hits, one.changed_at) == (13, version)


def test_hits_outlast_a_database_that_fails(
    policy: InboxPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = rule()
    rcpt(policy)
    with monkeypatch.context() as patched:
        patched.setattr(hit_log, "_add", _fails)
        with pytest.raises(OperationalError):
            policy.write_hits()
    rcpt(policy)
    policy.write_hits()
    one.refresh_from_db()
    assert (one.hits, len(one.last_hits)) == (2, 2)
    assert one.last_hits[0][2] > one.last_hits[1][2]


def _fails(*args: object) -> None:
    raise OperationalError("the disk is full")


def test_rules_are_read_while_hits_wait_for_their_turn(policy: InboxPolicy) -> None:
    """Somebody who changes a rule with If-Match has the turn, and reads the rules.

    They would wait for ever for one who reads the rules, and waits for the turn.
    """
    one = rule()
    rcpt(policy)
    with several_turns():
        writing = reading_thread(policy)
        while not write_lock._turns._waiting:
            writing.join(0.01)
        reading = reading_thread(policy)
        reading.join(120)
        assert not reading.is_alive()
        one.refresh_from_db()
        assert one.hits == 0
    writing.join(120)
    one.refresh_from_db()
    assert one.hits == 1


def reading_thread(policy: InboxPolicy) -> Thread:
    def read() -> None:
        policy.refresh()
        connection.close()

    thread = Thread(target=read)
    thread.start()
    return thread
