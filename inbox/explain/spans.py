"""The time of a session, divided into non-overlapping spans by whose turn it was.

A command that arrived while the previous one was still being answered (RFC 2920) waits
in our queue: its span begins where the previous one's ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext_noop

Owner = Literal["client", "body", "ours", "rule"]

OWNERS: dict[Owner, str] = {
    "client": gettext_noop("Client"),
    "body": gettext_noop("Upload"),
    "ours": "Mailsink",
    "rule": gettext_noop("Rule"),
}
_BODIES = ("body", "chunk")


class Moment(NamedTuple):
    """The times of one exchange, in microseconds since the session opened."""

    kind: str
    received_us: int
    ready_us: int | None
    replied_us: int | None
    delayed_us: int


# A moment, or a list with the same values: there may be tens of thousands.
Times = Moment | list[Any]


class Span(NamedTuple):
    owner: Owner
    start_us: int
    end_us: int

    @property
    def took_us(self) -> int:
        return self.end_us - self.start_us


def spans(
    moments: Iterable[Times], since_us: int = 0, until_us: int = 0
) -> Iterator[Span]:
    """Yield the spans with their owners, in the order of time.

    since_us: the time of the previous reply; until_us: the session's end, or now.
    """
    at = since_us
    turn: Owner = "client"
    for kind, received, ready, replied, delayed in moments:
        is_body = kind in _BODIES
        if received > at:
            yield Span("body" if is_body else "client", at, received)
            at = received
        end = replied or ready
        if end is not None and end > at:
            ours = max(at, end - delayed) if delayed else end
            if ours > at:
                yield Span("ours", at, ours)
            if end > ours:
                yield Span("rule", ours, end)
            at = end
        turn = "client" if end is not None else "body" if is_body else "ours"
    if until_us > at:
        yield Span(turn, at, until_us)
