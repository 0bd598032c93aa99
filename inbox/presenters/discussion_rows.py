"""The comments on a message, and its assignee, for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.access import accounts, assigning
from inbox.access.identity import Identity
from inbox.access.roles import Role
from inbox.mailbox import discussion
from inbox.mailbox.scope import Scope
from inbox.models import Message


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment. removable: by the reader"""

    id: str
    author: str
    text: str
    at: datetime
    removable: bool


@dataclass(frozen=True, slots=True)
class DiscussionRows:
    """The comments on the page of a message.

    me: the reader's name; may_write: whether the reader can add a comment
    """

    me: str
    may_write: bool
    comments: list[CommentRow]


@dataclass(frozen=True, slots=True)
class AssigneeChoice:
    """The assignee of a message, "" for nobody; me, may_write: see above."""

    assignee: str
    candidates: list[str]
    me: str
    may_write: bool


def of(message: Message, caller: Identity) -> DiscussionRows | None:
    """Return the comments on a message; None without accounts."""
    if not accounts.are_on():
        return None
    inbox = message.inbox_id
    rows = [
        CommentRow(
            id=str(each.pk),
            author=each.author,
            text=each.text,
            at=each.created_at,
            removable=_may_write(caller, inbox)
            and assigning.may_remove(caller, each, inbox),
        )
        for each in discussion.comments(message)
    ]
    return DiscussionRows(caller.name, _may_write(caller, inbox), rows)


def choice(message: Message, caller: Identity) -> AssigneeChoice | None:
    """Return the assignee of a message, and the other candidates; None without accounts."""
    if not accounts.are_on():
        return None
    assignee = getattr(message, "assignee", None) or ""
    may_write = _may_write(caller, message.inbox_id)
    within = Scope(frozenset({message.inbox_id}))
    names = assigning.candidates(within) if may_write else []
    # An assignee who may no longer see the message is still listed.
    missing = [assignee] if assignee and assignee not in names else []
    return AssigneeChoice(assignee, [*missing, *names], caller.name, may_write)


def choice_for_many(caller: Identity) -> AssigneeChoice | None:
    """Return the candidates for the assignee of selected messages.

    Return None without accounts, or if the caller may not assign messages.
    """
    if caller.user is None or not caller.may(Role.TESTER):
        return None
    names = assigning.candidates(caller.within(Role.TESTER))
    return AssigneeChoice("", names, caller.name, True)


def _may_write(caller: Identity, inbox: int) -> bool:
    return caller.user is not None and caller.may(Role.TESTER, inbox)
