"""Judges the faults of messages before the reply: off the event loop, within limits.

Strict mode and rules share it. No message can hold up the others: few are judged at a
time, few wait, and after a time limit the client gets its reply without a judgement.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from inbox.insight import mail_faults
from inbox.insight.mail_faults import LARGEST, Fault, TookTooLong
from mailsink.ports import Consult
from mailsink.smtp.protocol.events import Body

log = logging.getLogger(__name__)

_AT_ONCE = 2  # threads: each takes its share of the interpreter from the loop
_WAITING = 200  # messages; further ones are not judged
_SECONDS = 1.0  # until a client gets its reply all the same


@dataclass(frozen=True, slots=True)
class Judgement:
    """The faults of a message.

    missed: why a part was not judged, in words; "": all was judged
    """

    faults: tuple[Fault, ...] = ()
    missed: str = ""


class MessageJudge:
    """Judges the faults of messages, on its own threads, which start with the first message."""

    def __init__(self, seconds: float = _SECONDS, waiting: int = _WAITING) -> None:
        """seconds: for each message, from its arrival; waiting: the most messages at a time"""
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(waiting)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE, "judge")

    async def judge(
        self, body: Body, flags: Collection[str], ignored: Collection[str] = ()
    ) -> Judgement:
        """Return the faults of a message. flags, ignored: see inbox.insight.mail_faults.find."""
        if not self._places.acquire(blocking=False):
            return Judgement(missed="too many messages waited to be checked")
        until = time.monotonic() + self._seconds
        work = self._threads.submit(_judged, body, flags, ignored, until)
        work.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(work)
        except TimeoutError:
            return _too_slow(self._seconds)
        except TookTooLong:
            return _too_slow(self._seconds)
        except Exception:
            # Mail must not depend on a message's content.
            log.exception("a message could not be checked")
            return Judgement(missed="the checks failed; see the log")

    def _leave(self, _: Future[Judgement]) -> None:
        self._places.release()


class Errors:
    """Whether one message has errors: judged once, for all rules with this condition."""

    def __init__(self, judge: MessageJudge, ignored: Collection[str]) -> None:
        """ignored: see MessageJudge.judge"""
        self._judge = judge
        self._ignored = ignored
        self._judgement: Judgement | None = None

    async def of(self, consult: Consult) -> bool | None:
        """Return whether the message of a consultation has errors; None if unknown."""
        if consult.body is None:
            return None
        if self._judgement is None:
            self._judgement = await self._judge.judge(
                consult.body, flags_of(consult), self._ignored
            )
        return _has_some(self._judgement)


def has_errors(ignored: Collection[str], consult: Consult) -> bool | None:
    """Return whether a message in memory has errors; None if unknown. Blocks.

    It is unknown if only the beginning of the message is there. ignored: see
    MessageJudge.judge
    """
    body = consult.body
    if body is None or len(body.content or b"") < body.size:
        return None
    until = time.monotonic() + _SECONDS
    try:
        judgement = _judged(body, flags_of(consult), ignored, until)
    except TookTooLong:
        return None
    return _has_some(judgement)


def flags_of(consult: Consult) -> list[str]:
    """Return the flags of the lines of a message for the judge."""
    return str(consult.facts.get("flags", "")).split()


def _has_some(judgement: Judgement) -> bool | None:
    return bool(judgement.faults) or (None if judgement.missed else False)


def _too_slow(seconds: float) -> Judgement:
    return Judgement(missed=f"the checks took longer than {seconds:g} s")


def _judged(
    body: Body, flags: Collection[str], ignored: Collection[str], until: float
) -> Judgement:
    """Return the judgement of a body. Blocks. Raises TookTooLong."""
    if time.monotonic() > until:  # it has waited for too long
        raise TookTooLong
    found = mail_faults.find(_octets(body), body.size, flags, ignored, until)
    missed = ""
    if body.size > LARGEST:
        limit = LARGEST >> 20
        missed = f"the content of messages over {limit} MiB is not checked"
    return Judgement(tuple(found), missed)


def _octets(body: Body) -> bytes:
    """Return the octets that are read."""
    if body.content is not None:
        return body.content
    assert body.path is not None  # a body has either octets or a path
    with body.path.open("rb") as file:
        return file.read(LARGEST)
