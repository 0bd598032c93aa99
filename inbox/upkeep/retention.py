"""Retention: what is too old or too much goes, in small batches that let others write.

Messages beyond a number, an age or a size are purged with their bodies, for the server and
for each inbox; so is the trash after its hours. Pinned messages stay. Sessions without a stored message go by a number of
their own, with everything in them.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db.models import Exists, F, OuterRef, QuerySet, RowRange, Sum, Window

from inbox.access import audit_search, signing_in
from inbox.explain.evidence import Cause
from inbox.mailbox import inbox_removal, label_inboxes, tombstones
from inbox.mailbox.inboxes import MOST
from inbox.mailbox.purge import purge, remove_sessions
from inbox.models import Inbox, Message, Raw, Session
from inbox.outgoing import holding, release_queue
from inbox.storage import body_store, full_disk
from inbox.storage.leader import leads
from inbox.upkeep.background import Background
from inbox.upkeep.eviction import Evictions, pools
from inbox.webhooks import delivery_queue
from mailsink.ids import first_at

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0  # seconds
_BETWEEN_BATCHES = 0.02
_SWEEP_EVERY = 3600.0
# A session counts once more for each so many lines: one connection that is kept open may
# have those of a thousand others.
_LINES = 100
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
    evictions = Evictions()

    def step() -> float:
        nonlocal swept
        if not leads(_LOCK):
            return _LOOK_EVERY
        if full_disk.with_room(lambda: prune(limits, evictions)):
            return _BETWEEN_BATCHES
        if time.monotonic() - swept > _SWEEP_EVERY or not swept:
            swept = time.monotonic()
            sweep(spool)
            signing_in.forget_expired()
        return _LOOK_EVERY

    return Background("retention", step)


def prune(limits: RetentionLimits, evictions: Evictions | None = None) -> int:
    """Purge one batch of what is beyond the limits; return how many rows went.

    evictions: what is planned to go, from one batch to the next
    """
    batches: tuple[tuple[Cause, QuerySet[Message] | None], ...] = (
        ("deleted", _trash(limits.trash_hours)),
        ("age", _too_old(limits.days)),
        *(("inbox", each) for each in _too_old_for_their_inboxes()),
    )
    for cause, batch in batches:
        if batch is not None and (gone := purge(batch, cause)):
            return gone
    return (
        (evictions or Evictions()).evict(pools(limits.messages))
        or label_inboxes.expire()
        or inbox_removal.purge(limits.trash_hours)
        or _prune_sessions(limits.sessions)
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
    """Return what is too old for the server, in inboxes without days of their own."""
    return _older(days).filter(inbox__retention_days=None) if days else None


def _too_old_for_their_inboxes() -> list[QuerySet[Message]]:
    """Return what is too old for each inbox that has days of its own."""
    own = Inbox.objects.filter(retention_days__gt=0, deleted_at=None)
    days = own.values_list("pk", "retention_days")[:MOST]
    return [_older(each or 0).filter(inbox=key) for key, each in days]


def _older(days: int) -> QuerySet[Message]:
    before = datetime.now(UTC) - timedelta(days=days)
    old = Message.objects.filter(pinned=False, received_at__lt=before)
    # Ids are in the order of arrival, and indexed; received_at is not.
    return old.filter(id__lt=first_at(before.timestamp()))


def _prune_sessions(limit: int) -> int:
    """Remove a batch of the oldest sessions beyond the limit; return how many rows went.

    The newest one stays, however long it is.
    """
    if not limit:
        return 0
    message = Message.objects.filter(transaction__session=OuterRef("id"))
    without = Session.objects.filter(~Exists(message), ending__isnull=False)
    newer = Window(
        Sum(1 + F("exchanges") / _LINES),
        order_by=F("id").desc(),
        frame=RowRange(None, -1),
    )
    full = without.annotate(newer=newer).filter(newer__gte=limit)
    beyond = full.order_by("-id").values_list("id", flat=True).first()
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
