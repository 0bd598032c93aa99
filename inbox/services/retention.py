"""Retention: what is too old or too much goes, in small batches that let others write.

Messages beyond a number or an age are purged with their bodies; so is the trash after
its hours. Pinned messages stay. Sessions without a kept message go by a number of
their own, with everything in them.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Greatest

from inbox.models import (
    BodyFinding,
    Exchange,
    Fingerprint,
    Message,
    MessageRead,
    Raw,
    Recipient,
    Session,
    Transaction,
)
from inbox.services import fulltext, tombstones
from inbox.services import raw as raw_store
from inbox.services.background import Background
from inbox.services.explain.evidence import Cause
from inbox.services.turns import ROWS_IN_A_TURN, write_turn
from mailsink.ids import first_at

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0  # seconds
_BETWEEN_BATCHES = 0.02
_SWEEP_EVERY = 3600.0
_LOCK = 0x6D61696C  # "mail": PostgreSQL's advisory lock of the one that prunes


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept; 0 is no limit."""

    messages: int
    sessions: int  # those without a kept message
    days: int
    trash_hours: int


def retention(limits: Limits, spool: Path) -> Background:
    """Return the work of pruning. spool: the folder of bodies on their way."""
    swept = 0.0

    def step() -> float:
        nonlocal swept
        if not _leads():
            return _LOOK_EVERY
        if prune(limits):
            return _BETWEEN_BATCHES
        if time.monotonic() - swept > _SWEEP_EVERY or not swept:
            swept = time.monotonic()
            sweep(spool)
        return _LOOK_EVERY

    return Background("retention", step)


def prune(limits: Limits) -> int:
    """Purge one batch of what is beyond the limits; return how many rows went."""
    batches: tuple[tuple[Cause, QuerySet[Message] | None], ...] = (
        ("deleted", _trash(limits.trash_hours)),
        ("age", _too_old(limits.days)),
        ("count", _too_many(limits.messages)),
    )
    for cause, batch in batches:
        if batch is not None and (gone := purge(batch, cause)):
            return gone
    return _prune_sessions(limits.sessions) or tombstones.sweep()


def _leads() -> bool:
    """Whether this process is the one that prunes."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


def _trash(hours: int) -> QuerySet[Message] | None:
    if not hours:
        return None
    before = datetime.now(UTC) - timedelta(hours=hours)
    return Message.objects.filter(deleted_at__lt=before)


def _too_old(days: int) -> QuerySet[Message] | None:
    if not days:
        return None
    before = datetime.now(UTC) - timedelta(days=days)
    old = Message.objects.filter(pinned=False, received_at__lt=before)
    # Ids are in the order of arrival, and indexed; received_at is not.
    return old.filter(id__lt=first_at(before.timestamp()))


def _too_many(limit: int) -> QuerySet[Message] | None:
    if not limit:
        return None
    alive = Message.objects.filter(deleted_at=None)
    first_beyond = alive.order_by("-id").values_list("id", flat=True)[limit : limit + 1]
    for id in first_beyond:
        return alive.filter(id__lte=id, pinned=False).order_by("id")
    return None


def purge(messages: QuerySet[Message], cause: Cause) -> int:
    """Remove a turn's worth of messages with their bodies, for good.

    Each leaves its tombstones. Returns how many messages went.
    """
    batch = _turn(messages)
    if not batch:
        return 0
    stones = tombstones.of([id for id, _transaction in batch], cause)
    while len(stones) > ROWS_IN_A_TURN // 2:  # of one message, to very many
        with write_turn():
            tombstones.lay(stones[:ROWS_IN_A_TURN])
        del stones[:ROWS_IN_A_TURN]
    with write_turn():
        # Somebody may have restored one since the batch was read.
        still = messages.filter(id__in=[id for id, _transaction in batch])
        going = dict(
            still.select_for_update(of=("self",)).values_list("id", "transaction_id")
        )
        ids, transactions = list(going), list(going.values())
        stored = _keys(transactions)
        tombstones.lay([each for each in stones if each.message in going])
        fulltext.forget(ids)
        _delete(MessageRead.objects.filter(message__in=ids))
        _delete(Message.objects.filter(id__in=ids))
        _delete(BodyFinding.objects.filter(transaction__in=transactions))
        _delete(Raw.objects.filter(transaction__in=transactions))
    _delete_files(stored)
    return len(ids) or purge(messages, cause)


# A purged message is a row in each of three tables, with a tombstone for each recipient.
_ROWS_OF_MESSAGE = 3


def _turn(messages: QuerySet[Message]) -> list[tuple[UUID, UUID]]:
    """Return the first messages, as (id, transaction): a turn's worth, at least one."""
    accepted = "transaction__recipients_accepted"
    rows = messages.values_list("id", "transaction_id", accepted)
    batch: list[tuple[UUID, UUID]] = []
    total = 0
    for id, transaction, recipients in rows[: ROWS_IN_A_TURN // _ROWS_OF_MESSAGE]:
        total += _ROWS_OF_MESSAGE + recipients
        if batch and total > ROWS_IN_A_TURN:
            break
        batch.append((id, transaction))
    return batch


def _prune_sessions(limit: int) -> int:
    """Remove a batch of the oldest sessions beyond the limit; return how many rows went."""
    if not limit:
        return 0
    message = Message.objects.filter(transaction__session=OuterRef("id"))
    without = Session.objects.filter(~Exists(message), ending__isnull=False)
    beyond = without.order_by("-id").values_list("id", flat=True)[limit : limit + 1]
    for id in beyond:
        oldest = without.filter(id__lte=id).order_by("id")
        return remove_sessions(oldest.values_list("id", "exchanges", "transactions"))
    return 0


def remove_sessions(sessions: QuerySet[Session, tuple[UUID, int, int]]) -> int:
    """Remove a turn's worth of sessions, with everything in them, for good.

    sessions: as (id, exchanges, transactions). Returns how many rows went; where a
    session has more than a turn's worth, only its first part.
    """
    ids: list[UUID] = []
    total = 0
    for id, exchanges, transactions in sessions[:ROWS_IN_A_TURN]:
        rows = 1 + exchanges + _ROWS_OF_TRANSACTION * transactions
        if total + rows > ROWS_IN_A_TURN:
            if not ids:
                return _shorten(id)
            break
        ids.append(id)
        total += rows
    if not ids:
        return 0
    whole = Transaction.objects.filter(session__in=ids)
    stored = _keys(whole)
    with write_turn():
        _delete(Exchange.objects.filter(session__in=ids))
        _delete_transactions(whole)
        _delete(Session.objects.filter(id__in=ids))
    _delete_files(stored)
    return total


def _shorten(session: UUID) -> int:
    """Remove a turn's worth of a long session that is to go."""
    exchanges = Exchange.objects.filter(session=session).order_by("seq")
    if seqs := list(exchanges.values_list("seq", flat=True)[:ROWS_IN_A_TURN]):
        with write_turn():
            _delete(Exchange.objects.filter(session=session, seq__in=seqs))
            Session.objects.filter(id=session).update(
                exchanges=Greatest(F("exchanges") - len(seqs), 0)
            )
        return len(seqs)
    some = Transaction.objects.filter(session=session).values_list("id", flat=True)
    ids = list(some[: ROWS_IN_A_TURN // _ROWS_OF_TRANSACTION])
    part = Transaction.objects.filter(id__in=ids)
    stored = _keys(part)
    with write_turn():
        _delete_transactions(part)
        Session.objects.filter(id=session).update(
            exchanges=0, transactions=Greatest(F("transactions") - len(ids), 0)
        )
    _delete_files(stored)
    return max(1, len(ids))


# A transaction with its body, its fingerprint and, as a rule, one recipient.
_ROWS_OF_TRANSACTION = 4


def _delete_transactions(transactions: QuerySet[Transaction]) -> None:
    _delete(Recipient.objects.filter(transaction__in=transactions))
    _delete(BodyFinding.objects.filter(transaction__in=transactions))
    _delete(Raw.objects.filter(transaction__in=transactions))
    _delete(Fingerprint.objects.filter(transaction__in=transactions))
    _delete(transactions)


def _keys(transactions: Iterable[UUID] | QuerySet[Transaction]) -> list[str]:
    """Return the keys of the bodies that are files."""
    raws = Raw.objects.filter(transaction__in=transactions).exclude(key="")
    return list(raws.values_list("key", flat=True))


def _delete_files(keys: list[str]) -> None:
    # After the commit: a file without its row is swept, a row without its file a loss.
    for key in keys:
        raw_store.storage().delete(key)


def _delete(rows: QuerySet[Any]) -> None:
    """Delete without the ORM's collecting of what refers to the rows."""
    rows._raw_delete(rows.db)


def sweep(spool: Path) -> None:
    """Remove files that belong to nothing: left by a crash between file and row."""
    before = time.time() - 3600
    for path in spool.glob("*"):
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
    store = raw_store.storage()
    if isinstance(store, FileSystemStorage) and os.path.isdir(store.location):
        _sweep_storage(Path(store.location), before)


def _sweep_storage(folder: Path, before: float) -> None:
    for path in folder.glob("*/*"):
        if path.stat().st_mtime >= before:
            continue
        if not Raw.objects.filter(key=f"{path.parent.name}/{path.name}").exists():
            log.info("Removing %s: no message has it", path.name)
            path.unlink(missing_ok=True)
