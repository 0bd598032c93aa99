"""Marks that people put on messages: read, pinned, tags, a status, a note."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.mailbox import messages, selection
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection
from inbox.mailbox.signals import MessageUpdated, announce
from inbox.models import Message, MessageRead
from inbox.storage.write_lock import write_turn

MAX_TAGS = 50
MAX_TAG_LENGTH = 64
MAX_NOTE_LENGTH = 2000
Status = Literal["new", "ok", "bug"]  # what people found a message to be


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks to change; one that is None stays as it is. add and remove are tags."""

    read: bool | None = None
    pinned: bool | None = None
    tags: Collection[str] | None = None
    status: str | None = None
    note: str | None = None
    add: Collection[str] = ()
    remove: Collection[str] = ()


def update(scope: Scope, id: str | UUID, **marks: object) -> Message:
    """Change what is given (see Marks), and return the message as it is then.

    Raises NotFound, Invalid.
    """
    wanted = Marks(**marks)  # type: ignore[arg-type]
    _columns(wanted)
    message = messages.get(scope, id)
    update_many(scope, Selection((message.pk,)), wanted)
    return messages.get(scope, message.pk)


def update_many(scope: Scope, what: Selection, marks: Marks) -> int:
    """Change what is given on messages; return how many. Raises BadQuery, Invalid."""
    columns = _columns(marks)
    add, remove = _clean(marks.add), set(marks.remove)
    count = 0
    for turn in selection.turns(scope, what):
        with write_turn():
            _mark_read(turn, marks.read)
            rows = Message.objects.filter(pk__in=turn)
            if columns:
                rows.update(**columns)
            if add or remove:
                _retag(list(rows.only("tags")), add, remove)
            announce([MessageUpdated(pk) for pk in turn])
        count += len(turn)
    return count


def _mark_read(turn: list[UUID], read: bool | None) -> None:
    if read:
        marks = [MessageRead(message_id=pk, user=None) for pk in turn]
        MessageRead.objects.bulk_create(marks, ignore_conflicts=True)
    elif read is not None:
        MessageRead.objects.filter(message__in=turn, user=None).delete()


def _retag(rows: list[Message], add: list[str], remove: set[str]) -> None:
    for row in rows:
        kept = [tag for tag in row.tags if tag not in remove]
        row.tags = _clean([*kept, *add])
    Message.objects.bulk_update(rows, ["tags"])


def _columns(marks: Marks) -> dict[str, object]:
    """Return the columns to be set, checked. Raises Invalid."""
    if marks.status is not None and marks.status not in get_args(Status):
        known = ", ".join(get_args(Status))
        raise Invalid(
            _('there is no status "%(status)s"; there is %(known)s')
            % {"status": marks.status, "known": known}
        )
    if marks.note is not None and len(marks.note) > MAX_NOTE_LENGTH:
        raise Invalid(
            _("a note has at most %(most)s characters") % {"most": MAX_NOTE_LENGTH}
        )
    given = {
        "pinned": marks.pinned,
        "tags": None if marks.tags is None else _clean(marks.tags),
        "status": marks.status,
        "note": None if marks.note is None else marks.note.strip(),
    }
    return {column: value for column, value in given.items() if value is not None}


def _clean(tags: Collection[str]) -> list[str]:
    """Return tags without repeats or space around them. Raises Invalid."""
    clean = list(dict.fromkeys(tag.strip() for tag in tags))
    if len(clean) > MAX_TAGS:
        raise Invalid(_("a message has at most %(most)s tags") % {"most": MAX_TAGS})
    for tag in clean:
        if not 0 < len(tag) <= MAX_TAG_LENGTH or not tag.isprintable():
            raise Invalid(
                _("a tag has 1 to %(most)s characters, none of them a control")
                % {"most": MAX_TAG_LENGTH}
            )
    return clean
