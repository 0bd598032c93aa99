"""Users, groups, members and invitations, for their pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.access import groups, memberships, second_factors
from inbox.access.roles import OF_MEMBERS
from inbox.models import AccountLink, Membership, User

ROLES = {
    "viewer": gettext_noop("viewer"),
    "tester": gettext_noop("tester"),
    "manager": gettext_noop("manager"),
}


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role in a form."""

    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of an inbox. is_group: whether it is a group of users"""

    id: int
    name: str
    is_group: bool
    roles: list[RoleChoice]


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the list. inboxes: slugs, without those that a group opens"""

    id: int
    name: str
    is_administrator: bool
    is_active: bool
    has_password: bool
    has_second_factor: bool
    groups: str
    inboxes: str
    last_login: datetime | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group in the list. users: names, one a line; inboxes: slugs"""

    id: int
    name: str
    users: str
    number: int
    inboxes: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """An open link. is_password: it sets a password, rather than making an account"""

    id: str
    name: str
    is_password: bool
    opens: str
    by: str
    expires_at: datetime


def roles(chosen: str = "viewer") -> list[RoleChoice]:
    """Return the roles for a form, from the lowest to the highest."""
    return [RoleChoice(each, _(ROLES[each]), each == chosen) for each in OF_MEMBERS]


def member_row(stored: Membership) -> MemberRow:
    """Return a member for its row."""
    is_group = stored.user is None
    return MemberRow(stored.pk, memberships.name(stored), is_group, roles(stored.role))


def user_row(user: User) -> UserRow:
    """Return a user for their row."""
    return UserRow(
        id=user.pk,
        name=user.get_username(),
        is_administrator=user.is_superuser,
        is_active=user.is_active,
        has_password=user.has_usable_password(),
        has_second_factor=second_factors.has_any(user),
        groups=", ".join(sorted(each.name for each in user.groups.all())),
        inboxes=_inboxes(user.memberships.all()),
        last_login=user.last_login,
    )


def group_row(group: Group) -> GroupRow:
    """Return a group for its row."""
    names = groups.user_names(group)
    held: Iterable[Membership] = group.memberships.all()
    return GroupRow(group.pk, group.name, "\n".join(names), len(names), _inboxes(held))


def link_row(link: AccountLink) -> LinkRow:
    """Return a link for its row."""
    slugs = ", ".join(sorted(each.slug for each in link.inboxes.all()))
    opens = _("administrator") if link.is_administrator else ""
    if slugs:
        named = {"role": _(ROLES[link.role]), "inboxes": slugs}
        opens = _("%(role)s of %(inboxes)s") % named
    return LinkRow(
        id=str(link.pk),
        name=link.name,
        is_password=link.user_id is not None,
        opens=opens,
        by=link.created_by.get_username(),
        expires_at=link.expires_at,
    )


def _inboxes(held: Iterable[Membership]) -> str:
    """Return the inboxes of memberships with their roles, in words."""
    found = sorted((each.inbox.slug, _(ROLES[each.role])) for each in held)
    return ", ".join(f"{slug} ({role})" for slug, role in found)
