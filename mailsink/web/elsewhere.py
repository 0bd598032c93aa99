"""A request that is passed to another process after its answer was begun here."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Answering:
    """The place where a request is answered.

    elsewhere: another process must answer it; begun: its head was sent from here
    """

    elsewhere: bool = False
    begun: bool = False


_answering: ContextVar[Answering | None] = ContextVar(
    "mailsink_answering", default=None
)


def begin() -> Answering:
    """Answer the request of this context here, unless answer_elsewhere is called."""
    answering = Answering()
    _answering.set(answering)
    return answering


def can_be_elsewhere() -> bool:
    """Return whether this context's request can still be answered elsewhere."""
    answering = _answering.get()
    return answering is not None and not answering.begun


def answer_elsewhere() -> bool:
    """Let another process answer this context's request; return whether it can.

    The caller then gives up: any answer from here is discarded.
    """
    answering = _answering.get()
    if answering is None or answering.begun:
        return False
    answering.elsewhere = True
    return True
