"""The act of a request, written by the transaction that does what it is about.

write_turn asks for it at the end of each turn: the first one of a request writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Act:
    """Somebody does something. write: stores that, within a transaction; None: not to be."""

    def __init__(self, write: Callable[[Act], None] | None) -> None:
        self.write = write
        self.is_written = False
        self.object = ""  # its id; "" if it is not known
        self.inbox_id: int | None = None
        self.details = ""  # what was asked for; "" if the request says it


_current: ContextVar[Act | None] = ContextVar("act", default=None)


def begin(act: Act | None) -> None:
    """Let this be what is done, from here on in this context; None: nothing."""
    _current.set(act)


def current() -> Act | None:
    """Return what is done in this context."""
    return _current.get()


def touch(inbox_id: int | None, id: object, details: str = "") -> None:
    """Name the object of what is done, and its inbox: the first one counts."""
    act = _current.get()
    if act and not act.object:
        act.object, act.inbox_id, act.details = str(id), inbox_id, details


def specify(details: str) -> None:
    """Say what exactly is asked for, where nothing has said so yet."""
    act = _current.get()
    if act and not act.details:
        act.details = details


@contextmanager
def stored_with() -> Iterator[None]:
    """Store the act with what is written within, unless it is stored already."""
    act = _current.get()
    if act is None or act.write is None or act.is_written:
        yield
        return
    try:
        yield
        act.is_written = True  # before it writes, which takes no turn of its own
        act.write(act)
    except BaseException:
        act.is_written = False
        raise
