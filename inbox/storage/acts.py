"""The act of a request (an entry of the audit log), written in the transaction of its change.

write_turn asks for the act at the end of each turn: the first turn of a request writes
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Act:
    """An act of a user. write: stores the act, within a transaction; None: not to be stored."""

    def __init__(self, write: Callable[[Act], None] | None) -> None:
        self.write = write
        self.is_written = False
        self.object = ""  # its id; "" if it is unknown
        self.inbox_id: int | None = None
        self.details = ""  # the parameters of the act; "" if the request names them


_current: ContextVar[Act | None] = ContextVar("act", default=None)


def begin(act: Act | None) -> None:
    """Set the current act of this context; None: no act."""
    _current.set(act)


def current() -> Act | None:
    """Return the current act of this context."""
    return _current.get()


def touch(inbox_id: int | None, id: object, details: str = "") -> None:
    """Name the object of the current act, and its inbox: the first call counts."""
    act = _current.get()
    if act and not act.object:
        act.object, act.inbox_id, act.details = str(id), inbox_id, details


def specify(details: str) -> None:
    """Set the details of the current act, unless they are set already."""
    act = _current.get()
    if act and not act.details:
        act.details = details


@contextmanager
def stored_with() -> Iterator[None]:
    """Store the act along with the enclosed writes, unless it is stored already."""
    act = _current.get()
    if act is None or act.write is None or act.is_written:
        yield
        return
    try:
        yield
        act.is_written = True  # set before the write, which takes no turn of its own
        act.write(act)
    except BaseException:
        act.is_written = False
        raise
