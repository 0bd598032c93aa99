"""Judges the attempts at one message: delivered, duplicated, lost, or retried badly. Pure.

Times are in the time of the rules that answered: if it runs 60 times faster, a minute
between two attempts is an hour.
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
_TOO_OFTEN = 3  # retries that came earlier than asked
_FIRST_RETRY = 1800.0  # seconds within which it is expected (RFC 5321 §4.5.4.1)
_NEXT_RETRY = 4  # times the last wait, within which the next retry is expected
_SHORTEST_PAUSE = 60.0  # seconds within which a faster client's retry is still expected
_REALLY = 15.0  # seconds of real time, at least


@dataclass(frozen=True, slots=True)
class Asked:
    """The retries that a reply asks for, as far as documented."""

    reply: str = ""  # its codes: "451 4.7.1"; "": the connection was lost
    who: str = ""  # the provider that documents it; "": only the first digit does
    passes: bool = True  # the same message may pass later
    wait: float = 30.0  # seconds until the next attempt, at least
    patience: float = 4 * HOUR  # seconds for which to go on
    misleads: bool = False  # the first digit is misleading
    meaning: str = ""  # in the provider's words, without a full stop


@dataclass(frozen=True, slots=True)
class TimedAttempt:
    """One attempt at a message, for the judgement."""

    began: datetime
    ended: datetime | None  # None: it is open
    asked: Asked | None = None  # by the reply that refused the attempt, or a recipient
    speed: int = 1  # of the rule that answered
    got: frozenset[str] = frozenset()  # recipients that it delivered to
    missed: frozenset[str] = frozenset()  # recipients that it was refused for
    unheard: bool = False  # stored, but the client never got the 250
    likely: bool = False  # the same message by its envelope only


@dataclass(frozen=True, slots=True)
class RetryJudgement:
    """The attempts at a message, with the conclusions."""

    attempts: Sequence[TimedAttempt]
    verdicts: tuple[VerdictKind, ...]  # the worst first; at least one
    waits: tuple[float, ...]  # seconds between the starts of attempts
    undelivered: frozenset[str] = field(default=frozenset())
    copies: int = 1  # for the recipient that has the most
    hasty: int = 0  # retries that came earlier than asked
    in_vain: int = 0  # retries after a reply that never passes
    final: Asked | None = None  # by the decisive reply
    awaited_until: datetime | None = None  # None: no attempt is expected
    total: int = 0  # the number of stored attempts, if more than are judged

    @property
    def verdict(self) -> VerdictKind:
        return self.verdicts[0]

    @property
    def span(self) -> float:
        """Seconds from the first attempt to the last."""
        return sum(self.waits)


def judge(
    attempts: Sequence[TimedAttempt], now: datetime, over: bool = False
) -> RetryJudgement:
    """Return the judgement of attempts, which are in order; at least one.

    over: judge as if no more attempts come, although it is early.
    """
    waits = tuple(_waits(attempts))
    undelivered = _undelivered(attempts)
    failed = [each for each in attempts if _failed(each, undelivered)]
    final = failed[-1].asked if failed else None
    copies, hasty = _copies(attempts), _hasty(attempts, waits)
    in_vain = _in_vain(failed) if undelivered else 0
    until = None if over else _awaited_until(attempts, waits, undelivered, final, now)
    kinds: set[VerdictKind] = set()
    if copies > 1:
        kinds.add("duplicated")
    if hasty >= _TOO_OFTEN:
        kinds.add("hammered")
    if in_vain:
        kinds.add("in_vain")
    if not undelivered and until is None:
        kinds |= {"delivered"} if copies < 2 else set()
    elif until is not None or (attempts[-1].ended is None and not over):
        kinds.add("pending")
    else:
        kinds |= _unsent(attempts, final, sum(waits), in_vain)
    verdicts = tuple(each for each in KINDS if each in kinds)
    return RetryJudgement(
        attempts, verdicts, waits, undelivered, copies, hasty, in_vain, final, until
    )


def _unsent(
    attempts: Sequence[TimedAttempt], final: Asked | None, span: float, in_vain: int
) -> set[VerdictKind]:
    """Return the verdicts on a client that stops although some recipient got nothing."""
    if final is not None and not final.passes:
        return set() if in_vain else {"refused"}
    if len(attempts) > 1 and final is not None and span < final.patience:
        return {"gave_up"}
    return {"lost"}


def _waits(attempts: Sequence[TimedAttempt]) -> Iterator[float]:
    for one, following in pairwise(attempts):
        yield max(0.0, (following.began - one.began).total_seconds()) * one.speed


def _undelivered(attempts: Sequence[TimedAttempt]) -> frozenset[str]:
    got = frozenset().union(*(each.got for each in attempts))
    missed = frozenset().union(*(each.missed for each in attempts))
    nobody = not got and not missed  # no attempt ever came to a recipient
    return missed - got if not nobody else frozenset([""])


def _failed(one: TimedAttempt, undelivered: frozenset[str]) -> bool:
    """Whether an attempt counts: it failed for a recipient who got nothing in the end."""
    if one.asked is None or one.ended is None:
        return False
    return not undelivered or not one.missed or bool(one.missed & undelivered)


def _copies(attempts: Sequence[TimedAttempt]) -> int:
    """Return the maximum number of copies that a recipient has.

    If only their envelopes say that two are the same message, the second counts if the
    first one's 250 was lost: otherwise it may be another message.
    """
    counts: dict[str, int] = {}
    before: TimedAttempt | None = None
    for each in filter(lambda one: one.got, attempts):
        sure = before is None or before.unheard or not (each.likely or before.likely)
        for address in each.got:
            counts[address] = counts.get(address, 0) + 1 if sure else 1
        before = each
    return max(counts.values(), default=0)


def _hasty(attempts: Sequence[TimedAttempt], waits: Sequence[float]) -> int:
    return sum(
        one.asked is not None and one.asked.passes and wait < one.asked.wait
        for one, wait in zip(attempts, waits, strict=False)
    )


def _in_vain(failed: Sequence[TimedAttempt]) -> int:
    """Return the number of attempts after the first reply that can never pass."""
    for at, each in enumerate(failed):
        if each.asked is not None and not each.asked.passes:
            return len(failed) - at - 1
    return 0


def _awaited_until(
    attempts: Sequence[TimedAttempt],
    waits: Sequence[float],
    undelivered: frozenset[str],
    final: Asked | None,
    now: datetime,
) -> datetime | None:
    """Return until when the next attempt is expected; None: it is not.

    The schedule so far decides.
    """
    last = attempts[-1]
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
