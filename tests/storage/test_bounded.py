"""Reading within a bound of time."""

from __future__ import annotations

import time

import pytest
from django.db import OperationalError, connection, connections

from inbox.storage import bounded
from inbox.storage.bounded import TooCostly, within

pytestmark = pytest.mark.django_db(transaction=True)

# It would run for minutes.
LONG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 2000000000) SELECT count(*) FROM n",
    "postgresql": "SELECT count(*) FROM generate_series(1, 2000000000)",
}


def _read(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@pytest.mark.database
def test_what_takes_long_is_cut_and_the_connection_stays_good() -> None:
    for _ in range(2):
        with pytest.raises(TooCostly), within(0.1):
            _read(LONG[connection.vendor])
    with within(0.1):
        assert _read("SELECT 7") == 7
    assert _read("SELECT 8") == 8


@pytest.mark.database
def test_each_part_has_the_whole_time() -> None:
    with within(0.1) as bound:
        for _ in range(2):
            bound.begin()
            with pytest.raises((OperationalError, TooCostly)):
                _read(LONG[connection.vendor])
        bound.begin()
        assert _read("SELECT 7") == 7


@pytest.mark.database
def test_other_errors_stay_what_they_are() -> None:
    with (
        pytest.raises(
            OperationalError if connection.vendor == "sqlite" else Exception
        ) as error,
        within(5),
    ):
        _read("SELECT nothing FROM nowhere")
    assert error.type is not TooCostly


@pytest.mark.database
def test_after_it_nothing_is_bounded() -> None:
    with pytest.raises(TooCostly), within(0.01):
        _read(LONG[connection.vendor])
    long = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
    )
    times = 3_000_000 if connection.vendor == "sqlite" else 1_500_000
    assert _read(f"{long % times} SELECT count(*) FROM n") == times


def test_a_connection_that_is_closed_meanwhile_is_no_fault() -> None:
    with within(0.01):
        connections.close_all()
    assert _read("SELECT 7") == 7


@pytest.mark.database
def test_what_is_not_reading_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_ALL", 0.05)
    with within(0.01):
        _read("SELECT 7")
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass
        assert _read("SELECT 8") == 8
