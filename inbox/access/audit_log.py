"""The audit log of reads and changes. The entry of a change is stored in its transaction.

Reads are collected and stored in the background, within a second, so that pages need
not wait for the disk. Without a background thread, they are stored at once.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from django.db import DatabaseError, connection

from inbox.access.identity import Identity
from inbox.mailbox import inboxes
from inbox.mailbox.paging import as_uuid
from inbox.models import AuditEntry, Inbox, Message
from inbox.storage.acts import Act
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

EVERY = 0.5  # seconds between two batches
MOST = 5000  # entries that wait; the caller that adds one more stores them all
SAME = 60.0  # seconds in which repeated reads of the same object are not logged
_SEEN = 4096
_SEVERAL = 50  # inboxes that one change is logged for, one by one
_LONGEST = 500  # characters of details

_log = logging.getLogger(__name__)


class _Reads:
    """The reads of this process that are not stored yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[AuditEntry] = []
        self.seen: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self.in_background = False
        self.thread: threading.Thread | None = None  # a thread does not survive a fork


_reads = _Reads()


def entry(
    kind: str,
    caller: Identity,
    address: str = "",
    *,
    inbox_id: int | None = None,
    object: str = "",
    details: str = "",
) -> AuditEntry:
    """Return an entry with the current time, not stored yet. address: of the client"""
    return AuditEntry(
        at=datetime.now(UTC),
        caller=caller.kind,
        user_id=caller.user,
        user_name=one_line(caller.name)[:150],
        token_id=caller.token,
        address=address[:64],
        kind=kind[:32],
        inbox_id=inbox_id,
        inbox_slug=inboxes.slug(inbox_id) or "",
        object=one_line(object[:100]),
        details=one_line(details[:_LONGEST]),
    )


def one_line(text: str) -> str:
    """Return a text that cannot imitate another entry, nor control a terminal.

    Unprintable characters, such as line ends and direction marks, become question
    marks.
    """
    return "".join(each if each.isprintable() else "?" for each in text)


def store(made: AuditEntry) -> None:
    """Store an entry that belongs to no change."""
    with write_turn():
        made.save(force_insert=True)


def change(
    kind: str, caller: Identity, address: str, given: Callable[[], Mapping[str, str]]
) -> Act:
    """Return an act that the first write of a request stores.

    given: returns the parameters of the request, once they are read
    """
    return Act(partial(_write, kind, caller, address, given))


def read(made: AuditEntry) -> None:
    """Log a read; repeats by the same caller within a minute count once."""
    key = (made.caller, made.user_id, made.token_id, made.address, made.kind, made.object, made.details)  # fmt: skip
    now = time.monotonic()
    with _reads.lock:
        if now < _reads.seen.get(key, 0.0):
            return
        _reads.seen[key] = now + SAME
        while len(_reads.seen) > _SEEN:
            _reads.seen.popitem(last=False)
        _reads.waiting.append(made)
        waits = _reads.in_background and len(_reads.waiting) < MOST
        if waits and not (_reads.thread and _reads.thread.is_alive()):
            _reads.thread = threading.Thread(target=_run, name="audit", daemon=True)
            _reads.thread.start()
    if not waits:
        flush()


def flush() -> None:
    """Store the waiting entries."""
    with _reads.lock:
        waiting, _reads.waiting = _reads.waiting, []
    while waiting:
        batch, waiting = waiting[:ROWS_IN_A_TURN], waiting[ROWS_IN_A_TURN:]
        try:
            with write_turn():
                AuditEntry.objects.bulk_create(batch)
        except DatabaseError:
            with _reads.lock:  # the next batch tries again
                _reads.waiting[:0] = [*batch, *waiting]
                dropped = max(0, len(_reads.waiting) - 2 * MOST)
                del _reads.waiting[:dropped]
            if dropped:
                _log.exception("the audit log lost %s entries", dropped)
            return


def work_in_background() -> None:
    """Store reads on a thread from now on, in this process and its forks."""
    _reads.in_background = True
    atexit.register(flush)


def forget() -> None:
    """Forget the recent reads. For tests."""
    with _reads.lock:
        _reads.waiting, _reads.seen = [], OrderedDict()


def _run() -> None:
    while True:
        time.sleep(EVERY)
        if _reads.waiting:
            flush()
            connection.close()


def details(given: Mapping[str, str]) -> str:
    """Return a request's parameters as text: only those that can hold no secret."""
    named = (f"{each}={given[each]}" for each in _WITHOUT_SECRETS if given.get(each))
    return " ".join(named)[:_LONGEST]


def _write(
    kind: str,
    caller: Identity,
    address: str,
    given: Callable[[], Mapping[str, str]],
    act: Act,
) -> None:
    asked = given()
    for inbox_id in _inboxes(caller, act, asked):
        made = entry(
            kind,
            caller,
            address,
            inbox_id=inbox_id,
            object=act.object or asked.get("object", ""),
            details=act.details or details(asked),
        )
        made.save(force_insert=True)


def _inboxes(caller: Identity, act: Act, asked: Mapping[str, str]) -> list[int | None]:
    """Return the inboxes of a change; [None] if they are unknown."""
    if act.inbox_id is not None:
        return [act.inbox_id]
    keys = [
        key for each in asked.get("ids", "").split(",")[:500] if (key := as_uuid(each))
    ]
    rows = Message.objects.filter(pk__in=keys).values_list("inbox", flat=True)
    if found := sorted(set(rows)):
        return list(found)
    slug = asked.get("inbox") or asked.get("slug")
    if slug and (named := Inbox.objects.filter(slug=slug[:100]).first()):
        return [named.pk]
    roles = caller.roles
    return list(roles) if 0 < len(roles) <= _SEVERAL else [None]


_WITHOUT_SECRETS = (
    "q",
    "all",
    "ids",
    "do",
    "name",
    "scenario",
    "inbox",
    "include",
    "format",
)
