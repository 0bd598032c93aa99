"""Evidence from the stored rows of sessions, before any judgement.

It takes a few queries for any number of sessions; none reads each exchange. The
sessions must have been read within a scope.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, Count, F, Max, Min, QuerySet, Value
from django.db.models.functions import StrIndex, Substr

from inbox.insight.findings.body_signs import BodySpot, examine
from inbox.insight.findings.wire import HELLOS, flag_kind, hello_kinds
from inbox.mailbox.scope import ALL
from inbox.mailbox.sessions import of_wire
from inbox.models import (
    BodyFinding,
    Exchange,
    Message,
    Raw,
    Recipient,
    Session,
    Transaction,
)
from inbox.storage import body_store
from mailsink.smtp.protocol.events import FLAGS

_MINUTE = timedelta(minutes=1)
_NEIGHBOURS = 200  # earlier sessions that are read
_FRESH = 50  # bodies that are examined before the indexer does
_START = 64 * 1024  # octets of each


@dataclass(slots=True)
class SessionEvidence:
    """The evidence of one session.

    counts: how often each kind was found, whatever its severity. at: the seq at which
    kinds about the whole session are shown. offered: the lines of the last EHLO's
    reply, from the second on. verbs, flags: those that occur. unknown_verbs: whether
    some lines are no command. fresh: the findings in bodies that are not indexed (yet),
    by transaction. eased: kinds that are only infos here, and why, in a sentence
    """

    counts: Counter[str] = field(default_factory=Counter)
    at: dict[str, int] = field(default_factory=dict)
    offered: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    unknown_verbs: bool = False
    fresh: dict[UUID, list[BodySpot]] = field(default_factory=dict)
    eased: dict[str, str] = field(default_factory=dict)

    @property
    def offered_8bit(self) -> bool:
        return "8BITMIME" in self.offered


@dataclass(slots=True)
class _Group:
    """Exchanges of a session with the same verb, flags and code."""

    verb: str
    flags: str
    code: int | None
    count: int
    first: int
    last: int


def gather(sessions: Sequence[Session]) -> dict[UUID, SessionEvidence]:
    """Return the evidence of each session, by its id."""
    found = {each.id: SessionEvidence() for each in sessions}
    groups = _groups(found)
    hellos = _hellos(groups)
    for session in sessions:
        _judge_groups(found[session.id], session, groups[session.id])
        _judge_hellos(found[session.id], hellos[session.id])
    # first: messages that are indexed meanwhile are read by the next query
    _count_fresh(found)
    _count_bodies(found)
    _count_dotless(found, sessions)
    _count_repeated(found, [each.id for each in sessions if each.messages > 1])
    _count_connections(found, sessions)
    return found


def _groups(sessions: dict[UUID, SessionEvidence]) -> dict[UUID, list[_Group]]:
    rows = (
        Exchange.objects.filter(session_id__in=list(sessions), direction="in")
        .values_list("session_id", "verb", "flags", "code")
        .annotate(Count("seq"), Min("seq"), Max("seq"))
    )
    groups: dict[UUID, list[_Group]] = defaultdict(list)
    for session, *rest in rows:
        groups[session].append(_Group(*rest))
    return groups


def _hellos(groups: dict[UUID, list[_Group]]) -> dict[UUID, list[tuple[int, str, str]]]:
    """Return (seq, line, reply) of the first and the last greeting of each kind."""
    keys = {
        (session, seq)
        for session, each in groups.items()
        for group in each
        if group.verb in HELLOS
        for seq in (group.first, group.last)
    }
    rows = Exchange.objects.filter(pk__in=list(keys)).order_by("seq")
    hellos: dict[UUID, list[tuple[int, str, str]]] = defaultdict(list)
    for session, seq, line, reply in rows.values_list(
        "session_id", "seq", "line", "reply"
    ):
        hellos[session].append((int(seq), str(line), str(reply)))
    return hellos


def _judge_groups(
    found: SessionEvidence, session: Session, groups: list[_Group]
) -> None:
    found.verbs = frozenset(group.verb for group in groups)
    found.unknown_verbs = any(g.verb == "" and g.code == 500 for g in groups)
    found.flags = frozenset(flag for group in groups for flag in group.flags.split())
    for group in groups:
        for flag in group.flags.split():
            if flag != "pipelined":  # shown among the extensions
                found.counts[flag_kind(flag, group.verb)] += group.count
    greeted = _first(groups, *HELLOS)
    mail = min((g.first for g in groups if g.verb == "MAIL"), default=None)
    if mail is not None and (greeted is None or mail < greeted):
        note(found, "hello_missing", mail)
    helo = _first(groups, "HELO")
    if helo is not None and _first(groups, "EHLO", "LHLO") is None:
        note(found, "helo_only", helo)
    # then Mailsink is the one that sends QUIT
    turned = _first(groups, "ATRN", "TURN") is not None
    if not turned and _left_without_quit(session, found):
        note(found, "no_quit", max(1, session.exchanges))


def _first(groups: list[_Group], *verbs: str) -> int | None:
    """Return the seq of the first successful exchange with one of these verbs."""
    good = (g for g in groups if g.verb in verbs and 200 <= (g.code or 0) < 300)
    return min((group.first for group in good), default=None)


def _left_without_quit(session: Session, found: SessionEvidence) -> bool:
    said = session.last_verb not in ("", "QUIT")
    return session.ending == "dropped" and said and "aborted_in_data" not in found.flags


def note(found: SessionEvidence, kind: str, seq: int) -> None:
    """Note a kind that is about a whole session, with the line to show it at."""
    found.counts[kind] = 1
    found.at[kind] = seq


def _judge_hellos(found: SessionEvidence, hellos: list[tuple[int, str, str]]) -> None:
    for _, line, reply in hellos:
        for kind in hello_kinds(line):
            found.counts[kind] += 1
        if line[:4].upper() != "HELO" and reply.startswith("250-"):
            found.offered = tuple(each[4:] for each in reply.split("\n")[1:])


def _count_bodies(found: dict[UUID, SessionEvidence]) -> None:
    rows = (
        BodyFinding.objects.filter(transaction__session_id__in=list(found))
        .exclude(kind__in=FLAGS)  # these are counted through their exchanges
        .exclude(
            transaction_id__in=[id for each in found.values() for id in each.fresh]
        )
        .values_list("transaction__session_id", "kind")
        .annotate(Count("transaction_id"))
    )
    for session, kind, count in rows:
        found[session].counts[kind] += count


def _count_fresh(found: dict[UUID, SessionEvidence]) -> None:
    """Count the findings in bodies that were not indexed: new ones, and refused ones."""
    start = Substr("content", 1, _START, output_field=BinaryField())
    raws = (
        Raw.objects.filter(transaction__session_id__in=list(found))
        .filter(transaction__message__indexed_at=None)
        .defer("content")
        .annotate(start=start, session=F("transaction__session_id"))
    )
    chosen = list(raws.order_by("pk")[:_FRESH])
    recipients = _recipients([raw.pk for raw in chosen])
    for raw in chosen:
        octets = bytes(raw.start or b"") or _stored_start(raw)
        spots = examine(octets, raw.complete, recipients[raw.pk], raw.size)
        evidence = found[raw.session]
        evidence.fresh[raw.pk] = spots
        evidence.counts.update(spot.kind for spot in spots if spot.kind not in FLAGS)


def _recipients(transactions: list[UUID]) -> dict[UUID, list[str]]:
    paths: dict[UUID, list[str]] = defaultdict(list)
    if transactions:
        rows = Recipient.objects.filter(transaction_id__in=transactions)
        for transaction, path in rows.values_list("transaction_id", "forward_path"):
            paths[transaction].append(path)
    return paths


def _stored_start(raw: Raw) -> bytes:
    if not raw.key:
        return b""
    try:
        return body_store.read_start(raw, _START)
    except OSError:  # the transcript is shown all the same
        return b""


def _count_dotless(
    found: dict[UUID, SessionEvidence], sessions: Sequence[Session]
) -> None:
    """Count the addresses whose domain has no dot; local names are right in LMTP."""
    asked = [each.id for each in sessions if not each.protocol.startswith("LMTP")]
    senders = Transaction.objects.filter(session__in=asked)
    recipients = Recipient.objects.filter(transaction__session__in=asked)
    counts = Counter(
        _dotless(senders, "reverse_path")
        .values_list("session_id")
        .union(
            _dotless(recipients, "forward_path").values_list("transaction__session_id"),
            all=True,
        )
    )
    if not counts:
        return
    lines = Exchange.objects.filter(
        session_id__in=[session for (session,) in counts],
        verb__in=("MAIL", "RCPT"),
        direction="in",
    )
    dotless = _dotless(lines, "line").values_list("session_id")
    firsts = dict(dotless.annotate(Min("seq")))
    for (session,), count in counts.items():
        note(found[session], "dotless_domain", firsts.get(session, 1))
        found[session].counts["dotless_domain"] = count


def _dotless(rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    """Return the rows with neither a dot nor a literal after the "@" of an address."""
    domain = Substr(field, StrIndex(F(field), Value("@")) + 1)
    addresses = rows.filter(**{f"{field}__contains": "@"}).annotate(_domain=domain)
    dotless: QuerySet[Any] = addresses.exclude(_domain__contains=".").exclude(
        _domain__startswith="["
    )
    return dotless


def _count_repeated(found: dict[UUID, SessionEvidence], sessions: list[UUID]) -> None:
    """Count the transactions, with one recipient each, that a message took at most."""
    if not sessions:
        return
    rows = (
        Message.objects.filter(
            transaction__session_id__in=sessions, transaction__recipients_accepted=1
        )
        .exclude(message_id="")
        .values_list("transaction__session_id", "message_id")
        .annotate(sent=Count("id"))
        .filter(sent__gt=1)
        .order_by("sent")
    )
    for session, _, sent in rows:
        found[session].counts["transaction_per_recipient"] = sent


def _count_connections(
    found: dict[UUID, SessionEvidence], sessions: Sequence[Session]
) -> None:
    """Count the connections of a client within a minute that brought one message each.

    Only those to the same inbox: a user who sees it may not see other inboxes.
    """
    single = [each for each in sessions if each.messages == 1]
    if not single:
        return
    newest = max(each.id for each in single)
    rows = of_wire(ALL).filter(pk__lte=newest, direction="in").order_by("-pk")
    before: dict[tuple[object, ...], list[datetime]] = defaultdict(list)
    for *who, messages, opened_at in rows.values_list(
        "inbox_id", "client_address", "helo", "messages", "opened_at"
    )[: len(sessions) + _NEIGHBOURS]:
        if messages == 1:
            before[*who].append(opened_at)
    for each in single:
        times = before[each.inbox_id, each.client_address, each.helo]
        count = sum(each.opened_at - _MINUTE <= at <= each.opened_at for at in times)
        if count > 1:
            note(found[each.id], "connection_per_message", 1)
            found[each.id].counts["connection_per_message"] = count


def repeated_transactions(session: Session) -> Iterator[UUID]:
    """Yield the transactions that sent a message of their session again."""
    seen: set[str] = set()
    rows = Message.objects.filter(
        transaction__session=session, transaction__recipients_accepted=1
    ).exclude(message_id="")
    for transaction, identifier in rows.order_by("pk").values_list(
        "transaction_id", "message_id"
    ):
        if identifier in seen:
            yield transaction
        seen.add(identifier)
