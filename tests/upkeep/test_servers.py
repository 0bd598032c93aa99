from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from inbox.management.commands import serve
from inbox.models import Message, Server, Session, Transaction
from inbox.storage import full_disk
from inbox.storage.write_lock import write_turn
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


@pytest.fixture
def reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reserve of a full disk: as long as it is there, nothing can be written."""
    reserve = tmp_path / "reserve"
    reserve.write_bytes(b"room")

    @contextmanager
    def turn() -> Iterator[None]:
        if reserve.exists():
            full = OSError(errno.ENOSPC, "No space left on device")
            raise OperationalError("database or disk is full") from full
        with write_turn():
            yield

    monkeypatch.setattr(full_disk, "_database", lambda: tmp_path / "mailsink.sqlite3")
    monkeypatch.setattr(servers, "write_turn", turn)
    return reserve


@pytest.mark.skipif(connection.vendor != "sqlite", reason="others have no reserve")
def test_on_a_full_disk_a_server_is_registered_in_the_room_of_the_reserve(
    reserve: Path,
) -> None:
    dead = Server.objects.create(
        started_at=datetime.now(UTC),
        heartbeat=datetime.now(UTC),
        hostname="dead.test",
        pid=1,
    )
    reserve_again = reserve.read_bytes()
    servers.register(["127.0.0.1:2525"], [])
    dead.refresh_from_db()
    assert dead.stopped_at is not None
    assert servers.current_smtp() == ["127.0.0.1:2525"]
    assert reserve.read_bytes() != reserve_again


def test_a_start_without_any_room_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_: Any) -> int:
        full = OSError(errno.ENOSPC, "No space left on device")
        raise OperationalError("database or disk is full") from full

    monkeypatch.setattr(serve.Command, "serve", no_room)
    monkeypatch.setattr(serve, "_LONGEST_END", 1e6)
    with pytest.raises(SystemExit) as ended:
        call_command("serve")
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("mailsink: the disk is full")


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
