from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.models import Message, Server, Session, Transaction
from inbox.upkeep import servers
from mailsink import ids
from tests.recording import Client, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_what_a_dead_server_left_open_is_closed_as_crashed() -> None:
    async def sits(recorder: Any) -> None:
        Client(recorder).envelope()

    play(sits)
    longer_ago = datetime.now(UTC) - timedelta(hours=1)
    Server.objects.update(heartbeat=longer_ago)

    servers.register(["127.0.0.1:2525"], ["127.0.0.1:8025"])

    session = Session.objects.get()
    assert session.ending == "crashed"
    assert session.closed_at is not None
    assert session.closed_at >= session.opened_at
    assert Transaction.objects.get().outcome == "abandoned"
    assert servers.current_smtp() == ["127.0.0.1:2525"]


def test_a_server_that_stopped_is_not_current() -> None:
    server = servers.register(["127.0.0.1:2525"], [])
    servers.unregister(server)
    assert servers.current_smtp() == []


def test_the_heartbeat_beats() -> None:
    server = servers.register([], [])
    Server.objects.update(heartbeat=datetime(2020, 1, 1, tzinfo=UTC))
    assert servers.heartbeat(server)._step() > 0
    server.refresh_from_db()
    assert datetime.now(UTC) - server.heartbeat < timedelta(minutes=1)


def test_ids_go_on_after_those_stored_where_the_clock_was_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As after a restart, which knows nothing but what is stored."""

    async def delivers(recorder: Any) -> None:
        client = Client(recorder)
        client.envelope()
        await client.send()

    play(delivers)
    stored = Message.objects.get().pk
    earlier = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(ids.time, "time_ns", lambda: earlier)
    monkeypatch.setattr(ids, "_last", 0)
    assert ids.uuid7() < stored

    servers.register([], [])

    assert ids.uuid7() > stored
    play(delivers)
    first, second = Message.objects.order_by("pk").values_list("pk", flat=True)
    assert first == stored < second
