"""The rules of assigning messages to users who may see them, and of commenting on messages."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inbox.access import accounts
from inbox.access.identity import Identity
from inbox.access.roles import Role
from inbox.errors import Conflict, Forbidden, Invalid
from inbox.mailbox import discussion, selection
from inbox.mailbox.marking import Assignee
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection
from inbox.models import Comment, Membership, Message, User
from inbox.storage import acts

MOST = 500  # users to choose from
LONGEST = 150  # characters of a name


def candidates(within: Scope) -> list[str]:
    """Return the names of the users who may see an inbox of a scope."""
    names = (
        _users_with_access(within)
        .order_by("username")
        .values_list("username", flat=True)
    )
    return list(names[:MOST])


def found(scope: Scope, what: Selection, name: str) -> Assignee:
    """Return the named user; nobody for no name.

    The user must have access to all of these messages. Raises Invalid, and Conflict
    without accounts.
    """
    refuse_without_accounts()
    name = name.strip()
    if not name:
        acts.specify("assignee=")
        return Assignee(None)
    by_name = Q(username__iexact=User.normalize_username(name[: LONGEST + 1]))
    inboxes: set[int] = set()
    for turn in selection.turns(scope, what):
        rows = Message.objects.filter(pk__in=turn)
        inboxes.update(rows.values_list("inbox_id", flat=True).distinct())
    user = None if "\x00" in name else User.objects.filter(by_name).first()
    if user is None or not all(_may_see(user, each) for each in inboxes):
        words = _('There is no user "%(name)s" who may see this mail.')
        raise Invalid(words % {"name": name[:40]})
    acts.specify(f"assignee={user.get_username()}")
    return Assignee(user.pk)


def comment(caller: Identity, message: Message, text: str) -> Comment:
    """Store a comment of the caller. Raises Invalid, and Conflict without accounts."""
    if caller.user is None:
        refuse_without_accounts()
        raise Forbidden(_("Only users can comment on a message."))
    return discussion.add(message, caller.user, caller.name, text)


def may_remove(caller: Identity, comment: Comment, inbox: int) -> bool:
    """Whether a comment is the caller's own, or in an inbox that the caller manages."""
    is_own = comment.user_id is not None and comment.user_id == caller.user
    return is_own or caller.may(Role.MANAGER, inbox)


def remove_comment(caller: Identity, comment: Comment, inbox: int) -> None:
    """Remove a comment. Raises Forbidden."""
    if not may_remove(caller, comment, inbox):
        raise Forbidden(_("Only its author and managers can remove a comment."))
    discussion.remove(comment)


def refuse_without_accounts() -> None:
    """Raise Conflict without accounts, since there are no users to assign or comment."""
    if not accounts.are_on():
        words = _("This needs accounts: there is nobody to assign a message to.")
        raise Conflict(words)


def _users_with_access(within: Scope) -> QuerySet[User]:
    theirs = Membership.objects.filter(within.q())
    member = Q(memberships__in=theirs) | Q(groups__memberships__in=theirs)
    return User.objects.filter(Q(is_superuser=True) | member, is_active=True).distinct()


def _may_see(user: User, inbox: int) -> bool:
    return _users_with_access(Scope(frozenset({inbox}))).filter(pk=user.pk).exists()
