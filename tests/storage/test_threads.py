"""A thread of its own keeps its connection open while there is work for it."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.db import connection, connections

from inbox.storage import threads
from inbox.storage.threads import OwnThread

pytestmark = pytest.mark.django_db(transaction=True)


def opened() -> object:
    """Return what the thread is connected by."""
    connection.ensure_connection()
    return connection.connection


def noting_its_end() -> threading.Event:
    """Return what is set once the thread's connection is closed."""
    closed, own = threading.Event(), connections["default"]
    own.ensure_connection()
    close = own.close

    def noted() -> None:
        close()
        closed.set()

    own.close = noted
    return closed


async def test_the_connection_stays_open_for_the_next_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "CALM", 60)
    thread = OwnThread("test")
    assert await thread.do(opened) is await thread.do(opened)
    await thread.do(lambda: connection.close())


async def test_it_is_closed_once_there_is_none() -> None:
    closed = await OwnThread("test").do(noting_its_end)
    assert await asyncio.to_thread(closed.wait, 20)


async def test_the_next_after_work_that_fails_has_a_connection_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "CALM", 60)
    thread = OwnThread("test")
    closed = await thread.do(noting_its_end)
    with pytest.raises(ZeroDivisionError):
        await thread.do(lambda: 1 / 0)
    assert closed.is_set()
    assert await thread.do(opened) is not None
    await thread.do(lambda: connection.close())
