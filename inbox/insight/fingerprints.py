"""Fingerprints of ended transactions, by which other attempts are found.

They also have the number of the attempt. The indexer makes them after the commit,
oldest first; after a crash, missing ones are found again.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef

from inbox.errors import NotFound
from inbox.insight import attempts
from inbox.insight.attempts import alike
from inbox.mailbox import transactions
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Fingerprint, Message, Raw, Recipient, Session, Transaction
from inbox.models.session import TAKEN, WITHOUT_CLIENT, AddressKey
from inbox.search import language
from inbox.storage import body_store
from inbox.storage.write_lock import write_turn
from mailsink.ids import first_at, made_at
from mailsink.mime import headers

AT_ONCE = 200
_HEADER = 64 * 1024  # octets of a body that are read for its Message-ID
# How long a refused body may take to reach its row, and rows to reach the database.
_SETTLED = 10.0  # seconds
_RECIPIENTS = 100  # of a transaction
_SAME_ID = 1000  # transactions with the same Message-ID that are read
_ALIKE = 20  # transactions with the same body that are read
_FAILED = 1000  # recently failed transactions, of which this one may be another attempt


class Fingerprints:
    """Makes fingerprints, step by step. Remembers the id up to which all are made."""

    def __init__(self) -> None:
        self._floor = UUID(int=0)

    def make_some(self) -> tuple[int, list[UUID]]:
        """Make the oldest missing ones.

        Return their number, and the ids of the messages that took several attempts.
        """
        ceiling = _ceiling()
        rows = _missing(self._floor)
        settled = {each.id: _is_settled(each) for each in rows}
        ready = [pk for pk, is_ready in settled.items() if is_ready]
        made = _put(_made(ready)) if ready else []
        if made:
            _number(made)
        waiting = [pk for pk, is_ready in settled.items() if not is_ready]
        reached = rows[-1].id if len(rows) == AT_ONCE else ceiling
        self._floor = max(self._floor, min([reached, ceiling, *waiting]))
        return len(ready), _retried(made)


def _ceiling() -> UUID:
    """Return the id before which every transaction is stored, and has ended."""
    live = Session.objects.filter(ending__isnull=True).order_by("pk")
    oldest = live.values_list("pk", flat=True).first()
    now = first_at(time.time() - _SETTLED)
    return min(oldest, now) if oldest else now


@dataclass(frozen=True, slots=True)
class _Ended:
    """A transaction that ended."""

    id: UUID
    outcome: str
    recipients_accepted: int
    ended_us: int | None
    opened_at: datetime  # of its session
    has_body: bool


def _missing(floor: UUID) -> list[_Ended]:
    there = Fingerprint.objects.filter(transaction=OuterRef("pk"))
    rows = Transaction.objects.filter(~Exists(there), pk__gte=floor)
    rows = rows.filter(outcome__isnull=False).annotate(has_body=_HAS_BODY)
    found = rows.order_by("pk").values_list(*_NEEDED)[:AT_ONCE]
    return [_Ended(*each) for each in found]


_NEEDED = (
    "id", "outcome", "recipients_accepted", "ended_us", "session__opened_at", "has_body",
)  # fmt: skip


# An import is no attempt.
_OTHERS = Fingerprint.objects.exclude(
    transaction__session__listener_kind__in=WITHOUT_CLIENT
)
_HAS_BODY = Exists(Raw.objects.filter(transaction=OuterRef("pk")))


def _is_settled(row: _Ended) -> bool:
    """Whether its body is stored, or enough time has passed that none will be."""
    if row.outcome == "accepted" or not row.recipients_accepted:
        return True
    if row.has_body:
        return True
    ended = row.opened_at + timedelta(microseconds=row.ended_us or 0)
    return (datetime.now(UTC) - ended).total_seconds() > _SETTLED


def _made(ids: list[UUID]) -> list[Fingerprint]:
    kept = Message.objects.filter(transaction__in=ids)
    known = dict(kept.values_list("transaction_id", "message_id"))
    stored = Raw.objects.filter(pk__in=ids)
    hashes = dict(stored.values_list("pk", "sha256"))
    refused = [id for id in hashes if id not in known]
    for body in Raw.objects.filter(pk__in=refused).defer("content") if refused else ():
        known[body.pk] = _message_id(body)
    return [
        Fingerprint(
            transaction_id=id,
            message_id=known.get(id, "")[: attempts.KEY_LENGTH],
            sha256=hashes.get(id, ""),
        )
        for id in ids
    ]


def _put(made: list[Fingerprint]) -> list[Fingerprint]:
    """Write fingerprints; return those whose transactions still exist."""
    ids = [each.transaction_id for each in made]
    with write_turn():
        rows = Transaction.objects.filter(pk__in=ids)
        there = set(rows.values_list("pk", flat=True))
        kept = [each for each in made if each.transaction_id in there]
        Fingerprint.objects.bulk_create(kept, ignore_conflicts=True)
    return kept


def _message_id(body: Raw) -> str:
    """Return the Message-ID of a body that was not accepted."""
    try:
        if body.key:
            return headers.summary(body_store.read_start(body, _HEADER)).message_id
    except OSError:
        return ""  # its file is gone
    return transactions.bodies([body.pk])[body.pk].header.message_id


def _number(made: Collection[Fingerprint]) -> None:
    """Set the number of the attempt of each one; most can only be the first."""
    may_be = _failed_before([each.transaction_id for each in made])
    repeated = _repeated(each.transaction_id for each in made if each.message_id)
    may_be |= _body_failed(each.transaction_id for each in made if not each.message_id)
    numbers: dict[UUID, int] = {}  # of this step
    for each in made:
        id = each.transaction_id
        before = _newest_before(each) if id in repeated else None
        known = numbers.get(before.pk, before.attempt) if before else 0
        if known >= alike.MOST:
            # the number for such a long history is not computed each time
            each.attempt = known + 1
        elif before or id in may_be:
            each.attempt = _attempt(id)
        numbers[id] = each.attempt
    again = [each for each in made if each.attempt > 1]
    if again:
        with write_turn():
            Fingerprint.objects.bulk_update(again, ["attempt"])


def _attempt(id: UUID) -> int:
    """Return the number of a transaction among the attempts of its inbox.

    A user who sees it may not see the other inboxes. Return 1 if it was removed
    meanwhile.
    """
    inbox = Transaction.objects.filter(pk=id).values_list("inbox", flat=True).first()
    try:
        return attempts.of_transaction(_scope(inbox), id).number
    except NotFound:
        return 1


def _scope(inbox: int | None) -> Scope:
    return ALL if inbox is None else Scope(frozenset({inbox}))


def _failed_before(ids: Collection[UUID]) -> set[UUID]:
    """Return the ids of those with a recipient of a recently failed transaction."""
    failed = transactions.not_accepted(ALL, language.Query()).order_by("-pk")
    since = first_at(made_at(min(ids)) - attempts.LIKELY_WITHIN)
    failed = failed.filter(pk__gte=since, pk__lt=max(ids))
    recent = list(failed.values_list("pk", flat=True)[:_FAILED])
    if not recent:
        return set()
    named = Recipient.objects.filter(seq__lte=_RECIPIENTS).annotate(
        key=AddressKey("forward_path")
    )
    before: dict[str, UUID] = {}
    rows = named.filter(transaction_id__in=recent)
    for key, id in rows.values_list("key", "transaction_id"):
        before[key] = min(id, before.get(key, id))
    ours = named.filter(transaction_id__in=ids).values_list("key", "transaction_id")
    return {id for key, id in ours if before.get(key, id) < id}


def _repeated(ids: Iterable[UUID]) -> set[UUID]:
    """Return the ids of those whose Message-ID an earlier one had."""
    others = _OTHERS.filter(message_id=OuterRef("message_id"))
    others = others.filter(pk__lt=OuterRef("pk"))
    rows = Fingerprint.objects.filter(Exists(others), pk__in=list(ids))
    return set(rows.values_list("pk", flat=True))


def _newest_before(one: Fingerprint) -> Fingerprint | None:
    """Return the last earlier one of its inbox with its Message-ID and a common recipient."""
    named = Recipient.objects.filter(transaction=one.transaction_id)
    named = named.filter(seq__lte=_RECIPIENTS)
    inbox = Transaction.objects.filter(pk=one.transaction_id).values("inbox")
    before = Fingerprint.objects.filter(message_id=one.message_id, pk__lt=one.pk)
    before = before.filter(transaction__inbox__in=inbox)
    paths = {each.lower() for each in named.values_list("forward_path", flat=True)}
    shared = alike.sharing(before, paths, _SAME_ID)
    return shared.order_by("-transaction_id").first()


def _body_failed(ids: Iterable[UUID]) -> set[UUID]:
    """Return the ids of those whose body failed in one of the newest other transactions."""
    same = _OTHERS.exclude(pk=OuterRef(OuterRef("pk")))
    same = same.filter(sha256=OuterRef(OuterRef("sha256"))).order_by("-transaction")
    newest = Transaction.objects.filter(pk__in=same.values("transaction")[:_ALIKE])
    failed = Exists(newest.exclude(outcome__in=TAKEN))
    rows = Fingerprint.objects.filter(failed, pk__in=list(ids)).exclude(sha256="")
    return set(rows.values_list("pk", flat=True))


def _retried(made: Collection[Fingerprint]) -> list[UUID]:
    """Return the ids of the messages that took several attempts."""
    ids = [each.transaction_id for each in made if each.attempt > 1]
    kept = (
        Message.objects.filter(transaction__in=ids) if ids else Message.objects.none()
    )
    return list(kept.values_list("pk", flat=True))
