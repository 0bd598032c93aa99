"""Derives releases from captured messages, by the rules and the guard.

Only committed rows are used, and repeats are harmless: a queued release is not queued
again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from inbox.models import (
    Message,
    Raw,
    Recipient,
    Release,
    ReleaseRecipient,
    ReleaseRule,
    Route,
)
from inbox.outgoing import allowing, guarding, leaving, release_rules, trace_field
from inbox.outgoing.guarding import GuardState
from inbox.outgoing.leaving import Refusal
from inbox.outgoing.release_rules import BrokenRule
from inbox.outgoing.releases import MOST_RECIPIENTS, Asked, enqueue, made
from inbox.storage import body_store
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

log = logging.getLogger(__name__)

MOST_WAITING = 10_000  # releases in the queue; with more, no further ones are derived
_HEADER = 64 * 1024  # octets that are searched for marks of a loop
_GUARD = "guard"
# For a copy: the sender of the message did not ask for it.
_NO_REPORTS = "NOTIFY=NEVER"


@dataclass(frozen=True, slots=True)
class Plan:
    """The enabled rules, and the guard."""

    rules: Sequence[ReleaseRule]
    guard: GuardState

    @property
    def since(self) -> UUID | None:
        """The message after which releases may be derived; None: no releases are derived."""
        times = [rule.since for rule in self.rules]
        if self.guard.is_on and self.guard.route and self.guard.since:
            times.append(self.guard.since)
        return min(times, default=None)


@dataclass(slots=True)
class DerivedRelease:
    """A release derived from a message. key: see Release.derived_from"""

    message: Message
    key: str
    by: str
    route: Route
    asked: list[Asked]
    part: int = 0

    @property
    def is_copy(self) -> bool:
        return self.key.startswith("copy:")


@dataclass(slots=True)
class _Queued:
    """The queued releases of a message, by key."""

    paths: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, int] = field(default_factory=dict)  # the number of the next part


def plan() -> Plan:
    """Return the current plan. Raises BrokenRule if a rule or the guard is unreadable."""
    guard = guarding.state()
    if guard.fault:
        raise BrokenRule(guard.fault)
    return Plan(release_rules.active(), guard)


def queue_is_full() -> bool:
    """Whether the queue is so long that no further releases are derived."""
    rows = Release.objects.filter(state="queued")
    return rows.values("pk")[:MOST_WAITING].count() >= MOST_WAITING


def derive(messages: Sequence[Message], plan: Plan) -> int:
    """Queue the releases of messages; return their number.

    messages: with their transactions and sessions
    """
    asked = _asked(messages)
    wanted = [
        each
        for message in messages
        if not message.transaction.session.has_no_client
        for each in _wanted(message, asked[message.transaction_id], plan)
    ]
    if not wanted:
        return 0
    fresh = list(_allowed(_in_parts(_not_queued(_without_loops(wanted)))))
    for group in _groups(fresh):
        with write_turn():
            for each in group:
                derived = {"derived_from": each.key, "part": each.part}
                rows = made(each.message, each.route, each.asked, each.by, **derived)
                enqueue(*rows)
    return len(fresh)


def _asked(messages: Sequence[Message]) -> defaultdict[UUID, list[Asked]]:
    """Return the recipients of messages, by transaction."""
    keys = [each.transaction_id for each in messages]
    rows = Recipient.objects.filter(transaction__in=keys, rcpt_code__lt=300)
    found: defaultdict[UUID, list[Asked]] = defaultdict(list)
    for row in rows.order_by("transaction", "seq"):
        found[row.transaction_id].append((row.forward_path, row.parameters))
    return found


def _wanted(
    message: Message, asked: list[Asked], plan: Plan
) -> Iterator[DerivedRelease]:
    """Yield the releases of a message: for each recipient, by the first rule that fits."""
    sender, left = message.transaction.reverse_path, dict(asked)
    for rule in plan.rules:
        fitting = [each for each in asked if _fits(rule, message, sender, each[0])]
        by = f'rule "{rule.name}"'
        assert rule.route is not None  # otherwise the rule is broken
        if rule.action == "copy":
            if fitting and sender:  # reports would answer a copy of a report
                to = [(rule.copy_to, _NO_REPORTS)]
                yield DerivedRelease(message, f"copy:{rule.pk}", by, rule.route, to)
            continue
        mine = [each for each in fitting if left.pop(each[0], None) is not None]
        if mine:
            yield DerivedRelease(message, f"rule:{rule.pk}", by, rule.route, mine)
    guard = plan.guard
    if guard.is_on and guard.route and guard.since and message.pk > guard.since:
        mine = [each for each in left.items() if allowing.fits(each[0], guard.allow)]
        if mine:
            yield DerivedRelease(message, _GUARD, "guard", guard.route, mine)


def _fits(rule: ReleaseRule, message: Message, sender: str, path: str) -> bool:
    return (
        message.pk > rule.since
        and rule.inbox_id in (None, message.inbox_id)
        and (not rule.senders or allowing.fits(sender, rule.senders))
        and allowing.fits(path, rule.recipients)
    )


def _without_loops(wanted: Sequence[DerivedRelease]) -> Iterator[DerivedRelease]:
    """Leave out messages that were here before, and copies of reports."""
    keys = {each.message.transaction_id for each in wanted}
    raws = {raw.pk: raw for raw in Raw.objects.filter(pk__in=keys)}
    for each in wanted:
        id = each.message.pk
        try:
            raw = raws[each.message.transaction_id]
            start = body_store.read_start(raw, _HEADER)
        except (KeyError, OSError):
            log.warning("Message %s is not released: it cannot be read", id)
            continue
        if trace_field.has_looped(start):
            log.warning("Message %s is not released by the %s: a loop", id, each.by)
        elif not (each.is_copy and trace_field.is_report(start)):
            yield each


def _not_queued(wanted: Iterable[DerivedRelease]) -> Iterator[DerivedRelease]:
    """Leave out the recipients for whom a message is queued already."""
    found = list(wanted)
    queued = _queued({each.message.pk for each in found})
    for each in found:
        before = queued[each.message.pk]
        paths = set(before.paths[each.key])
        if not each.is_copy:  # the rules may have been different then
            paths = {
                path
                for key, those in before.paths.items()
                if not key.startswith("copy:")
                for path in those
            }
        each.part = before.parts.get(each.key, 0)
        each.asked = [one for one in each.asked if one[0] not in paths]
        if each.asked:
            yield each


def _queued(messages: set[UUID]) -> defaultdict[UUID, _Queued]:
    rows = ReleaseRecipient.objects.filter(release__message_id__in=messages)
    derived = rows.exclude(release__derived_from="").values_list(
        "release__message_id", "release__derived_from", "release__part", "forward_path"
    )
    found: defaultdict[UUID, _Queued] = defaultdict(_Queued)
    for message, key, part, path in derived:
        found[message].paths[key].add(path)
        found[message].parts[key] = max(found[message].parts.get(key, 0), part + 1)
    return found


def _in_parts(wanted: Iterable[DerivedRelease]) -> Iterator[DerivedRelease]:
    """Split releases with more recipients than one may have."""
    for each in wanted:
        for n, at in enumerate(range(0, len(each.asked), MOST_RECIPIENTS)):
            some = each.asked[at : at + MOST_RECIPIENTS]
            yield DerivedRelease(
                each.message, each.key, each.by, each.route, some, each.part + n
            )


def _allowed(wanted: Iterable[DerivedRelease]) -> Iterator[DerivedRelease]:
    """Leave out the recipients that are not allowed: their mail stays here."""
    refusals: dict[tuple[int, int], Refusal] = {}
    for each in wanted:
        key = each.route.pk, each.message.inbox_id
        if key not in refusals:
            refusals[key] = leaving.refusal(each.route, each.message.inbox_id)
        each.asked = [one for one in each.asked if not refusals[key](one[0])]
        if each.asked:
            yield each


def _groups(wanted: Iterable[DerivedRelease]) -> Iterator[list[DerivedRelease]]:
    """Yield releases in groups that fit in a write turn."""
    group: list[DerivedRelease] = []
    rows = 0
    for each in wanted:
        more = 1 + len(each.asked)
        if group and rows + more > ROWS_IN_A_TURN:
            yield group
            group, rows = [], 0
        group.append(each)
        rows += more
    if group:
        yield group
