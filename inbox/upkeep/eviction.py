"""Chooses the messages to remove if there are too many: the oldest of the largest groups.

A group consists of one sender's messages from one template. So a sender of very much
mail, as in a load test, loses that mail, and not the mail of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, QuerySet, Sum, TextField
from django.db.models.functions import Coalesce

from inbox.explain.evidence import Cause
from inbox.mailbox.inboxes import MOST
from inbox.mailbox.purge import ROWS_OF_MESSAGE, purge
from inbox.models import Inbox, Message
from inbox.upkeep.removal_plan import Found, RemovalPlan

_ROWS = ROWS_OF_MESSAGE + 1  # removed with a message that has one recipient
_GROUPS = 1000  # groups that are read
_PLANNED = 5000  # messages, after which the groups are read again


@dataclass(frozen=True, slots=True)
class EvictionPool:
    """Messages that share a limit.

    inboxes: None is all; most, octets: the limits of what stays, 0 is no limit
    """

    inboxes: tuple[int, ...] | None
    most: int = 0
    octets: int = 0
    cause: Cause = "count"

    def all(self) -> QuerySet[Message]:
        """Return its messages, without the trash."""
        alive = Message.objects.filter(deleted_at=None)
        return alive if self.inboxes is None else alive.filter(inbox__in=self.inboxes)

    def rows(self) -> QuerySet[Message]:
        """Return the messages that count: pinned ones stay, and do not count."""
        return self.all().filter(pinned=False)


def pools(most: int) -> list[EvictionPool]:
    """Return the pools: each inbox with its own limits, and all others together.

    most: messages of the others, 0 is no limit
    """
    names = ("pk", "retention_count", "retention_octets")
    rows = list(Inbox.objects.filter(deleted_at=None).values_list(*names)[:MOST])
    found = [
        EvictionPool((key,), count or 0, octets or 0, "inbox")
        for key, count, octets in rows
        if count or octets
    ]
    others = tuple(key for key, count, _octets in rows if count is None)
    if most:
        found.append(EvictionPool(None if len(others) == len(rows) else others, most))
    return found


class Evictions:
    """Makes room in pools, a turn at a time."""

    def __init__(self) -> None:
        """Start without a plan."""
        self._plans: dict[EvictionPool, RemovalPlan] = {}

    def evict(self, found: Sequence[EvictionPool]) -> int:
        """Purge a turn's worth of the messages beyond the limits; return their number.

        The pool that had the last turn is the last to get another.
        """
        known = {pool: each for pool, each in self._plans.items() if pool in found}
        new = {pool: RemovalPlan() for pool in found if pool not in known}
        self._plans = {**known, **new}
        for pool, plan in self._plans.items():
            if gone := plan.turn(partial(_too_much, pool), partial(_purge, pool)):
                self._plans[pool] = self._plans.pop(pool)
                return gone
        return 0


def _purge(pool: EvictionPool, some: Sequence[UUID]) -> int:
    # Some may have been pinned or deleted since.
    return purge(pool.rows().filter(id__in=some).order_by("id"), pool.cause)


def _too_much(pool: EvictionPool) -> Found:
    """Return the messages to remove; only some of them if they are many."""
    if pool.most and (over := _beyond(pool)) > 0:
        return _oldest_of_largest(pool, over, Count("pk"))
    if pool.octets:
        held = pool.rows().aggregate(octets=Sum("size"))["octets"] or 0
        if held > pool.octets:
            return _oldest_of_largest(pool, held - pool.octets, Sum("size"))
    return Found()


def _beyond(pool: EvictionPool) -> int:
    """Return the number of messages beyond the limit, counting no more than needed."""
    part = slice(pool.most, pool.most + _PLANNED)
    beyond = pool.all().order_by("-id").values_list("id", flat=True)
    if not beyond[part].count():  # known from an index only
        return 0
    return pool.rows().order_by("-id").values_list("id", flat=True)[part].count()


def _oldest_of_largest(pool: EvictionPool, over: int, weight: Any) -> Found:
    """Return messages with at least this total weight: a number, or octets."""
    # A message from an earlier version may have no template: its sender stands for it.
    rows = pool.rows().annotate(
        group=Coalesce("template", "from_address", output_field=TextField())
    )
    groups = rows.values_list("inbox", "group").annotate(
        weight=weight, oldest=Min("received_at")
    )
    largest = groups.order_by("-weight", "oldest")[:_GROUPS]
    found = [(inbox, group, held) for inbox, group, held, _oldest in largest]
    level = level_of([each[2] for each in found], over)
    going: list[UUID] = []
    for inbox, group, held in found:
        if held <= level or over <= 0 or len(going) >= _PLANNED:
            break
        of_group = rows.filter(inbox=inbox, group=group).order_by("id")
        taken, gone = _first(of_group, min(held - level, over), isinstance(weight, Sum))
        going += taken
        over -= gone
    has_more = over > 0 or len(going) >= _PLANNED
    return Found([(each, _ROWS) for each in going], has_more)


def _first(
    rows: QuerySet[Message], wanted: int, by_size: bool
) -> tuple[list[UUID], int]:
    """Return the oldest messages with the wanted weight, and their weight."""
    taken: list[UUID] = []
    gone = 0
    for id, size in rows.values_list("id", "size")[:_PLANNED]:
        if gone >= wanted:
            break
        taken.append(id)
        gone += size if by_size else 1
    return taken, gone


def level_of(weights: Iterable[int], over: int) -> int:
    """Return the level to which the largest weights are cut.

    At least `over` is cut off. weights: the largest first
    """
    total, number = 0, 0
    for weight in weights:
        if number and total - number * weight >= over:
            break
        total, number = total + weight, number + 1
    return max(0, (total - over) // number) if number else 0
