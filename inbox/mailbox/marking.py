"""Marks that users put on messages: read, pinned, tags, a status, a note, an assignee."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.mailbox import discussion, messages, read_marks, selection
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection
from inbox.mailbox.signals import MessageUpdated, announce
from inbox.models import Message
from inbox.search import language
from inbox.storage.write_lock import write_turn

MAX_TAGS = 50
MAX_TAG_LENGTH = 64
MAX_NOTE_LENGTH = 2000
_SECONDS_IN_A_TURN = 0.02  # a 250 may be waiting
Status = Literal["new", "ok", "bug"]  # the verdict of people on a message


@dataclass(frozen=True, slots=True)
class Assignee:
    """The user whom messages are assigned to; None: nobody. See inbox.access.assigning."""

    user: int | None


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks to change; None leaves a mark unchanged. add and remove are tags."""

    read: bool | None = None
    pinned: bool | None = None
    tags: Collection[str] | None = None
    status: str | None = None
    note: str | None = None
    assignee: Assignee | None = None
    add: Collection[str] = ()
    remove: Collection[str] = ()


def update(scope: Scope, id: str | UUID, **marks: object) -> Message:
    """Change the given marks (see Marks), and return the changed message.

    Raises NotFound, Invalid.
    """
    wanted = Marks(**marks)  # type: ignore[arg-type]
    _columns(wanted)
    message = messages.get(scope, id)
    update_many(scope, Selection((message.pk,)), wanted)
    return messages.get(scope, message.pk)


def update_many(scope: Scope, what: Selection, marks: Marks) -> int:
    """Change the given marks of messages; return their number. Raises BadQuery, Invalid."""
    columns = _columns(marks)
    add, remove = _clean(marks.add), set(marks.remove)
    if marks.read is not None and marks == Marks(marks.read) and scope.reader:
        whole = _whole_inboxes(what, marks.read)
        if whole is not None:
            return read_marks.mark_inboxes(scope, whole.inbox, marks.read)
    count = 0
    for ids in selection.turns(scope, what):
        with write_turn():
            turn = selection.still_there(ids)
            left = list(turn) if add or remove else []
            if marks.read is not None:
                read_marks.mark(scope.reader, turn, marks.read)
            if marks.assignee:
                discussion.assign(turn, marks.assignee.user)
            if columns:
                Message.objects.filter(pk__in=turn).update(**columns)
            left = _retag(left, add, remove)
            announce([MessageUpdated(pk) for pk in turn])
        while left:
            with write_turn():
                announce([MessageUpdated(pk) for pk in left])
                left = _retag(left, add, remove)
        count += len(turn)
    return count


def _whole_inboxes(what: Selection, read: bool) -> Selection | None:
    """Return the selection if it is everything in some inboxes; else None.

    A search for the messages that lack the mark counts as everything, too.
    """
    if what.ids is not None or what.where:
        return None
    inbox = what.inbox
    for group in language.parse(what.q).groups:
        match group:
            case (language.Term("is", value, False),):
                if value.lower() != ("unread" if read else "read"):
                    return None
            case (language.Term("inbox", slug, False),) if inbox in (
                None,
                slug.lower(),
            ):
                inbox = slug.lower()
            case _:
                return None
    return Selection(inbox=inbox)


def _retag(ids: list[UUID], add: list[str], remove: set[str]) -> list[UUID]:
    """Change tags until the turn's time is up; return the messages left for another turn.

    Messages with equal tags share a statement: a statement with a case for each message
    takes a hundred times as long.
    """
    wanted: dict[tuple[str, ...], list[UUID]] = defaultdict(list)
    for id, tags in Message.objects.filter(pk__in=ids).values_list("pk", "tags"):
        kept = [tag for tag in tags if tag not in remove]
        wanted[tuple(_clean([*kept, *add]))].append(id)
    end = time.monotonic() + _SECONDS_IN_A_TURN
    while wanted:
        tags, equal = wanted.popitem()
        Message.objects.filter(pk__in=equal).update(tags=list(tags))
        if time.monotonic() > end:
            break
    return [id for equal in wanted.values() for id in equal]


def _columns(marks: Marks) -> dict[str, object]:
    """Return the columns to set, after checks. Raises Invalid."""
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
    """Return tags without duplicates and surrounding space. Raises Invalid."""
    clean = list(dict.fromkeys(tag.strip() for tag in tags))
    if len(clean) > MAX_TAGS:
        raise Invalid(_("a message has at most %(most)s tags") % {"most": MAX_TAGS})
    for tag in clean:
        if not 0 < len(tag) <= MAX_TAG_LENGTH or not tag.isprintable():
            raise Invalid(
                _("a tag has 1 to %(most)s characters, and no control characters")
                % {"most": MAX_TAG_LENGTH}
            )
    return clean
