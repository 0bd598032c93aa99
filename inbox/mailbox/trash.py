"""Deletes and restores messages. Deleting is hiding.

Retention (inbox/upkeep/retention.py) purges the trash after MAILSINK_TRASH_HOURS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.mailbox import messages, purge, selection
from inbox.mailbox.paging import Page, as_uuid
from inbox.mailbox.scope import ALL, Scope
from inbox.mailbox.selection import Selection
from inbox.mailbox.signals import MessageDeleted, MessageRestored, announce
from inbox.models import Message
from inbox.search import language
from inbox.storage.write_lock import write_turn


@dataclass(frozen=True, slots=True)
class Deletion:
    """A request that put messages in the trash. Its time identifies it, for undoing."""

    at: datetime
    count: int = 0


def delete(scope: Scope, what: Selection, by: str = "") -> Deletion:
    """Put messages in the trash. Pinned messages stay, unless they are named by their ids.

    by: the deleting user, for the trash. Raises BadQuery.
    """
    at = datetime.now(UTC)
    named = what.ids is not None
    turns = selection.turns(scope, what, pinned=named)
    return Deletion(at, sum(_delete(turn, at, by) for turn in turns))


def delete_inbox(inbox_id: int, at: datetime, by: str = "") -> int:
    """Put all messages of an inbox in the trash, with pinned ones; return their number."""
    whole = Selection(where=Q(inbox=inbox_id))
    return sum(_delete(turn, at, by) for turn in selection.turns(ALL, whole))


def restore_inbox(inbox_id: int, at: datetime) -> int:
    """Undo the delete_inbox of that time; return the number of restored messages."""
    return restore_many(ALL, Selection(where=Q(inbox=inbox_id)), at)


def _delete(turn: list[UUID], at: datetime, by: str) -> int:
    with write_turn():
        rows = Message.objects.filter(pk__in=turn, deleted_at__isnull=True)
        gone = list(rows.values_list("pk", "inbox_id"))
        rows.update(deleted_at=at, deleted_by=by)
        announce([MessageDeleted(pk, inbox) for pk, inbox in gone])
    return len(gone)


def get(scope: Scope, id: str | UUID) -> Message:
    """Return a message that is in the trash. Raises NotFound."""
    found = messages.deleted(scope, id)
    if found is None:
        raise NotFound(_('the trash has no message "%(id)s"') % {"id": id})
    return found


def find(scope: Scope, q: str, cursor: str | None = None) -> Page[Message]:
    """Return the messages in the trash that match q. Raises BadRequest."""
    return messages.find(scope, _within(q), cursor)


def count(scope: Scope, q: str, most: int) -> int:
    """Return the number of messages in the trash that match q, up to most. Raises BadQuery."""
    return messages.count(scope, _within(q), most)


def _within(q: str) -> str:
    # Parsed separately: an OR at its edge must not take the trash as an operand.
    language.parse(q)
    return f"is:deleted {q}"


def empty(scope: Scope, q: str = "") -> int:
    """Remove the matching messages in the trash for good; return their number.

    Messages that are deleted meanwhile stay. Raises BadQuery.
    """
    going = Message.objects.filter(deleted_at__lt=datetime.now(UTC))
    gone = 0
    # Mail waits for write turns, so the search runs outside them.
    for ids in selection.turns(scope, Selection(q=q), deleted=True):
        while batch := purge.purge(going.filter(pk__in=ids), "deleted"):
            gone += batch
    return gone


def restore(scope: Scope, id: str | UUID) -> Message:
    """Take a message out of the trash. Raises NotFound."""
    key = as_uuid(id)
    if not key or not restore_many(scope, Selection((key,))):
        raise NotFound(_('there is no message "%(id)s" in the trash') % {"id": id})
    return messages.get(scope, key)


def restore_many(scope: Scope, what: Selection, at: datetime | None = None) -> int:
    """Take messages out of the trash; return their number.

    at: only the messages deleted at that time.
    """
    turns = selection.turns(scope, what, deleted=True)
    return sum(_restore(turn, at) for turn in turns)


def _restore(turn: list[UUID], at: datetime | None) -> int:
    with write_turn():
        rows = Message.objects.filter(pk__in=turn, deleted_at__isnull=False)
        if at is not None:
            rows = rows.filter(deleted_at=at)
        back = list(rows.values_list("pk", flat=True))
        rows.update(deleted_at=None, deleted_by="")
        announce([MessageRestored(pk) for pk in back])
    return len(back)
