"""Retention: what is too old or too much goes, in small batches that let others write.

Messages beyond a number or an age are purged with their bodies; so is the trash after
its hours. Pinned messages stay. Sessions without a stored message go by a number of
their own, with everything in them.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet

from inbox.access import audit_search
from inbox.explain.evidence import Cause
from inbox.mailbox import tombstones
from inbox.mailbox.purge import purge, remove_sessions
from inbox.models import Message, Raw, Session
from inbox.outgoing import holding, release_queue
from inbox.storage import body_store, full_disk
from inbox.storage.leader import leads
from inbox.upkeep.background import Background
from inbox.webhooks import delivery_queue
from mailsink.ids import first_at

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0  # seconds
_BETWEEN_BATCHES = 0.02
_SWEEP_EVERY = 3600.0
_LOCK = 0x6D61696C  # "mail": PostgreSQL's advisory lock of the one that prunes


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """How much stays stored; 0 is no limit."""

    messages: int
    sessions: int  # those without a stored message
    days: int
    trash_hours: int
    audit_days: int = 0


def retention(limits: RetentionLimits, spool: Path) -> Background:
    """Return the work of pruning. spool: the folder of bodies on their way."""
    swept = 0.0

    def step() -> float:
        nonlocal swept
        if not leads(_LOCK):
            return _LOOK_EVERY
        if full_disk.with_room(lambda: prune(limits)):
            return _BETWEEN_BATCHES
        if time.monotonic() - swept > _SWEEP_EVERY or not swept:
            swept = time.monotonic()
            sweep(spool)
        return _LOOK_EVERY

    return Background("retention", step)


def prune(limits: RetentionLimits) -> int:
    """Purge one batch of what is beyond the limits; return how many rows went."""
    batches: tuple[tuple[Cause, QuerySet[Message] | None], ...] = (
        ("deleted", _trash(limits.trash_hours)),
        ("age", _too_old(limits.days)),
        ("count", _too_many(limits.messages)),
    )
    for cause, batch in batches:
        if batch is not None and (gone := purge(batch, cause)):
            return gone
    return (
        _prune_sessions(limits.sessions)
        or tombstones.sweep()
        or release_queue.remove_old()
        or holding.remove_gone()
        or delivery_queue.remove_old()
        or audit_search.prune(limits.audit_days)
    )


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
    beyond = alive.order_by("-id").values_list("id", flat=True)[limit:].first()
    if beyond is None:
        return None
    return alive.filter(id__lte=beyond, pinned=False).order_by("id")


def _prune_sessions(limit: int) -> int:
    """Remove a batch of the oldest sessions beyond the limit; return how many rows went."""
    if not limit:
        return 0
    message = Message.objects.filter(transaction__session=OuterRef("id"))
    without = Session.objects.filter(~Exists(message), ending__isnull=False)
    beyond = without.order_by("-id").values_list("id", flat=True)[limit:].first()
    if beyond is None:
        return 0
    oldest = without.filter(id__lte=beyond).order_by("id")
    return remove_sessions(oldest.values_list("id", "exchanges", "transactions"))


def sweep(spool: Path) -> None:
    """Remove files that belong to nothing: left by a crash between file and row."""
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
