"""Finds the transactions that tried to send the same message, certainly or likely."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from inbox.insight import mail_refusals
from inbox.insight.attempts.candidates import KEY_LENGTH, Candidate
from inbox.insight.attempts.unheard import final_lines
from inbox.mailbox.scope import Scope
from inbox.models import Fingerprint, Recipient, Session, Transaction
from inbox.models.session import TAKEN, WITHOUT_CLIENT, AddressKey
from mailsink.ids import first_at, made_at

MOST = 50  # attempts in a history, the newest ones
MOST_COUNTED = 10_000
LIKELY_WITHIN = 24 * 3600  # seconds

_NEAR = 200  # transactions for the same recipient that are read, before and after
_LOADED = 40  # of these, the transactions of the same client that are loaded
# Like Candidate.settled, but ignoring whether the client got the reply
_SETTLED = Q(outcome__in=TAKEN, recipients_refused=0)
_LOOKED_UP = 3  # recipients of a transaction that are used to find others


def with_the_same(scope: Scope, asked: Candidate) -> tuple[list[UUID], int]:
    """Return the newest transactions with the same Message-ID, or else the same body.

    They share a recipient with the given one, if it has any. Also return their number,
    which is counted only if they are more than are shown.
    """
    if not (asked.message_id or asked.body.sha256):
        return [], 0
    rows = sharing(_same(scope, asked), asked.recipients, MOST_COUNTED)
    ids = rows.order_by("-transaction_id").values_list("transaction_id", flat=True)
    found = list(ids[: MOST + 1])
    if len(found) <= MOST:
        return found, 0
    return found, rows.count()


def number_before(scope: Scope, asked: Candidate) -> int:
    """Return the number of earlier transactions with the same Message-ID, or body."""
    rows = _same(scope, asked).filter(pk__lt=asked.key)
    return sharing(rows, asked.recipients, MOST_COUNTED).count()


def _same(scope: Scope, asked: Candidate) -> QuerySet[Fingerprint]:
    rows = Fingerprint.objects.filter(scope.q("transaction__inbox_id"))
    if asked.message_id:
        return rows.filter(message_id=asked.message_id[:KEY_LENGTH])
    return rows.filter(sha256=asked.body.sha256)


def sharing(
    rows: QuerySet[Fingerprint], recipients: Collection[str], most: int
) -> QuerySet[Fingerprint]:
    """Return the rows of clients that share a recipient: only among the newest `most`.

    A newsletter can go to everybody with one Message-ID.
    """
    rows = rows.exclude(transaction__session__listener_kind__in=WITHOUT_CLIENT)
    newest = rows.order_by("-transaction_id").values("pk")[:most]
    rows = Fingerprint.objects.filter(pk__in=newest)
    if not recipients:
        return rows
    keys: Any = [AddressKey(Value(each)) for each in sorted(recipients)]
    named = Recipient.objects.annotate(key=AddressKey("forward_path"))
    return rows.filter(Exists(named.filter(transaction=OuterRef("pk"), key__in=keys)))


def near(scope: Scope, asked: Candidate) -> list[UUID]:
    """Return the transactions nearest in time that may be attempts, within a day.

    They have the same client and sender, and a common recipient. Those that cannot be
    attempts at this message are left out: transactions after a message that all
    recipients got, and those before the first failed attempt.
    """
    before, after = _for_a_same_recipient(scope, asked)
    mine = Transaction.objects.filter(
        mail_refusals.same_client(asked.row.session, "session__"),
        reverse_path__iexact=asked.row.reverse_path,
    )
    earlier = mine.filter(pk__in=before).order_by("-pk").annotate(settled=_SETTLED)
    kept = list(earlier.select_related("session")[:_LOADED])
    lost = final_lines(kept)
    while kept and kept[-1].settled and kept[-1].pk not in lost:
        kept.pop()
    later = mine.filter(pk__in=after).order_by("pk").values_list("pk", flat=True)
    return [*(each.pk for each in kept), *later[:_LOADED]]


def _for_a_same_recipient(
    scope: Scope, asked: Candidate
) -> tuple[set[UUID], set[UUID]]:
    """Return the nearest transactions before and after; those after only if this one failed."""
    made = made_at(asked.key)
    since, until = first_at(made - LIKELY_WITHIN), first_at(made + LIKELY_WITHIN)
    before: set[UUID] = set()
    after: set[UUID] = set()
    for address in sorted(asked.recipients)[:_LOOKED_UP]:
        rows = (
            Recipient.objects.annotate(key=AddressKey("forward_path"))
            .filter(scope.q("transaction__inbox_id"), key=AddressKey(Value(address)))
            .values_list("transaction_id", flat=True)
        )
        older = rows.filter(transaction_id__gte=since, transaction_id__lt=asked.key)
        before |= {*older.order_by("-transaction_id")[:_NEAR]}
        if not asked.settled:
            newer = rows.filter(transaction_id__gt=asked.key, transaction_id__lt=until)
            after |= {*newer.order_by("transaction_id")[:_NEAR]}
    return before, after


def is_same(asked: Candidate, other: Candidate) -> bool:
    """Whether both are certainly the same message, for a common recipient."""
    if other.key == asked.key or not _share(asked, other):
        return False
    if asked.message_id:
        return asked.message_id == other.message_id
    return bool(asked.body.sha256) and asked.body.sha256 == other.body.sha256


def up_to_accepted(
    asked: Candidate, same: dict[UUID, Candidate]
) -> dict[UUID, Candidate]:
    """Return the attempts with the same octets, up to an accepted one.

    Without a Message-ID, later ones are new messages with equal content: a test
    fixture.
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


def likely(
    asked: Candidate, others: Collection[Candidate], certain: Collection[UUID]
) -> list[Candidate]:
    """Return the likely attempts before and after the given one.

    An accepted attempt ends the history: later ones are of another message.
    """
    made = made_at(asked.key)
    nearby = [
        each
        for each in others
        if abs(made_at(each.key) - made) <= LIKELY_WITHIN
        and (each.key in certain or _same_envelope(asked, each))
    ]
    before = sorted((e for e in nearby if e.key < asked.key), key=_key, reverse=True)
    after = sorted((e for e in nearby if e.key > asked.key), key=_key)
    found = _likely_before(asked, before, certain)
    return found if asked.settled else found + _likely_after(asked, after, certain)


def _share(asked: Candidate, other: Candidate) -> bool:
    return bool(asked.recipients & other.recipients) or not asked.recipients


def _same_envelope(asked: Candidate, other: Candidate) -> bool:
    """Whether the client or user, the sender and the recipients are the same.

    A client may stop at the first refused recipient, or try again for that one only: so
    the recipients of one may be a subset of the other's.
    """
    a, b = asked.recipients, other.recipients
    if not a or not b or not (a <= b or b <= a):
        return False
    if asked.row.reverse_path.lower() != other.row.reverse_path.lower():
        return False
    return _is_of_client(asked.row.session, other.row.session)


def _bodies_agree(asked: Candidate, other: Candidate, retries: bool) -> bool:
    """Whether the known facts about the bodies permit that they are the same message.

    retries: whether the client is known to keep the Message-ID when it tries again. A
    client that builds the message again gives it a new Message-ID, and the same
    subject. An attempt without a body counts only if it was refused: otherwise its
    client has no reason to try again.
    """
    if asked.body.size is None or other.body.size is None:
        return all(
            each.body.size is not None or each.refused for each in (asked, other)
        )
    if retries and other.message_id and asked.message_id != other.message_id:
        return False
    return asked.subject == other.subject


def _is_of_client(one: Session, other: Session) -> bool:
    same_user = one.auth_username and one.auth_username == other.auth_username
    same_name = one.client_address == other.client_address and one.helo == other.helo
    return bool(same_user) or same_name


def _likely_before(
    asked: Candidate, before: Iterable[Candidate], certain: Collection[UUID]
) -> list[Candidate]:
    found = []
    bare = True  # whether an attempt without a body may belong to this message
    for each in before:
        if each.key in certain:
            continue
        agree = _bodies_agree(asked, each, bool(certain))
        if agree and each.settled:
            break
        if agree and (bare or each.body.size is not None):
            found.append(each)
        if each.settled:
            bare = False  # from here on, it belonged to that message
    return found


def _likely_after(
    asked: Candidate, after: Iterable[Candidate], certain: Collection[UUID]
) -> list[Candidate]:
    found = []
    for each in after:
        same = each.key in certain
        if not same and _bodies_agree(asked, each, bool(certain)):
            found.append(each)
            same = True
        if same and each.settled:
            break
    return found


def _key(one: Candidate) -> UUID:
    return one.key
