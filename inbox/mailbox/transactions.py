"""Transactions as people view them: above all those that were not accepted.

A TransactionSummary is a transaction with its times, its recipients, and facts from the
header of its body, for which only the body's first octets are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from django.db.models import (
    BinaryField,
    BooleanField,
    Exists,
    F,
    QuerySet,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.explain import transaction_failures
from inbox.mailbox import refused_for
from inbox.mailbox.large import refuse_here
from inbox.mailbox.paging import Page, as_cursor, as_uuid, fitting, within
from inbox.mailbox.scope import Scope
from inbox.models import Fingerprint, Message, Raw, Recipient, Transaction
from inbox.search import language
from inbox.storage import acts
from inbox.storage.body_store import read
from mailsink.mime import headers

NOT_ACCEPTED = ("rejected", "abandoned", "reset")
DISCARDED = "discarded"

# Octets of a stored body, compressed or not, that are read for its header.
_START = 8 * 1024
_UNPACKED_START = 64 * 1024
_RECIPIENT = 400  # octets of a recipient in a list, usually at most

# As a text, since SQLite's planner does not match the parameters of a list with a
# partial index, only a single parameter.
_IS_NOT_ACCEPTED = RawSQL(
    "inbox_transaction.outcome IN ('rejected', 'abandoned', 'reset')",
    (),
    output_field=BooleanField(),
)


@dataclass(frozen=True, slots=True)
class TransactionSummary:
    """A transaction with any outcome, or an open one."""

    kind: ClassVar[Literal["transaction"]] = "transaction"

    id: UUID
    session_id: UUID
    inbox_id: int | None
    seq: int
    reverse_path: str
    parameters: str
    outcome: str | None  # null: open
    code: int | None
    started_at: datetime
    ended_at: datetime | None
    recipients: list[Recipient]
    size: int | None  # of the body, in octets; None: there is no body
    complete: bool | None  # whether the body came to its end
    from_name: str = ""
    from_address: str = ""
    subject: str = ""
    number: int = 1  # the number of this attempt at its message, as far as indexed
    ending: str | None = None  # of the session
    # the first accepted one; if none was accepted, the first of all
    first_recipient: str = ""
    why: str = ""  # the reason of the refusal, in a few words, if known

    @property
    def failure(self) -> str:
        """The reason why it was not accepted, in a few words; "" if it was, or is open."""
        codes = [each.rcpt_code for each in self.recipients]
        return transaction_failures.failure(
            self.outcome, self.code, codes, self.size is not None, self.ending, self.why
        )


def find(
    scope: Scope,
    outcome: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    q: str = "",
) -> Page[TransactionSummary]:
    """Return transactions, newest first: those with one outcome, or all not accepted ones.

    Raises BadRequest.
    """
    rows = _newest(scope, language.parse(q), cursor)
    if outcome:
        rows = rows.filter(outcome=outcome)
    if outcome not in ("accepted", DISCARDED):
        rows = rows.filter(_IS_NOT_ACCEPTED)
    limit = within(limit)
    found = list(rows.select_related("session")[: limit + 1])
    limit = min(limit, _fitting(found))
    items = _summaries(found[: limit + 1])
    return Page(items[:limit], str(items[limit - 1].id) if items[limit:] else None)


def _fitting(found: Iterable[Transaction]) -> int:
    """Return how many of these fit in an answer, with all their recipients."""
    numbers = (each.recipients_accepted + each.recipients_refused for each in found)
    return fitting(_RECIPIENT * each for each in numbers)


def first(rows: QuerySet[Transaction], limit: int) -> dict[UUID, int]:
    """Return the ids of the first transactions, and the octets of the recipients of each."""
    recipients = F("recipients_accepted") + F("recipients_refused")
    found = rows.values_list("pk", recipients)[:limit]
    return {id: count * _RECIPIENT for id, count in found}


def not_accepted(scope: Scope, query: language.Query) -> QuerySet[Transaction]:
    """Return the matching transactions that were not accepted, unordered."""
    rows = Transaction.objects.filter(_IS_NOT_ACCEPTED, scope.q())
    return rows.filter(language.transactions(query))


def count_not_accepted(scope: Scope) -> int:
    """Return the number of transactions that were not accepted."""
    return Transaction.objects.filter(_IS_NOT_ACCEPTED, scope.q()).count()


def get(scope: Scope, id: str | UUID) -> TransactionSummary:
    """Return one transaction. Raises NotFound."""
    key = as_uuid(id)
    rows = Transaction.objects.filter(scope.q(), pk=key) if key else ()
    for summary in loaded(rows):
        acts.touch(summary.inbox_id, summary.id)
        return summary
    raise NotFound(_('there is no transaction "%(id)s"') % {"id": id})


def by_ids(ids: Collection[UUID]) -> list[TransactionSummary]:
    """Return those of these transactions that exist, for the live feed."""
    return loaded(Transaction.objects.filter(pk__in=ids))


def of_session(session_id: UUID, limit: int = 500) -> list[TransactionSummary]:
    """Return a session's transactions in order, as many as fit in an answer."""
    rows = Transaction.objects.filter(session_id=session_id).order_by("seq")
    found = list(rows.select_related("session")[:limit])
    return _summaries(found[: _fitting(found)])


def open_body(scope: Scope, id: str | UUID) -> bytes:
    """Return the octets of a transaction's body, as sent. Raises NotFound."""
    key = as_uuid(id)
    allowed = key and Transaction.objects.filter(scope.q(), pk=key).exists()
    hidden = Message.objects.filter(transaction=key, deleted_at__isnull=False)
    raw = Raw.objects.filter(~Exists(hidden), pk=key).first() if allowed else None
    if raw is None:
        raise NotFound(_('there is no body of a transaction "%(id)s"') % {"id": id})
    return read_body(raw)


def body_or_none(scope: Scope, id: str | UUID) -> bytes:
    """Return the octets of a transaction's body; b"" if there was none, or it is gone."""
    try:
        return open_body(scope, id)
    except NotFound:
        return b""


def read_body(raw: Raw) -> bytes:
    """Return a body's octets; refuse a large one. Raises NotFound if its file is gone."""
    refuse_here(raw.size)
    try:
        return read(raw)
    except FileNotFoundError:
        raise NotFound(
            _("the body of transaction %(pk)s is gone from storage (%(key)s)")
            % {"pk": raw.pk, "key": raw.key}
        ) from None


def _newest(
    scope: Scope, query: language.Query, cursor: str | None
) -> QuerySet[Transaction]:
    rows = Transaction.objects.filter(scope.q(), language.transactions(query))
    if before := as_cursor(cursor):
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-pk")


def loaded(
    rows: QuerySet[Transaction] | Iterable[Transaction],
) -> list[TransactionSummary]:
    """Return transactions with the facts that people view, in five queries for all."""
    if not isinstance(rows, QuerySet):
        return []
    return _summaries(list(rows.select_related("session")))


def _summaries(found: list[Transaction]) -> list[TransactionSummary]:
    ids = [each.pk for each in found]
    recipients: dict[UUID, list[Recipient]] = {}
    for each in Recipient.objects.filter(transaction_id__in=ids).order_by("seq"):
        recipients.setdefault(each.transaction_id, []).append(each)
    known = bodies(ids)
    whys = refused_for.whys(found)
    numbers = dict(
        Fingerprint.objects.filter(pk__in=ids, attempt__gt=1).values_list(
            "pk", "attempt"
        )
    )
    return [
        _summary(
            each,
            recipients.get(each.pk, []),
            known.get(each.pk, NO_BODY),
            numbers.get(each.pk, 1),
            whys.get(each.pk, ""),
        )
        for each in found
    ]


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Facts about a body. header: from its first octets; empty if the body is spooled."""

    size: int | None  # in octets; None: there is no body
    complete: bool | None
    sha256: str
    header: headers.Summary


NO_BODY = StoredBody(None, None, "", headers.Summary())


def bodies(ids: Collection[UUID]) -> dict[UUID, StoredBody]:
    """Return the facts about the bodies of these transactions, in one query."""
    rows = (
        Raw.objects.filter(pk__in=ids)
        .annotate(start=Substr("content", 1, _START, output_field=BinaryField()))
        .values_list("pk", "size", "complete", "sha256", "codec", "start")
    )
    return {
        key: StoredBody(
            size,
            complete,
            sha256,
            headers.summary(unpacked(codec, bytes(start or b""))),
        )
        for key, size, complete, sha256, codec, start in rows
    }


def _summary(
    row: Transaction,
    recipients: list[Recipient],
    body: StoredBody,
    number: int,
    why: str,
) -> TransactionSummary:
    opened_at = row.session.opened_at
    return TransactionSummary(
        id=row.pk,
        session_id=row.session_id,
        inbox_id=row.inbox_id,
        seq=row.seq,
        reverse_path=row.reverse_path,
        parameters=row.parameters,
        outcome=row.outcome,
        code=row.code,
        started_at=opened_at + timedelta(microseconds=row.started_us),
        ended_at=_later(opened_at, row.ended_us),
        recipients=recipients,
        size=body.size,
        complete=body.complete,
        from_name=body.header.from_name,
        from_address=body.header.from_address,
        subject=body.header.subject,
        number=number,
        ending=row.session.ending,
        first_recipient=row.first_recipient,
        why=why,
    )


def unpacked(codec: str, start: bytes) -> bytes:
    """Return the first octets of a body, from its first stored octets."""
    if codec != "zlib":
        return start
    return zlib.decompressobj().decompress(start, _UNPACKED_START)


def _later(opened_at: datetime, microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    return opened_at + timedelta(microseconds=microseconds)
