"""The indexer: after the commit, it fills in the data that needs the body.

It finds the snippet, the number of attachments, the full text, and the findings about
the client in the body; larger bodies are compressed meanwhile. Its queue consists of
the messages with indexed_at null, and survives a crash. It makes the fingerprints, and
notes the messages that request reports. Large messages have a separate indexer.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from django.db.models import QuerySet

from inbox.bouncing import report_tasks
from inbox.insight.fingerprints import AT_ONCE, Fingerprints
from inbox.mailbox.large import LARGE
from inbox.models import BodyFinding, Message, Raw, Recipient, Session
from inbox.models.session import WITHOUT_CLIENT
from inbox.search import fulltext
from inbox.storage import body_store
from inbox.storage.compiled_rows import CompiledRows
from inbox.storage.store_gate import StoreDown
from inbox.storage.updates import put_values
from inbox.storage.write_lock import write_turn
from inbox.upkeep import extraction
from inbox.upkeep.background import Background
from inbox.upkeep.extraction import Extract, extract
from mailsink.mime import headers
from mailsink.web.workers import Off, Unanswered

log = logging.getLogger(__name__)

_AT_ONCE = 100  # messages in a step
_AWAITED = 2000  # messages that are remembered
_BODIES_AT_ONCE = 10  # in memory, for messages that are not large
_COMPRESS_FROM = 4096  # octets
_LOOK_EVERY = 5.0  # seconds, without a nudge
_POLL = 0.1  # seconds, while mail pours in and there are no nudges
# While mail pours in, the indexer pauses: one small step in this number of seconds, and
# at most a twentieth of the time. Large bodies take as long to index as to receive.
_BUSY_PAUSE = 0.5
_BUSY_AT_ONCE = 5
_BUSY_REST = 19  # times the duration of a step
# Attempts are joined this number of seconds after the last message was indexed; if
# messages arrive all the time, this number after the first.
_JOINED_AFTER = 0.5
_JOINED_WITHIN = 5.0

_HEADER_OCTETS = 256 * 1024  # of a message of which only the header is read
_TRIES = 2  # tries to read a large message; after that, its beginning must suffice
_RETRY_AFTER = 1.0  # seconds

Announce = Callable[[list[UUID]], None]
HaveDone = Callable[[Mapping[str, str]], bytes]


@dataclass(frozen=True, slots=True)
class _Indexed:
    message: Message
    found: Extract
    raw: Raw | None  # to be written back compressed
    asks: bool = False  # whether it requests reports, now that it is stored


class Awaited:
    """The messages that requests wait for. They are indexed out of turn."""

    def __init__(self) -> None:
        self._ids: dict[UUID, None] = {}
        self._lock = threading.Lock()

    def add(self, ids: Iterable[UUID]) -> None:
        """Add messages, as long as there is room. From any thread."""
        with self._lock:
            self._ids.update(dict.fromkeys(islice(ids, _AWAITED - len(self._ids))))

    def take(self) -> list[UUID]:
        """Return as many as fit into a step, the longest waiting first."""
        with self._lock:
            taken = list(islice(self._ids, _AT_ONCE))
            for each in taken:
                del self._ids[each]
        return taken


class CalmMoment:
    """The time when nothing has happened for a while.

    It is the latest time, if something always happens.
    """

    def __init__(self, after: float, within: float) -> None:
        """after, within: seconds after the last postponement, and after the first"""
        self._after = after
        self._within = within
        self._next = 0.0
        self._latest = math.inf

    @property
    def at(self) -> float:
        return min(self._next, self._latest)

    def put_off(self, now: float) -> None:
        self._next = now + self._after
        self._latest = min(self._latest, now + self._within)

    def end(self) -> None:
        """Begin again, after the moment was used."""
        self._latest = math.inf


def indexer(
    busy: Callable[[], bool], announce: Announce, awaited: Awaited | None = None
) -> Background:
    """Return the work of indexing messages that are not large.

    busy: whether the recorder is busy. announce: gets the ids of the indexed messages.
    awaited: the messages that go first
    """
    awaited = awaited or Awaited()
    rested_at = 0.0  # the time from which it may take a step although mail pours in
    calm = CalmMoment(_JOINED_AFTER, _JOINED_WITHIN)
    behind = True  # whether older messages may lack a full text
    before: UUID | None = None  # from this message on, all have theirs
    fingerprints = Fingerprints()

    def step() -> float:
        nonlocal rested_at, behind, before
        began, pouring = time.monotonic(), busy()
        first = awaited.take()
        if first and (ids := _index(_AWAITED_ROWS.find(first))):
            announce(ids)
            calm.put_off(began)
        if pouring and began < rested_at:
            # Capture gets at least half of the time.
            return min(_POLL, time.monotonic() - began) if first else _POLL
        at_once = _BUSY_AT_ONCE if pouring else _AT_ONCE
        ids = index_some(at_once)
        if ids:
            announce(ids)
            calm.put_off(began)
        # Joining attempts costs as much as receiving a message, and is not urgent.
        printed, early = 0, calm.at - began
        if not pouring and early <= 0:
            printed, retried = fingerprints.make_some()
            if retried:
                announce(retried)
            if printed < AT_ONCE:
                calm.end()
        took = time.monotonic() - began
        rested_at = began + took + max(_BUSY_PAUSE, _BUSY_REST * took)
        if len(ids) == at_once or printed == AT_ONCE:
            return 0.005
        if pouring:
            return _POLL
        if behind:
            some = catch_up(before)
            before = min(some, default=before)
            behind = bool(some) or catch_up_headers()
        if behind:
            return 0.02
        return early if early > 0 else _LOOK_EVERY

    return Background("indexer", step)


def large_indexer(have_done: HaveDone, announce: Announce) -> Background:
    """Return the work of indexing large messages: one by one, in another process.

    have_done: see Workers.have_done. After _TRIES failures, the beginning of a message
    must suffice.
    """
    return Background("large indexer", _Large(have_done, announce).step)


class _Large:
    """Indexes large messages, step by step."""

    def __init__(self, have_done: HaveDone, announce: Announce) -> None:
        self._have_done = have_done
        self._announce = announce
        # the number of failures to read each message
        self._failed: Counter[UUID] = Counter()
        self._behind = True  # whether older messages may lack a full text

    def step(self) -> float:
        """Index one message; return the seconds to rest."""
        message = self._next()
        if message is None:
            return _LOOK_EVERY
        try:
            _ask_store(message)
            indexed = self._index(message)
        except (Unanswered, StoreDown):
            return _RETRY_AFTER
        self._failed.pop(message.pk, None)
        if message.indexed_at is None:
            self._announce(_store([indexed]))
        else:
            _put([indexed])
        return 0.005

    def _next(self) -> Message | None:
        message = _waiting().filter(size__gt=LARGE).first()
        if message is None and self._behind:
            message = fulltext.missing().filter(size__gt=LARGE).first()
            self._behind = message is not None
        return message

    def _index(self, message: Message) -> _Indexed:
        """Have a message read. Raises Unanswered, unless that has failed often enough."""
        if self._failed[message.pk] >= _TRIES:
            log.error("Message %s is indexed by its beginning only", message.pk)
            return _index_all([message], LARGE)[0]
        try:
            read = self._have_done({"type": "extract", "id": str(message.pk)})
        except Off:
            raise
        except Unanswered:
            self._failed[message.pk] += 1
            raise
        raw = Raw.objects.filter(pk=message.transaction_id).first()
        theirs = _paths([message]).get(message.transaction_id, [])
        asks = report_tasks.may_ask(message, theirs)
        return _Indexed(message, extraction.load(read), _compressed(raw), asks)


def _ask_store(message: Message) -> None:
    """Raise StoreDown if the body is unavailable now, which is no fault of the message."""
    raw = Raw.objects.filter(pk=message.transaction_id).defer("content").first()
    if raw and body_store.object_name(raw.key):
        with suppress(FileNotFoundError):
            body_store.read_start(raw, 1)


def index_some(at_once: int = _AT_ONCE) -> list[UUID]:
    """Index the oldest messages of the queue that are not large; return their ids."""
    return _index(_waiting_small()[:at_once])


def catch_up(before: UUID | None = None) -> list[UUID]:
    """Make the missing full text of some older messages; return their ids.

    The newest go first. before: only older messages, so that those with a text are not
    read again and again
    """
    rows = fulltext.missing().filter(size__lte=LARGE).select_related("transaction")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = _index_all(rows[:_AT_ONCE])
    _put(found)
    return [each.message.pk for each in found]


def catch_up_headers() -> bool:
    """Index the headers of some messages; return whether there were any.

    These are messages without indexed headers.
    """
    keys = fulltext.header_fields.missing(_AT_ONCE)
    known = fulltext.header_fields.of_messages([id for _, id in keys])
    found = [
        (key, _header_tokens(known[id]) if id in known else []) for key, id in keys
    ]
    if found:
        with write_turn():
            fulltext.header_fields.put(found)
    return bool(found)


def _header_tokens(message: Message) -> list[str]:
    """Return the indexed tokens of a header; none if the body is lost."""
    raw = Raw.objects.filter(pk=message.transaction_id).first()
    if raw is None:
        return []
    try:
        block = headers.scan(body_store.read_start(raw, _HEADER_OCTETS))
    except FileNotFoundError:
        return []
    return fulltext.header_fields.field_tokens(block.fields)


def _waiting_small() -> QuerySet[Message]:
    return _waiting().filter(size__lte=LARGE)


def _index(rows: Iterable[Message]) -> list[UUID]:
    return _store(_index_all(rows))


def _waiting() -> QuerySet[Message]:
    """Return the queue, oldest first."""
    rows = Message.objects.filter(indexed_at=None).order_by("id")
    return rows.select_related("transaction").only(*_READ)


# The columns that are read of a message; making full objects takes long.
_READ = (
    "from_name", "from_address", "to", "cc", "subject", "message_id", "indexed_at",
    "transaction__reverse_path", "transaction__session",
)  # fmt: skip


def _index_all(rows: Iterable[Message], most: int | None = None) -> list[_Indexed]:
    """Read messages here; most: the octets to read of each"""
    queue = list(rows)
    paths = _paths(queue)
    indexed = []
    for each, raw in _with_bodies(queue):
        theirs = paths.get(each.transaction_id, [])
        found = extract(each, raw, [path for path, _text in theirs], most)
        asks = report_tasks.may_ask(each, theirs)
        indexed.append(_Indexed(each, found, _compressed(raw), asks))
    return indexed


def _paths(queue: Sequence[Message]) -> dict[UUID, list[report_tasks.Path]]:
    """Return the recipients of messages, by their transactions."""
    paths: dict[UUID, list[report_tasks.Path]] = {}
    of = Recipient.objects.filter(
        transaction__in=[each.transaction_id for each in queue]
    )
    rows = of.values_list("transaction_id", "forward_path", "parameters")
    for transaction, path, parameters in rows:
        paths.setdefault(transaction, []).append((path, parameters))
    return paths


def _with_bodies(queue: Sequence[Message]) -> Iterator[tuple[Message, Raw | None]]:
    """Yield messages with the rows of their bodies, of which few are in memory at once."""
    for start in range(0, len(queue), _BODIES_AT_ONCE):
        part = queue[start : start + _BODIES_AT_ONCE]
        found = _BODIES.find([each.transaction_id for each in part])
        bodies = {each.pk: each for each in found}
        yield from ((each, bodies.get(each.transaction_id)) for each in part)


_AWAITED_ROWS = CompiledRows(_waiting_small())
_BODIES = CompiledRows(Raw.objects.all())


def _compressed(raw: Raw | None) -> Raw | None:
    """Return a body's row with its content compressed, if that is worth it."""
    if raw is None or raw.key or raw.codec != "identity":
        return None
    octets = bytes(raw.content or b"")
    if len(octets) < _COMPRESS_FROM:
        return None
    content = zlib.compress(octets, 6)
    if len(content) > 0.9 * len(octets):
        return None
    raw.codec, raw.content = "zlib", content
    return raw


def _store(indexed: list[_Indexed]) -> list[UUID]:
    """Store the results; return the ids of those that no other process has stored."""
    if not indexed:
        return []
    now = datetime.now(UTC)
    with write_turn():
        ours = _still_waiting([each.message.pk for each in indexed])
        indexed = [each for each in indexed if each.message.pk in ours]
        _write(indexed, now)
        _put_texts(indexed)
        report_tasks.add_captured([each.message for each in indexed if each.asks])
    return [each.message.pk for each in indexed]


def _still_waiting(ids: list[UUID]) -> set[UUID]:
    """Return those that no other process has indexed meanwhile, or is storing now."""
    rows = Message.objects.filter(pk__in=ids, indexed_at=None)
    locked = rows.select_for_update(skip_locked=True)
    return set(locked.values_list("pk", flat=True))


def _write(indexed: list[_Indexed], now: datetime) -> None:
    _fill_in(indexed, now)
    BodyFinding.objects.bulk_create(_findings(indexed), ignore_conflicts=True)
    for each in indexed:
        if each.raw is not None:
            Raw.objects.filter(pk=each.raw.pk).update(
                codec=each.raw.codec, content=each.raw.content
            )


def _fill_in(indexed: list[_Indexed], now: datetime) -> None:
    """Write snippets and numbers of attachments into the rows of their messages."""
    rows = (
        (each.found.snippet, each.found.attachments, now, each.message.pk)
        for each in indexed
    )
    put_values(Message, ("snippet", "attachments", "indexed_at"), rows)


def _findings(indexed: list[_Indexed]) -> list[BodyFinding]:
    """Return the findings about clients in bodies; an imported file has no client."""
    marked = [each for each in indexed if each.found.spots]
    sessions = {each.message.transaction.session_id for each in marked}
    imported = set(
        Session.objects.filter(
            pk__in=sessions, listener_kind__in=WITHOUT_CLIENT
        ).values_list("pk", flat=True)
    )
    return [
        BodyFinding(
            transaction_id=each.message.transaction_id,
            kind=spot.kind,
            offset=spot.offset,
            octets=spot.octets,
        )
        for each in marked
        if each.message.transaction.session_id not in imported
        for spot in each.found.spots
    ]


def _put(indexed: list[_Indexed]) -> None:
    """Write only the full text of messages that are indexed already."""
    if indexed:
        with write_turn():
            _put_texts(indexed)


def _put_texts(indexed: list[_Indexed]) -> None:
    fulltext.put([(each.message.pk, each.found.texts) for each in indexed])
