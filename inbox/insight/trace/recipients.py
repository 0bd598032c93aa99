"""Evidence from sessions that named the address: each RCPT, with its outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Value

from inbox.explain.evidence import MOST, Evidence, EvidenceKind, Outcomes
from inbox.explain.outcomes import peer
from inbox.insight.trace.whole import names
from inbox.mailbox import transcripts
from inbox.mailbox.known_addresses import key_of
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Message, Raw, Recipient, Transaction
from inbox.models.session import ADDRESS_KEY_LENGTH, REFUSED, AddressKey
from inbox.search.sql import has
from mailsink.ids import made_at

_RECENT = 2000  # recent refused recipients that are searched for badly written ones
_STEPS = 50_000  # exchanges that may be skipped to find replies
_RECIPIENTS = 5000  # of the transactions whose replies are searched


def find(scope: Scope, address: str) -> list[Evidence]:
    """Return the outcome of each RCPT of the address: the newest, at most MOST + 1."""
    recipients = _named(scope, address)
    ids = {each.transaction_id for each in recipients}
    messages = {
        each.transaction_id: each
        for each in Message.objects.filter(transaction_id__in=ids)
    }
    bodies = Raw.objects.filter(pk__in=ids - messages.keys())
    sizes = dict(bodies.values_list("pk", "size"))
    rcpts, ends = _replies(recipients)
    return [
        _message(each, message)
        if (message := messages.get(each.transaction_id)) and _is_taken(each)
        else _without_message(
            each,
            sizes.get(each.transaction_id),
            rcpts.get((each.transaction_id, each.seq)),
            ends.get(each.transaction_id),
        )
        for each in recipients
    ]


def outcomes(scope: Scope, address: str) -> Outcomes:
    """Return the outcomes of the newest RCPTs of the address, in numbers."""
    recipients = _named(scope, address)
    kinds = [_kind(each, None) for each in recipients]
    return Outcomes(
        accepted=kinds.count("removed") + kinds.count("discarded"),
        codes=tuple(
            each.final_code or each.transaction.code or each.rcpt_code
            if kind == "rejected"
            else each.rcpt_code
            for each, kind in zip(recipients, kinds, strict=True)
            if kind in ("refused", "rejected")
        ),
        lost=kinds.count("abandoned") + kinds.count("taken_back"),
        open=kinds.count("open"),
        more=len(recipients) > MOST,
        last=max((_named_at(each) for each in recipients), default=None),
    )


def _named_at(recipient: Recipient) -> datetime:
    return datetime.fromtimestamp(made_at(recipient.transaction_id), UTC)


# Which RCPTs


def _named(scope: Scope, address: str) -> list[Recipient]:
    rows = Recipient.objects.filter(scope.q("transaction__inbox_id"))
    rows = rows.select_related("transaction__session").order_by("-transaction_id")
    *exact, badly_written = spelt(rows, address)
    found = {each.pk: each for some in exact for each in some[: MOST + 1]}
    for each in badly_written[: 4 * MOST]:
        if names(each.forward_path, address):
            found[each.pk] = each
    newest = sorted(found.values(), key=lambda each: each.transaction_id, reverse=True)
    return newest[: MOST + 1]


def spelt(rows: QuerySet[Recipient], address: str) -> list[QuerySet[Recipient]]:
    """Return the rows that name the address, for each possible spelling.

    The last one: a path that was refused before it was parsed is stored unchanged, with
    its brackets. These rows only contain the address, maybe as a part of another one.
    """
    long = len(address) > ADDRESS_KEY_LENGTH
    exact = Q(forward_path__iexact=address) if long else Q()
    keyed = rows.annotate(key=AddressKey("forward_path")).filter(exact)
    ways = [keyed.filter(key=AddressKey(Value(each))) for each in _spellings(address)]
    refused = rows.filter(rcpt_code__gte=REFUSED)
    oldest = refused.values_list("transaction_id", flat=True)[_RECENT : _RECENT + 1]
    for id in oldest:
        refused = refused.filter(transaction_id__gte=id)
    return [*ways, refused.filter(has("forward_path", address))]


def _spellings(address: str) -> list[str]:
    if address.isascii():  # the database folds its case
        ways = [address, key_of(address)]
    else:
        ways = [address, address.lower(), key_of(address)]
    return list(dict.fromkeys(ways))


# Their outcomes


def _is_taken(recipient: Recipient) -> bool:
    return recipient.rcpt_code < 400 and (recipient.final_code or 250) < 400


def _message(recipient: Recipient, message: Message) -> Evidence:
    return Evidence(
        kind="trash" if message.deleted_at else "accepted",
        at=message.received_at,
        address=recipient.forward_path,
        peer=peer(recipient.transaction.session),
        subject=message.subject,
        code=recipient.transaction.code,
        message=message.pk,
        transaction=recipient.transaction_id,
        session=_session(recipient.transaction),
        deleted_at=message.deleted_at,
    )


def _session(transaction: Transaction) -> UUID | None:
    return None if transaction.session.has_no_client else transaction.session_id


def _without_message(
    recipient: Recipient,
    octets: int | None,
    rcpt: Exchange | None,
    end: Exchange | None,
) -> Evidence:
    """Return the evidence of a RCPT without a message: refused, or its message is gone."""
    transaction = recipient.transaction
    kind = _kind(recipient, octets)
    decisive = end if kind in ("rejected", "discarded") else rcpt
    code = recipient.rcpt_code if kind == "refused" else recipient.final_code
    about = Evidence(
        kind=kind,
        at=_at(transaction, kind, decisive),
        address=recipient.forward_path,
        peer=peer(transaction.session),
        code=code or transaction.code,
        octets=octets if kind == "cut_off" else None,
        ending=transaction.session.ending or "",
        transaction=transaction.pk,
        session=_session(transaction),
    )
    if decisive is None:
        return about
    return replace(about, reply=decisive.reply, rule=decisive.rule, seq=decisive.seq)


_KINDS: dict[str | None, EvidenceKind] = {
    None: "open",
    "accepted": "removed",
    "discarded": "discarded",
    "rejected": "rejected",
    "reset": "taken_back",
}


def _kind(recipient: Recipient, octets: int | None) -> EvidenceKind:
    if recipient.rcpt_code >= 400:
        return "refused"
    if not _is_taken(recipient):
        return "rejected"
    unfinished: EvidenceKind = "abandoned" if octets is None else "cut_off"
    return _KINDS.get(recipient.transaction.outcome, unfinished)


def _at(
    transaction: Transaction, kind: EvidenceKind, decisive: Exchange | None
) -> datetime:
    us = transaction.started_us if kind == "refused" else transaction.ended_us
    if decisive is not None and kind == "refused":
        us = decisive.received_us
    passed = transaction.started_us if us is None else us
    return transaction.session.opened_at + timedelta(microseconds=passed)


# Their replies

# The end of a message that a rule discarded.
_DISCARDS = Q(transaction__outcome="discarded", kind__in=("body", "chunk"))


def _replies(
    recipients: Iterable[Recipient],
) -> tuple[dict[tuple[UUID, int], Exchange], dict[UUID, Exchange]]:
    """Return the exchange of each RCPT, and the one in which each transaction failed."""
    wanted = list(_within_bounds(recipients))
    lines = (
        Exchange.objects.filter(
            session_id__in={each.session_id for each in wanted},
            transaction_id__in={each.pk for each in wanted},
        )
        .filter(Q(verb="RCPT") | Q(code__gte=400) | _DISCARDS)
        .order_by("session_id", "seq")
    )
    rcpts: dict[tuple[UUID, int], Exchange] = {}
    ends: dict[UUID, Exchange] = {}
    counted: dict[UUID, int] = defaultdict(int)
    for line in transcripts.loaded(lines):
        assert line.transaction_id
        if line.verb == "RCPT":
            counted[line.transaction_id] += 1
            rcpts[line.transaction_id, counted[line.transaction_id]] = line
        else:
            ends[line.transaction_id] = line
    return rcpts, ends


def _within_bounds(recipients: Iterable[Recipient]) -> Iterator[Transaction]:
    """Yield the transactions, newest first, whose lines can be read in limited time."""
    sessions: set[UUID] = set()
    steps = lines = 0
    for transaction in {
        each.transaction_id: each.transaction for each in recipients
    }.values():
        if transaction.outcome == "accepted" and not transaction.recipients_refused:
            continue
        if transaction.session_id not in sessions:
            sessions.add(transaction.session_id)
            steps += transaction.session.exchanges
        lines += transaction.recipients_accepted + transaction.recipients_refused
        if steps > _STEPS or lines > _RECIPIENTS:
            return
        yield transaction
