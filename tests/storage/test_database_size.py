"""SQLite's file shrinks once there is much free in it."""

from __future__ import annotations

import os

import pytest
from django.db import connection

from inbox.models import Message, Raw
from inbox.storage import database_size
from inbox.storage.write_lock import ROWS_IN_A_TURN
from inbox.upkeep import retention
from tests import factories

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="PostgreSQL has no such file"
    ),
]
_BODIES = 12  # of a MiB
_MIB = 1024 * 1024


def _pages() -> tuple[int, int]:
    """Return how many pages the file has, and how many of them are free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM pragma_page_count, pragma_freelist_count")
        pages, free = cursor.fetchone()
    return pages, free


def _written() -> int:
    """Have all that is in the log written into the file; return the octets of the file."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
    return os.stat(database_size.place()).st_size


def test_the_file_shrinks_when_mail_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_size, "_SPARE_OCTETS", 2 * _MIB)
    for _ in range(_BODIES):
        message = factories.message()
        Raw.objects.filter(pk=message.transaction_id).update(content=os.urandom(_MIB))
    before = _written()
    assert before > _BODIES * _MIB
    limits = retention.RetentionLimits(messages=1, sessions=0, days=0, trash_hours=0)
    pruning = retention.Pruning(limits)
    turns = []
    while gone := pruning.batch():
        turns.append(gone)
    assert max(turns) == ROWS_IN_A_TURN
    assert len(turns) < 20
    assert Message.objects.count() == 1
    pages, free = _pages()
    assert free <= max(0.25 * pages, 2 * _MIB / 4096)
    assert _written() < before / 2
    assert [each.complete for each in Raw.objects.all()] == [True]
