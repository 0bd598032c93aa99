"""Bursts in a page of the list: more than 20 alike within a minute fold into one row.

Afterwards static/js/inbox/bursts.js tells them by the same rule; tests/bursts.json holds both
to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.mailbox.messages import Entry
from inbox.models import Message
from inbox.presenters.rows import EntryRow, row

MANY = 20
WITHIN = timedelta(minutes=1)
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Burst:
    """Rows that are shown as one, newest first."""

    rows: list[EntryRow]

    @property
    def first(self) -> EntryRow:
        return self.rows[0]

    @property
    def subject(self) -> str:
        return _DIGITS.sub("…", self.first.subject)


def folded(entries: Sequence[Entry]) -> Iterator[EntryRow | Burst]:
    """Yield the rows of entries, newest first; of a burst, one in the newest's place."""
    in_burst = {each.id: burst for burst in bursts(entries) for each in burst}
    for entry in entries:
        burst = in_burst.get(entry.id)
        if burst is None:
            yield row(entry)
        elif burst[0] is entry:
            yield Burst([row(each) for each in burst])


def bursts(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the bursts among entries (newest first), each newest first."""
    alike: dict[tuple[int | None, str, str], list[Entry]] = {}
    for entry in entries:
        alike.setdefault(_key(entry), []).append(entry)
    return [run for group in alike.values() for run in _runs(group)]


def _runs(group: list[Entry]) -> list[list[Entry]]:
    """Return the parts of a group in which each is one of more than MANY in a minute."""
    found: list[list[Entry]] = []
    end = 0  # entries before it are in the last run
    for first in range(len(group) - MANY):
        if _at(group[first]) - _at(group[first + MANY]) > WITHIN:
            continue
        if first >= end:
            found.append([])
            end = first
        found[-1] += group[end : first + MANY + 1]
        end = first + MANY + 1
    return found


def _key(entry: Entry) -> tuple[int | None, str, str]:
    subject = _DIGITS.sub("#", entry.subject)
    if isinstance(entry, Message):
        return None, entry.from_address.lower(), subject
    return entry.code, (entry.from_address or entry.reverse_path).lower(), subject


def _at(entry: Entry) -> datetime:
    if isinstance(entry, Message):
        return entry.received_at
    return entry.ended_at or entry.started_at
