"""A request that turns out, while it is answered, to be for another process."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Answering:
    """Where a request is answered.

    elsewhere: it has to be in another process; begun: its head was sent from here
    """

    elsewhere: bool = False
    begun: bool = False


_answering: ContextVar[Answering | None] = ContextVar(
    "mailsink_answering", default=None
)


def begin() -> Answering:
    """Let the request of this context be answered here, until it turns out otherwise."""
    answering = Answering()
    _answering.set(answering)
    return answering


def can_be_elsewhere() -> bool:
    """Return whether this context's request can be answered elsewhere, as yet."""
    answering = _answering.get()
    return answering is not None and not answering.begun


def answer_elsewhere() -> bool:
    """Have this context's request answered elsewhere; return whether it can be.

    The caller then gives up: what is answered here is discarded.
    """
    answering = _answering.get()
    if answering is None or answering.begun:
        return False
    answering.elsewhere = True
    return True
