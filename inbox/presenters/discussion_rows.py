"""The comments on a message, and its assignee, as its page shows them."""

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
    """A comment. removable: by who looks at it"""

    id: str
    author: str
    text: str
    at: datetime
    removable: bool


@dataclass(frozen=True, slots=True)
class DiscussionRows:
    """The comments on the page of a message.

    me: the name of who looks at it; may_write: whether they may say something themselves
    """

    me: str
    may_write: bool
    comments: list[CommentRow]


@dataclass(frozen=True, slots=True)
class AssigneeChoice:
    """The assignee of a message, "" for nobody; me, may_write: as above."""

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
    """Return the assignee of a message, and who else may be it; None without accounts."""
    if not accounts.are_on():
        return None
    assignee = getattr(message, "assignee", None) or ""
    may_write = _may_write(caller, message.inbox_id)
    within = Scope(frozenset({message.inbox_id}))
    names = assigning.candidates(within) if may_write else []
    # One who may no longer see it is still the assignee.
    missing = [assignee] if assignee and assignee not in names else []
    return AssigneeChoice(assignee, [*missing, *names], caller.name, may_write)


def choice_for_many(caller: Identity) -> AssigneeChoice | None:
    """Return who may be the assignee of messages that are selected.

    None without accounts, and for a caller who may assign none.
    """
    if caller.user is None or not caller.may(Role.TESTER):
        return None
    names = assigning.candidates(caller.within(Role.TESTER))
    return AssigneeChoice("", names, caller.name, True)


def _may_write(caller: Identity, inbox: int) -> bool:
    return caller.user is not None and caller.may(Role.TESTER, inbox)
