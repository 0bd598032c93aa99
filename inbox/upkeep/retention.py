"""Retention: removes old and excess data, in small batches that let others write.

Messages beyond a number, an age or a size are purged with their bodies, for the server
and for each inbox; so is the trash after its hours. Pinned messages stay. Sessions
without a stored message have a separate limit, and are removed with everything in them.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import Exists, F, OuterRef, QuerySet, RowRange, Sum, Window

from inbox.access import audit_search, signing_in
from inbox.mailbox import inbox_removal, label_inboxes, tombstones
from inbox.mailbox.inboxes import MOST
from inbox.mailbox.purge import ROWS_OF_TRANSACTION, purge, remove_sessions
from inbox.models import Inbox, Message, Raw, Session
from inbox.outgoing import holding, release_queue
from inbox.storage import body_store, database_size, full_disk
from inbox.storage.leader import Leadership
from inbox.upkeep.background import Background
from inbox.upkeep.eviction import Evictions, pools
from inbox.upkeep.removal_plan import SHARE, Found, RemovalPlan
from inbox.webhooks import delivery_queue
from mailsink.ids import first_at

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0  # seconds, if there has been nothing to do for long
_BETWEEN_BATCHES = 0.005
_SWEEP_EVERY = 3600.0
_REST = 0.25  # seconds until the next search after a successful one
_PLANNED = 1000  # sessions, after which there is another search
# A session counts once more for each of this number of lines: one connection that is
# kept open can have the lines of a thousand others.
_LINES = 100
_LOCK = 0x6D61696C  # "mail": PostgreSQL's advisory lock of the process that prunes


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """The limits of what stays stored; 0 is no limit."""

    messages: int
    sessions: int  # without a stored message
    days: int
    trash_hours: int
    audit_days: int = 0


def retention(limits: RetentionLimits, spool: Path) -> Background:
    """Return the work of pruning. spool: the folder of incoming bodies"""
    swept = 0.0
    pruning, leadership = Pruning(limits), Leadership(_LOCK)

    def step() -> float:
        nonlocal swept
        if not leadership.is_ours():
            return _LOOK_EVERY
        if full_disk.with_room(pruning.batch):
            return _BETWEEN_BATCHES
        if time.monotonic() - swept > _SWEEP_EVERY or not swept:
            swept = time.monotonic()
            sweep(spool)
            signing_in.forget_expired()
        return pruning.rest

    return Background("retention", step, end=leadership.end, trouble=pruning.trouble)


class Pruning:
    """Removes data beyond the limits, a turn's rows at a time.

    Each kind of data gets its turn. While mail pours in there are always messages to
    remove: with messages first, nothing else would ever be removed. A kind that fails
    is postponed, and does not keep the next ones from their turn.
    """

    def __init__(self, limits: RetentionLimits) -> None:
        """limits: of what stays"""
        evictions, sessions = Evictions(), RemovalPlan()
        kinds: tuple[Callable[[], int], ...] = (
            partial(_empty_trash, limits.trash_hours),
            partial(_purge_old, limits.days),
            _purge_old_of_inboxes,
            lambda: evictions.evict(pools(limits.messages)),
            label_inboxes.expire,
            partial(inbox_removal.purge, limits.trash_hours),
            lambda: sessions.turn(partial(_old_sessions, limits.sessions), _remove),
            tombstones.sweep,
            release_queue.remove_old,
            holding.remove_gone,
            delivery_queue.remove_old,
            partial(audit_search.prune, limits.audit_days),
            database_size.shrink,
        )
        self._kinds = deque(map(_Kind, kinds))  # in the order of their turns
        # of the kinds that failed the last time
        self._faults: dict[_Kind, Exception] = {}
        self._without_room: _Kind | None = None  # tried once more, with room

    def batch(self) -> int:
        """Remove one turn's worth of one kind; return the number of rows."""
        now = time.monotonic()
        for kind in self._kinds:
            if kind.due <= now and (gone := self._turn(kind, now)):
                self._kinds.remove(kind)
                self._kinds.append(kind)
                return gone
        return 0

    def _turn(self, kind: _Kind, now: float) -> int:
        """Give a kind its turn; return the number of removed rows: 0 if it fails."""
        try:
            gone = kind.turn(now)
        except Exception as error:
            if full_disk.is_full(error) and kind is not self._without_room:
                self._without_room = kind
                raise
            self._without_room = None
            kind.put_off(now)
            self._note(kind, error)
            connection.close_if_unusable_or_obsolete()
            return 0
        self._without_room = None
        self._faults.pop(kind, None)
        return gone

    def _note(self, kind: _Kind, error: Exception) -> None:
        """Log an error once, until its kind works again.

        The same error of many kinds is logged once, too.
        """
        if repr(error) not in map(repr, self._faults.values()):
            details = None if _is_expected(error) else error
            log.error("retention: %s", error, exc_info=details)
        self._faults[kind] = error

    def trouble(self) -> str:
        """Return which kind fails because of a bug, in words; "" if none does."""
        if all(map(_is_expected, list(self._faults.values()))):
            return ""
        return "a part of retention fails with an error, which is in the log"

    @property
    def rest(self) -> float:
        """Seconds until the next turn of any kind."""
        return max(0.0, min(kind.due for kind in self._kinds) - time.monotonic())


def _is_expected(error: Exception) -> bool:
    """Whether the cause is the database, or the disk."""
    return isinstance(error, DatabaseError | OSError)


class _Kind:
    """One kind of data to remove. The longer there is none, the less often it is searched."""

    def __init__(self, remove: Callable[[], int]) -> None:
        """remove: removes a turn's worth, and returns the number of rows"""
        self._remove = remove
        self._rest = _REST
        self.due = 0.0  # monotonic seconds of the next search

    def turn(self, now: float) -> int:
        """Remove a turn's worth; return the number of rows.

        now: in monotonic seconds, equal for kinds that are searched together, which
        keeps them together
        """
        began = time.monotonic()
        if gone := self._remove():
            self._rest = _REST
            return gone
        self.put_off(now, time.monotonic() - began)
        return 0

    def put_off(self, now: float, took: float = 0.0) -> None:
        """Let it rest. took: the seconds that the search took"""
        self.due = now + max(self._rest, took / SHARE)
        self._rest = min(2 * self._rest, _LOOK_EVERY)


def _empty_trash(hours: int) -> int:
    if not hours:
        return 0
    before = datetime.now(UTC) - timedelta(hours=hours)
    return purge(Message.objects.filter(deleted_at__lt=before), "deleted")


def _purge_old(days: int) -> int:
    """Purge messages too old for the server, in inboxes without their own limit of days."""
    return purge(_older(days).filter(inbox__retention_days=None), "age") if days else 0


def _purge_old_of_inboxes() -> int:
    """Purge messages too old for an inbox with its own limit of days."""
    own = Inbox.objects.filter(retention_days__gt=0, deleted_at=None)
    for key, days in own.values_list("pk", "retention_days")[:MOST]:
        if gone := purge(_older(days or 0).filter(inbox=key), "inbox"):
            return gone
    return 0


def _older(days: int) -> QuerySet[Message]:
    before = datetime.now(UTC) - timedelta(days=days)
    old = Message.objects.filter(pinned=False, received_at__lt=before)
    # Ids are in the order of arrival, and indexed; received_at is not indexed.
    return old.filter(id__lt=first_at(before.timestamp()))


def _without_message() -> QuerySet[Session]:
    message = Message.objects.filter(transaction__session=OuterRef("id"))
    return Session.objects.filter(~Exists(message), ending__isnull=False)


def _old_sessions(limit: int) -> Found:
    """Return the oldest sessions beyond the limit; only some of them if they are many.

    The newest one stays, whatever its length.
    """
    if not limit:
        return Found()
    newer = Window(
        Sum(1 + F("exchanges") / _LINES),
        order_by=F("id").desc(),
        frame=RowRange(None, -1),
    )
    full = _without_message().annotate(newer=newer).filter(newer__gte=limit)
    beyond = full.order_by("-id").values_list("id", flat=True).first()
    if beyond is None:
        return Found()
    rows = 1 + F("exchanges") + ROWS_OF_TRANSACTION * F("transactions")
    oldest = _without_message().filter(id__lte=beyond).order_by("id")
    found = list(oldest.values_list("id", rows)[:_PLANNED])
    return Found(found, has_more=len(found) == _PLANNED)


def _remove(sessions: list[UUID]) -> int:
    # An import may have added a message to one since.
    rows = _without_message().filter(id__in=sessions).order_by("id")
    return remove_sessions(rows.values_list("id", "exchanges", "transactions"))


def sweep(spool: Path) -> None:
    """Remove files without an owner, which a crash between file and row left."""
    before = time.time() - 3600
    for path in spool.glob("*"):
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
    _sweep_folder(body_store.folder(), before)


def _sweep_folder(folder: Path, before: float) -> None:
    for path in folder.glob("*/*"):
        if path.stat().st_mtime >= before:
            continue
        if not Raw.objects.filter(key=f"{path.parent.name}/{path.name}").exists():
            log.info("Removing %s: no message has it", path.name)
            path.unlink(missing_ok=True)
