"""The indexer: after the commit, it fills in what needs the body read.

Snippet, number of attachments, full text, and what the body shows of its client; larger bodies
are compressed on the way. Its queue is indexed_at null, which survives a crash. It
makes the fingerprints, too.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import QuerySet

from inbox.insight.findings.bodies import examine
from inbox.insight.fingerprints import AT_ONCE, Fingerprints
from inbox.models import BodyFinding, Message, Raw, Recipient
from inbox.search import fulltext
from inbox.search.fulltext import Texts
from inbox.search.fulltext.index import body_text
from inbox.storage import bodies as raw_store
from inbox.storage.write_lock import write_turn
from inbox.upkeep.background import Background
from mailsink.mime import structure
from mailsink.mime.reading import Reading

log = logging.getLogger(__name__)

_AT_ONCE = 20  # messages in a step
_COMPRESS_FROM = 4096  # octets
_LOOK_EVERY = 5.0  # seconds, without a nudge
_POLL = 0.1  # seconds, while mail pours in: then nobody nudges
# While mail pours in, the indexer stands back: a small step in so many seconds, and a
# twentieth of the time at most. Large bodies take as long to index as to receive.
_BUSY_PAUSE = 0.5
_BUSY_AT_ONCE = 5
_BUSY_REST = 19  # times as long as a step took


@dataclass(frozen=True, slots=True)
class _Indexed:
    id: UUID
    snippet: str
    attachments: int
    raw: Raw | None  # to be written back compressed
    findings: list[BodyFinding]
    texts: Texts


def indexer(
    busy: Callable[[], bool], announce: Callable[[list[UUID]], None]
) -> Background:
    """Return the work of indexing.

    busy: whether the recorder has its hands full. announce: told the ids of the
    messages that were filled in.
    """
    rested_at = 0.0  # from when on it may take a step though mail pours in
    behind = True  # older messages may have no full text yet
    fingerprints = Fingerprints()

    def step() -> float:
        nonlocal rested_at, behind
        began, pouring = time.monotonic(), busy()
        if pouring and began < rested_at:
            return _POLL
        # Joining attempts costs as much as taking a message: it waits for a calm moment.
        printed, retried = (0, []) if pouring else fingerprints.make_some()
        at_once = _BUSY_AT_ONCE if pouring else _AT_ONCE
        ids = index_some(at_once)
        took = time.monotonic() - began
        rested_at = began + took + max(_BUSY_PAUSE, _BUSY_REST * took)
        if ids or retried:
            announce(list(dict.fromkeys([*ids, *retried])))
        if len(ids) == at_once or printed == AT_ONCE:
            return 0.005
        if pouring:
            return _POLL
        behind = behind and catch_up()
        return 0.02 if behind else _LOOK_EVERY

    return Background("indexer", step)


def index_some(at_once: int = _AT_ONCE) -> list[UUID]:
    """Index the oldest messages of the queue; return their ids."""
    queue = Message.objects.filter(indexed_at=None).order_by("id")
    indexed = _index_all(queue[:at_once])
    now = datetime.now(UTC)
    if not indexed:
        return []
    with write_turn():
        ours = _still_waiting([each.id for each in indexed])
        indexed = [each for each in indexed if each.id in ours]
        for each in indexed:
            _write(each, now)
        fulltext.put([(each.id, each.texts) for each in indexed])
    return [each.id for each in indexed]


def _still_waiting(ids: list[UUID]) -> set[UUID]:
    """Return those that no other process has indexed meanwhile, or is writing now."""
    rows = Message.objects.filter(pk__in=ids, indexed_at=None)
    locked = rows.select_for_update(skip_locked=True)
    return set(locked.values_list("pk", flat=True))


def catch_up() -> bool:
    """Give some of those that were indexed earlier their full text; whether any was left."""
    found = _index_all(Message.objects.filter(pk__in=fulltext.missing(_AT_ONCE)))
    if found:
        with write_turn():
            fulltext.put([(each.id, each.texts) for each in found])
    return bool(found)


def _index_all(rows: QuerySet[Message]) -> list[_Indexed]:
    queue = list(rows.select_related("transaction"))
    paths: dict[UUID, list[str]] = {}
    of = Recipient.objects.filter(
        transaction__in=[each.transaction_id for each in queue]
    )
    for transaction, path in of.values_list("transaction_id", "forward_path"):
        paths.setdefault(transaction, []).append(path)
    return [_index(each, paths.get(each.transaction_id, [])) for each in queue]


def _index(message: Message, forward_paths: list[str]) -> _Indexed:
    transaction, reverse_path = message.transaction_id, message.transaction.reverse_path
    try:
        raw = Raw.objects.get(transaction_id=transaction)
        octets = raw_store.read(raw)
    except (Raw.DoesNotExist, FileNotFoundError) as error:
        log.error("Message %s has lost its body: %s", message.pk, error)
        texts = fulltext.texts(message, reverse_path, forward_paths)
        return _Indexed(message.pk, "", 0, None, [], texts)
    reading = Reading(octets, structure.parse(octets))
    return _Indexed(
        message.pk,
        reading.snippet,
        len(reading.attachments),
        _compressed(raw, octets),
        [
            BodyFinding(
                transaction_id=transaction, kind=spot.kind, offset=spot.offset,
                octets=spot.octets,
            )
            for spot in examine(octets, raw.complete, forward_paths)
        ],
        fulltext.texts(message, reverse_path, forward_paths, body_text(reading)),
    )  # fmt: skip


def _compressed(raw: Raw, octets: bytes) -> Raw | None:
    """Return the raw with its content compressed, if that is worth it."""
    if raw.key or raw.codec != "identity" or len(octets) < _COMPRESS_FROM:
        return None
    content = zlib.compress(octets, 6)
    if len(content) > 0.9 * len(octets):
        return None
    raw.codec, raw.content = "zlib", content
    return raw


def _write(each: _Indexed, now: datetime) -> None:
    Message.objects.filter(id=each.id).update(
        snippet=each.snippet, attachments=each.attachments, indexed_at=now
    )
    BodyFinding.objects.bulk_create(each.findings, ignore_conflicts=True)
    if each.raw is not None:
        Raw.objects.filter(pk=each.raw.pk).update(
            codec=each.raw.codec, content=each.raw.content
        )
