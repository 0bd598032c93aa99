"""The roles of users, from their memberships and those of their groups."""

from __future__ import annotations

from django.db import IntegrityError
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from inbox.access import groups, users
from inbox.access.identity import Identity
from inbox.access.roles import OF_MEMBERS, Role
from inbox.errors import Conflict, Invalid, InvalidMember, NotFound
from inbox.mailbox import inboxes
from inbox.mailbox.scope import Scope
from inbox.models import Membership, User
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

MOST = 1000  # of an inbox
_HIGHEST = 2**63 - 1  # of a primary key


def of_user(user: User) -> Identity:
    """Return the identity of a user, with its roles."""
    if user.is_superuser:
        return Identity("user", user.pk, user.get_username(), is_administrator=True)
    roles: dict[int, Role] = {}
    ours = Q(user=user) | Q(group__in=user.groups.all())
    for inbox, role in Membership.objects.filter(ours).values_list("inbox", "role"):
        roles[inbox] = max(roles.get(inbox, Role.PUBLIC), OF_MEMBERS[role])
    return Identity("user", user.pk, user.get_username(), roles=roles)


def find(scope: Scope, slug: str) -> list[Membership]:
    """Return the members of an inbox, users before groups, by name. Raises NotFound."""
    rows = Membership.objects.filter(inbox=inboxes.by_slug(scope, slug))
    names = (F("user__username").asc(nulls_last=True), "group__name")
    return list(rows.select_related("user", "group").order_by(*names))


def get(scope: Scope, slug: str, id: int) -> Membership:
    """Return a member of an inbox, given the membership's id. Raises NotFound."""
    rows = Membership.objects.filter(inbox=inboxes.by_slug(scope, slug))
    found = None
    if 0 < id <= _HIGHEST:
        found = rows.select_related("user", "group", "inbox").filter(pk=id).first()
    if found is None:
        raise NotFound(_('there is no member "%(id)s"') % {"id": str(id)[:40]})
    return found


def add(
    scope: Scope, slug: str, role: str, *, user: str = "", group: str = ""
) -> Membership:
    """Make a user or a group a member of an inbox. user, group: give the name of one

    Raises Conflict for an existing member, Invalid, NotFound.
    """
    if bool(user) == bool(group):
        raise Invalid(_("A member is a user or a group: name one of the two."))
    with write_turn():
        inbox = inboxes.by_slug(scope, slug)
        one = users.by_name(user) if user else None
        several = groups.by_name(group) if group else None
        made = Membership(inbox=inbox, user=one, group=several, role=known_role(role))
        if Membership.objects.filter(inbox=inbox).count() >= MOST:
            words = _("an inbox has at most %(most)s members")
            raise Invalid(words % {"most": MOST})
        try:
            made.save(force_insert=True)
        except IntegrityError:
            words = _("The inbox already has this member.")
            raise Conflict(words) from None
        _note(made)
    return made


def change(scope: Scope, slug: str, id: int, role: str) -> Membership:
    """Change a member's role, in the inboxes of its labels, too. Raises Invalid, NotFound."""
    with write_turn():
        member = get(scope, slug, id)
        member.role = known_role(role)
        member.save(update_fields=["role"])
        _of_labels(member).update(role=member.role)
        _note(member)
    return member


def remove(scope: Scope, slug: str, id: int) -> None:
    """Remove a member from an inbox, from the next request on. Raises NotFound.

    This includes the inboxes of its labels, which have the same members.
    """
    with write_turn():
        member = get(scope, slug, id)
        _note(member)
        _of_labels(member).delete()
        member.delete()


def _of_labels(member: Membership) -> QuerySet[Membership]:
    """Return the memberships of the same user or group in the inboxes of an inbox's labels."""
    rows = Membership.objects.filter(inbox__parent=member.inbox_id)
    return rows.filter(user=member.user_id, group=member.group_id)


def known_role(role: str) -> str:
    """Return the name of a role unchanged. Raises Invalid."""
    if role in OF_MEMBERS:
        return role
    words = _("a role is one of %(roles)s") % {"roles": ", ".join(OF_MEMBERS)}
    raise InvalidMember("role", words)


def name(member: Membership) -> str:
    """Return the name of the user or group that is a member."""
    if member.user is not None:
        return member.user.get_username()
    return member.group.name if member.group is not None else ""


def _note(member: Membership) -> None:
    acts.touch(member.inbox_id, name(member), f"role={member.role}")
