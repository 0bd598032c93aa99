"""Attempts: the tries of one message over several sessions, refused ones too.

Joined by Message-ID, else by the body's hash, where they share a recipient; and, as
likely, by the same client or user and the same envelope within 24 hours, up to the try
that was accepted. Worked out when read, from bounded numbers of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet, Value
from django.utils.translation import gettext as _

from inbox.models import (
    Exchange,
    Fingerprint,
    Message,
    Recipient,
    Session,
    Transaction,
)
from inbox.models.session import AddressKey
from inbox.services import mail_refusals, transactions
from inbox.services.explain.stories import Joined, Story, Try
from inbox.services.paging import NotFound, as_uuid
from inbox.services.scope import Scope
from inbox.services.transactions import NO_BODY, Body
from mailsink.ids import first_at, made_at

MOST = 50  # tries that a story tells, the newest ones
MOST_COUNTED = 10_000
LIKELY_WITHIN = 24 * 3600  # seconds
KEY_LENGTH = 256  # characters of a Message-ID that are indexed

_NEAR = 200  # transactions for the same recipient that are looked at, on either side
_LOADED = 40  # of them, those of the same client that are read
_RECIPIENTS = 100  # of a transaction that are compared
_LOOKED_UP = 3  # of them, those by which others are found
_STEPS = 50_000  # exchanges that may be stepped over to find replies


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A transaction, with what tells whether it carried the same message."""

    row: Transaction
    recipients: frozenset[str]
    body: Body
    message_id: str
    subject: str
    message: UUID | None  # that is not deleted

    @property
    def key(self) -> UUID:
        return self.row.pk

    @property
    def settled(self) -> bool:
        """Whether everybody who was asked for got the message: what follows is another."""
        return self.row.outcome == "accepted" and not self.row.recipients_refused


def of_transaction(scope: Scope, id: str | UUID) -> Story:
    """Return the story of the message that a transaction tried to send. Raises NotFound."""
    key = as_uuid(id)
    rows = Transaction.objects.filter(scope.q(), pk=key) if key else None
    for one in _load(rows) if rows is not None else ():
        return _told(scope, one)
    raise NotFound(_('there is no transaction "%(id)s"') % {"id": id})


def of_exchange(scope: Scope, exchange: Exchange) -> Story | None:
    """Return the story of what an exchange was part of; None if it was of no message.

    Takes an exchange that was read within a scope. A MAIL that was refused is told with
    the transaction that followed it.
    """
    if exchange.transaction_id:
        try:
            return of_transaction(scope, exchange.transaction_id)
        except NotFound:
            return None  # removed meanwhile
    if not mail_refusals.is_one(exchange):
        return None
    session = Session.objects.get(pk=exchange.session_id)
    refusal = mail_refusals.as_try(session, exchange)
    following = mail_refusals.following(scope, session, exchange)
    if following and (story := of_transaction(scope, following)).several:
        for at, each in enumerate(story.tries):
            if (each.session, each.seq) == (refusal.session, refusal.seq):
                return replace(story, at=at)
    return Story([refusal], 0, 1, None)


def _told(scope: Scope, asked: _Candidate) -> Story:
    far, total = _with_the_same(scope, asked)
    near = _near(scope, asked)
    others = _load(Transaction.objects.filter(scope.q(), pk__in={*far, *near}))
    certain = {each.key: each for each in others if _is_same(asked, each)}
    if not asked.message_id:
        certain = _up_to_accepted(asked, certain)
    likely = _likely(asked, others, certain)
    found = {asked.key: asked} | {each.key: each for each in likely} | certain
    newest = sorted(found, reverse=True)[:MOST]
    if asked.key not in newest:
        newest[-1] = asked.key
    replies = _refusals(found[key].row for key in newest)
    sure = {asked.key, *certain}
    tries = [_try(found[key], replies.get(key), key not in sure) for key in newest]
    refused = mail_refusals.belonging_to(scope, asked.row, newest)[:MOST]
    tries += [replace(each, likely=True) for each in refused]
    tries.sort(key=lambda each: each.started_at)
    at = next(i for i, each in enumerate(tries) if each.transaction == asked.key)
    several = len(tries) > 1
    joined = _joined(asked, bool(certain)) if several else None
    return Story(tries, at, max(total, len(tries)), joined)


def _joined(asked: _Candidate, certain: bool) -> Joined:
    if not certain:
        return "envelope"
    return "message-id" if asked.message_id else "body"


# Which


def _with_the_same(scope: Scope, asked: _Candidate) -> tuple[list[UUID], int]:
    """Return the newest transactions with the same Message-ID, else the same body.

    And how many there are, counted only where they are more than are told.
    """
    rows = Fingerprint.objects.filter(scope.q("transaction__inbox_id"))
    if asked.message_id:
        rows = rows.filter(message_id=asked.message_id[:KEY_LENGTH])
    elif asked.body.sha256:
        rows = rows.filter(sha256=asked.body.sha256)
    else:
        return [], 0
    ids = rows.order_by("-transaction_id").values_list("transaction_id", flat=True)
    found = list(ids[: MOST + 1])
    if len(found) <= MOST:
        return found, 0
    return found, rows.order_by()[:MOST_COUNTED].count()


def _near(scope: Scope, asked: _Candidate) -> list[UUID]:
    """Return the transactions of the same client and sender, and for a same recipient,
    that are nearest in time, within a day."""
    made = made_at(asked.key)
    since, until = first_at(made - LIKELY_WITHIN), first_at(made + LIKELY_WITHIN)
    found: set[UUID] = set()
    for address in sorted(asked.recipients)[:_LOOKED_UP]:
        rows = (
            Recipient.objects.annotate(key=AddressKey("forward_path"))
            .filter(scope.q("transaction__inbox_id"), key=AddressKey(Value(address)))
            .values_list("transaction_id", flat=True)
        )
        before = rows.filter(transaction_id__gte=since, transaction_id__lt=asked.key)
        after = rows.filter(transaction_id__gt=asked.key, transaction_id__lt=until)
        found |= {*before.order_by("-transaction_id")[:_NEAR]}
        found |= {*after.order_by("transaction_id")[:_NEAR]}
    mine = Transaction.objects.filter(
        mail_refusals.same_client(asked.row.session, "session__"),
        pk__in=found,
        reverse_path__iexact=asked.row.reverse_path,
    )
    ids = mine.order_by("-pk").values_list("pk", flat=True)
    older, newer = ids.filter(pk__lt=asked.key), ids.filter(pk__gt=asked.key)
    return [*older[:_LOADED], *newer.order_by("pk")[:_LOADED]]


def _is_same(asked: _Candidate, other: _Candidate) -> bool:
    """Whether both are certainly the same message, tried for a recipient in common."""
    if other.key == asked.key or not _share(asked, other):
        return False
    if asked.message_id:
        return asked.message_id == other.message_id
    return bool(asked.body.sha256) and asked.body.sha256 == other.body.sha256


def _up_to_accepted(
    asked: _Candidate, same: dict[UUID, _Candidate]
) -> dict[UUID, _Candidate]:
    """Return the tries with the same octets up to one that was accepted.

    Without a Message-ID, what is sent again after that is a message like it: a fixture.
    """
    settled = {key for key, each in same.items() if each.settled}
    since = max((key for key in settled if key < asked.key), default=None)
    until = min((key for key in settled if key > asked.key), default=None)
    if asked.settled:
        until = asked.key
    return {
        key: each
        for key, each in same.items()
        if (since is None or key > since) and (until is None or key <= until)
    }


def _share(asked: _Candidate, other: _Candidate) -> bool:
    return bool(asked.recipients & other.recipients) or not asked.recipients


def _same_envelope(asked: _Candidate, other: _Candidate) -> bool:
    """Whether the client or user, the sender and the recipients are the same.

    A client may stop at the first recipient that is refused, or try again for that one
    only: the recipients of one are then among those of the other.
    """
    a, b = asked.recipients, other.recipients
    if not a or not b or not (a <= b or b <= a):
        return False
    if asked.row.reverse_path.lower() != other.row.reverse_path.lower():
        return False
    return _is_of_client(asked.row.session, other.row.session)


def _bodies_agree(asked: _Candidate, other: _Candidate, retries: bool) -> bool:
    """Whether what is known of the bodies lets them be the same message.

    retries: whether the client is known to keep the Message-ID when it tries again. One
    that builds the message anew gives it another one, and the same subject.
    """
    if asked.body.size is None or other.body.size is None:
        return True
    if retries and other.message_id and asked.message_id != other.message_id:
        return False
    return asked.subject == other.subject


def _is_of_client(one: Session, other: Session) -> bool:
    same_user = one.auth_username and one.auth_username == other.auth_username
    return bool(same_user) or one.client_address == other.client_address


def _likely(
    asked: _Candidate, others: Collection[_Candidate], certain: Collection[UUID]
) -> list[_Candidate]:
    """Return the likely tries before and after the one asked about.

    What was accepted ends a story: what comes behind it is of another message.
    """
    made = made_at(asked.key)
    near = [
        each
        for each in others
        if abs(made_at(each.key) - made) <= LIKELY_WITHIN
        and (each.key in certain or _same_envelope(asked, each))
    ]
    before = sorted((e for e in near if e.key < asked.key), key=_key, reverse=True)
    after = sorted((e for e in near if e.key > asked.key), key=_key)
    found = _likely_before(asked, before, certain)
    return found if asked.settled else found + _likely_after(asked, after, certain)


def _likely_before(
    asked: _Candidate, before: Iterable[_Candidate], certain: Collection[UUID]
) -> list[_Candidate]:
    found = []
    bare = True  # may a try that showed no body be one of this message?
    for each in before:
        if each.key in certain:
            continue
        agree = _bodies_agree(asked, each, bool(certain))
        if agree and each.settled:
            break
        if agree and (bare or each.body.size is not None):
            found.append(each)
        if each.settled:
            bare = False  # it was one of that message then
    return found


def _likely_after(
    asked: _Candidate, after: Iterable[_Candidate], certain: Collection[UUID]
) -> list[_Candidate]:
    found = []
    for each in after:
        same = each.key in certain
        if not same and _bodies_agree(asked, each, bool(certain)):
            found.append(each)
            same = True
        if same and each.settled:
            break
    return found


def _key(one: _Candidate) -> UUID:
    return one.key


# What is known of them


def _load(rows: QuerySet[Transaction]) -> list[_Candidate]:
    """Return transactions with what tells them apart, in five queries."""
    found = list(rows.select_related("session"))
    ids = [each.pk for each in found]
    recipients: dict[UUID, set[str]] = {}
    named = Recipient.objects.filter(transaction_id__in=ids, seq__lte=_RECIPIENTS)
    for key, path in named.values_list("transaction_id", "forward_path"):
        recipients.setdefault(key, set()).add(path.lower())
    bodies = transactions.bodies(ids)
    prints = dict(
        Fingerprint.objects.filter(pk__in=ids).values_list("pk", "message_id")
    )
    messages = {
        each.transaction_id: each
        for each in Message.objects.filter(transaction_id__in=ids)
    }
    return [
        _candidate(
            each,
            frozenset(recipients.get(each.pk, ())),
            bodies.get(each.pk, NO_BODY),
            messages.get(each.pk),
            prints.get(each.pk, ""),
        )
        for each in found
    ]


def _candidate(
    row: Transaction,
    recipients: frozenset[str],
    body: Body,
    message: Message | None,
    printed: str,
) -> _Candidate:
    known = message.message_id if message else body.header.message_id
    return _Candidate(
        row=row,
        recipients=recipients,
        body=body,
        message_id=(known or printed)[:KEY_LENGTH],
        subject=message.subject if message else body.header.subject,
        message=message.pk if message and message.deleted_at is None else None,
    )


def _refusals(rows: Iterable[Transaction]) -> dict[UUID, Exchange]:
    """Return the last line of each transaction that was refused, in bounded time."""
    wanted = list(_within_bounds(rows))
    lines = Exchange.objects.filter(
        session_id__in={each.session_id for each in wanted},
        transaction_id__in={each.pk for each in wanted},
        code__gte=400,
    ).order_by("session_id", "seq")
    return {each.transaction_id: each for each in lines if each.transaction_id}


def _within_bounds(rows: Iterable[Transaction]) -> Iterator[Transaction]:
    sessions: set[UUID] = set()
    steps = 0
    for row in rows:
        if row.outcome == "accepted" and not row.recipients_refused:
            continue
        if row.session_id not in sessions:
            sessions.add(row.session_id)
            steps += row.session.exchanges
        if steps > _STEPS:
            return
        yield row


def _try(one: _Candidate, refusal: Exchange | None, likely: bool) -> Try:
    row = one.row
    opened_at = row.session.opened_at
    failed = refusal if row.outcome != "accepted" or row.recipients_refused else None
    return Try(
        started_at=_moment(opened_at, row.started_us),
        ended_at=None if row.ended_us is None else _moment(opened_at, row.ended_us),
        session=row.session_id,
        transaction=row.pk,
        message=one.message,
        seq=failed.seq if failed else None,
        outcome=row.outcome,
        code=row.code,
        stage=_stage(one, failed),
        reply=failed.reply if failed else "",
        recipients=row.recipients_accepted + row.recipients_refused,
        refused=row.recipients_refused,
        octets=one.body.size,
        likely=likely,
    )


def _stage(one: _Candidate, refusal: Exchange | None) -> str:
    if refusal is not None:
        return refusal.verb if refusal.kind == "command" else ""
    return "" if one.body.size is not None or one.row.recipients_accepted else "RCPT"


def _moment(opened_at: datetime, us: int) -> datetime:
    return opened_at + timedelta(microseconds=us)
