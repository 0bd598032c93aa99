from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from django.db import DatabaseError, connection

from inbox.storage.leader import Leadership

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="one process has SQLite"),
]

_LOCK = 0x74657374
_REQUESTS = 4


@pytest.fixture
def lead() -> Iterator[Leadership]:
    lead = Leadership(_LOCK)
    yield lead
    lead.end()


def test_who_leads_goes_on_whoever_takes_the_connections_of_the_pool(
    lead: Leadership,
) -> None:
    assert lead.is_ours()
    connection.close()  # as Background does at rest: it goes back to the pool
    with _requests():
        assert lead.is_ours()


def test_another_leads_once_the_first_has_ended(lead: Leadership) -> None:
    assert lead.is_ours()
    with ThreadPoolExecutor(1) as thread:
        other = Leadership(_LOCK)
        assert not thread.submit(other.is_ours).result()
        lead.end()
        end = time.monotonic() + 60  # PostgreSQL sees a connection end a moment later
        while not thread.submit(other.is_ours).result():
            assert time.monotonic() < end
        thread.submit(other.end).result()


def test_who_does_not_lead_looks_by_one_connection_until_it_ends(
    lead: Leadership,
) -> None:
    assert lead.is_ours()
    other = Leadership(_LOCK)

    def look() -> int:
        assert not other.is_ours()
        return _backend(other)

    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(look).result()
        assert thread.submit(look).result() == first
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [first])
        with pytest.raises(DatabaseError):
            thread.submit(look).result()
        assert thread.submit(look).result() != first
        thread.submit(other.end).result()


def _backend(lead: Leadership) -> int:
    """Return the process of PostgreSQL that its connection has."""
    assert lead._own is not None
    assert lead._own.connection is not None
    return int(lead._own.connection.info.backend_pid)


@contextmanager
def _requests() -> Iterator[None]:
    """Requests that have a connection each, as many as there are in the pool."""
    together = Barrier(_REQUESTS)

    def begin() -> None:
        connection.ensure_connection()
        together.wait()

    def end() -> None:
        connection.close()
        together.wait()

    with ThreadPoolExecutor(_REQUESTS) as threads:
        _wait([threads.submit(begin) for _ in range(_REQUESTS)])
        yield
        _wait([threads.submit(end) for _ in range(_REQUESTS)])


def _wait(asked: list[Future[None]]) -> None:
    for each in asked:
        each.result()
