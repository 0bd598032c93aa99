"""The content of the live feed's next frame.

The rows are the recorder's own objects, published in their state at the time of the
frame: a row that changed twice meanwhile is published once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from inbox.capture.rows import (
    ExchangeRow,
    MessageRow,
    SessionChanges,
    SessionRow,
    TransactionRow,
)
from inbox.mailbox.signals import Announcement, MessageDeleted, MessageUpdated


@dataclass(slots=True)
class Pending:
    """The changes for the next frame; a row that changed twice is here once."""

    messages: dict[UUID, MessageRow] = field(default_factory=dict)
    announced: dict[UUID, Announcement] = field(default_factory=dict)
    refused: dict[UUID, TransactionRow] = field(default_factory=dict)
    sessions: dict[UUID, SessionRow] = field(default_factory=dict)
    opened: set[UUID] = field(default_factory=set)
    closed: set[UUID] = field(default_factory=set)
    exchanges: dict[tuple[UUID, int], ExchangeRow] = field(default_factory=dict)
    created: set[tuple[UUID, int]] = field(default_factory=set)
    marked_by: set[int] = field(default_factory=set)  # users who marked whole inboxes

    def __len__(self) -> int:
        return (
            len(self.messages)
            + len(self.announced)
            + len(self.refused)
            + len(self.sessions)
            + len(self.exchanges)
            + len(self.marked_by)
        )

    @property
    def inbox_ids(self) -> set[int | None]:
        """The inboxes of the rows that are published without being read again."""
        deleted = (e for e in self.announced.values() if isinstance(e, MessageDeleted))
        return {
            *(row.inbox_id for row in self.messages.values()),
            *(row.inbox_id for row in self.sessions.values()),
            *(gone.inbox_id for gone in deleted),
        }

    def add(self, changes: SessionChanges) -> None:
        for message in changes.messages_created:
            self.messages[message.id] = message
        for transaction in changes.transactions_not_accepted:
            self.refused[transaction.id] = transaction
        for rows in (
            changes.sessions_opened,
            changes.sessions_updated,
            changes.sessions_closed,
        ):
            for session in rows:
                self.sessions[session.id] = session
        self.opened.update(session.id for session in changes.sessions_opened)
        self.closed.update(session.id for session in changes.sessions_closed)
        for exchange in changes.exchanges_created:
            key = exchange.session_id, exchange.seq
            self.exchanges[key] = exchange
            self.created.add(key)
        for exchange in changes.exchanges_updated:
            self.exchanges[exchange.session_id, exchange.seq] = exchange

    def announce(self, announcements: Sequence[Announcement]) -> None:
        for each in announcements:
            # An announcement replaces the previous one of the same message, and its
            # place in the order; but a change does not undo a previous creation or
            # removal.
            before = self.announced.pop(each.id, each)
            is_update = isinstance(each, MessageUpdated)
            self.announced[each.id] = before if is_update else each
