"""Signals by which services report their changes to listeners (the live feed).

Services report a change only once it is committed. Without a listener, as in a
management command, nothing happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class MessageUpdated:
    """A message changed: marked, tagged, or indexed."""

    id: UUID


@dataclass(frozen=True, slots=True)
class MessageRestored:
    """A message was restored from the trash."""

    id: UUID


@dataclass(frozen=True, slots=True)
class MessageImported:
    """A message came from a file."""

    id: UUID


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message went to the trash, or was removed for good."""

    id: UUID
    inbox_id: int


Announcement = MessageUpdated | MessageRestored | MessageImported | MessageDeleted

# Sent with announcements=Sequence[Announcement], on the writing thread.
announced = Signal()

# Sent with user=int, their primary key, on the writing thread: the user marked whole
# inboxes as read or unread.
marked = Signal()

# Sent with ids=Collection[UUID], from any thread: a request waits for messages that are
# not indexed yet.
awaited = Signal()


def announce(announcements: Sequence[Announcement]) -> None:
    """Notify the listeners, after the commit if a transaction is open."""
    if announcements:
        transaction.on_commit(
            partial(announced.send, sender=None, announcements=announcements)
        )


def announce_marked(user: int) -> None:
    """Notify the listeners that a user marked whole inboxes, after the commit."""
    transaction.on_commit(partial(marked.send, sender=None, user=user))
