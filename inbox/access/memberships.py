"""The roles of users, by their memberships and those of their groups."""

from __future__ import annotations

from django.db.models import Q

from inbox.access.identity import Identity
from inbox.access.roles import OF_MEMBERS, Role
from inbox.models import Membership, User


def of_user(user: User) -> Identity:
    """Return what a user may do."""
    if user.is_superuser:
        return Identity("user", user.pk, user.get_username(), is_administrator=True)
    roles: dict[int, Role] = {}
    ours = Q(user=user) | Q(group__in=user.groups.all())
    for inbox, role in Membership.objects.filter(ours).values_list("inbox", "role"):
        roles[inbox] = max(roles.get(inbox, Role.PUBLIC), OF_MEMBERS[role])
    return Identity("user", user.pk, user.get_username(), roles=roles)
