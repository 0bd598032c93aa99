"""Judges the tries of one message: delivered, duplicated, lost, or retried badly. Pure.

Times are counted in the time of the rules that answered: where it runs 60 times faster, a
minute between two tries is an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

VerdictKind = Literal[
    "lost", "gave_up", "duplicated", "in_vain", "hammered", "pending", "refused", "delivered"
]  # fmt: skip
KINDS: tuple[VerdictKind, ...] = (
    "lost", "gave_up", "duplicated", "in_vain", "hammered", "pending", "refused", "delivered",
)  # fmt: skip

HOUR, DAY = 3600.0, 86_400.0
_TOO_OFTEN = 3  # retries that came sooner than asked
_FIRST_RETRY = 1800.0  # seconds within which it is awaited (RFC 5321 §4.5.4.1)
_NEXT_RETRY = 4  # times the last wait, within which the next retry is awaited
_SHORTEST_PAUSE = 60.0  # seconds in which a client that retries faster is awaited still
_REALLY = 15.0  # seconds by anybody's clock, at least


@dataclass(frozen=True, slots=True)
class Asked:
    """The retries that a reply asks for, as far as that is documented."""

    reply: str = ""  # its codes: "451 4.7.1"; "": the connection was lost
    who: str = ""  # the provider that documents it; "": the first digit says it
    passes: bool = True  # the same message may pass later
    wait: float = 30.0  # seconds, at the least, until the next try
    patience: float = 4 * HOUR  # seconds for which to go on
    misleads: bool = False  # the first digit says something else
    meaning: str = ""  # in the provider's words, without a point


@dataclass(frozen=True, slots=True)
class TimedTry:
    """One try of a message, as it is judged."""

    began: datetime
    ended: datetime | None  # None: it is under way
    asked: Asked | None = None  # by the reply that refused it, or a recipient
    speed: int = 1  # of the rule that answered
    got: frozenset[str] = frozenset()  # recipients that it delivered to
    missed: frozenset[str] = frozenset()  # recipients that it was refused for
    unheard: bool = False  # stored, but the client never got the 250
    likely: bool = False  # the same message by its envelope only


@dataclass(frozen=True, slots=True)
class RetryStory:
    """The tries of a message, with what follows from them."""

    tries: Sequence[TimedTry]
    verdicts: tuple[VerdictKind, ...]  # the worst first; at least one
    waits: tuple[float, ...]  # seconds between the beginnings of tries
    undelivered: frozenset[str] = field(default=frozenset())
    copies: int = 1  # for the recipient that has the most
    hasty: int = 0  # retries that came sooner than asked
    in_vain: int = 0  # retries after a reply that never passes
    final: Asked | None = None  # by the reply that decided
    awaited_until: datetime | None = None  # None: no try is awaited
    total: int = 0  # tries that are stored, where they are more than are judged

    @property
    def verdict(self) -> VerdictKind:
        return self.verdicts[0]

    @property
    def span(self) -> float:
        """Seconds from the first try to the last."""
        return sum(self.waits)


def judge(tries: Sequence[TimedTry], now: datetime, over: bool = False) -> RetryStory:
    """Return what came of tries, first ones first; at least one.

    over: whether no more tries come, although it is early to say so.
    """
    waits = tuple(_waits(tries))
    undelivered = _undelivered(tries)
    failed = [each for each in tries if _failed(each, undelivered)]
    final = failed[-1].asked if failed else None
    copies, hasty = _copies(tries), _hasty(tries, waits)
    in_vain = _in_vain(failed) if undelivered else 0
    until = None if over else _awaited_until(tries, waits, undelivered, final, now)
    kinds: set[VerdictKind] = set()
    if copies > 1:
        kinds.add("duplicated")
    if hasty >= _TOO_OFTEN:
        kinds.add("hammered")
    if in_vain:
        kinds.add("in_vain")
    if not undelivered and until is None:
        kinds |= {"delivered"} if copies < 2 else set()
    elif until is not None or (tries[-1].ended is None and not over):
        kinds.add("pending")
    else:
        kinds |= _unsent(tries, final, sum(waits), in_vain)
    verdicts = tuple(each for each in KINDS if each in kinds)
    return RetryStory(
        tries, verdicts, waits, undelivered, copies, hasty, in_vain, final, until
    )


def _unsent(
    tries: Sequence[TimedTry], final: Asked | None, span: float, in_vain: int
) -> set[VerdictKind]:
    """Return how bad it is that nothing more comes for somebody who got nothing."""
    if final is not None and not final.passes:
        return set() if in_vain else {"refused"}
    if len(tries) > 1 and final is not None and span < final.patience:
        return {"gave_up"}
    return {"lost"}


def _waits(tries: Sequence[TimedTry]) -> Iterator[float]:
    for one, following in pairwise(tries):
        yield max(0.0, (following.began - one.began).total_seconds()) * one.speed


def _undelivered(tries: Sequence[TimedTry]) -> frozenset[str]:
    got = frozenset().union(*(each.got for each in tries))
    missed = frozenset().union(*(each.missed for each in tries))
    nobody = not got and not missed  # it never came to a recipient
    return missed - got if not nobody else frozenset([""])


def _failed(one: TimedTry, undelivered: frozenset[str]) -> bool:
    """Whether a try was of those that decide: for somebody who got nothing in the end."""
    if one.asked is None or one.ended is None:
        return False
    return not undelivered or not one.missed or bool(one.missed & undelivered)


def _copies(tries: Sequence[TimedTry]) -> int:
    """Return how often the message was stored for the recipient that has it most often.

    Where two are one message by their envelope only, the second counts if nobody heard
    of the first: it may be another message otherwise.
    """
    counts: dict[str, int] = {}
    before: TimedTry | None = None
    for each in filter(lambda one: one.got, tries):
        sure = before is None or before.unheard or not (each.likely or before.likely)
        for address in each.got:
            counts[address] = counts.get(address, 0) + 1 if sure else 1
        before = each
    return max(counts.values(), default=0)


def _hasty(tries: Sequence[TimedTry], waits: Sequence[float]) -> int:
    return sum(
        one.asked is not None and one.asked.passes and wait < one.asked.wait
        for one, wait in zip(tries, waits, strict=False)
    )


def _in_vain(failed: Sequence[TimedTry]) -> int:
    """Return how many tries followed the first reply that nothing passes."""
    for at, each in enumerate(failed):
        if each.asked is not None and not each.asked.passes:
            return len(failed) - at - 1
    return 0


def _awaited_until(
    tries: Sequence[TimedTry],
    waits: Sequence[float],
    undelivered: frozenset[str],
    final: Asked | None,
    now: datetime,
) -> datetime | None:
    """Return until when the next try is awaited, by the schedule so far; None: it is not."""
    last = tries[-1]
    if last.ended is None:
        return None
    settled = not undelivered and not last.unheard
    if settled or (undelivered and final is not None and not final.passes):
        return None
    pause = _FIRST_RETRY
    if waits:
        pause = max(_NEXT_RETRY * waits[-1], _SHORTEST_PAUSE)
    until = last.ended + timedelta(seconds=max(_REALLY, pause / last.speed))
    return until if until > now else None
