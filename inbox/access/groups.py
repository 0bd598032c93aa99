"""Finds, makes, changes and deletes groups of users. The routes require an administrator."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.utils.translation import gettext as _

from inbox.access import users
from inbox.errors import Conflict, Invalid, InvalidMember, NotFound
from inbox.given_names import clean_name
from inbox.models import User
from inbox.storage import acts
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

MOST = 1000
LONGEST_NAME = 150
# of a group: a change may remove and add this many each
MOST_USERS = ROWS_IN_A_TURN // 2
_HIGHEST = 2**31 - 1  # of a primary key


def find() -> list[Group]:
    """Return all groups by name, with their users and memberships prefetched."""
    rows = Group.objects.order_by("name")
    return list(rows.prefetch_related("user_set", "memberships__inbox"))


def get(id: int) -> Group:
    """Return a group by the primary key. Raises NotFound."""
    found = Group.objects.filter(pk=id).first() if 0 < id <= _HIGHEST else None
    if found is None:
        raise NotFound(_('there is no group "%(id)s"') % {"id": str(id)[:40]})
    return found


def by_name(name: str) -> Group:
    """Return a group by the name. Raises NotFound."""
    name, found = " ".join(name.split()), None
    if "\x00" not in name:
        found = Group.objects.filter(name=name).first()
    if found is None:
        raise NotFound(_('there is no group "%(id)s"') % {"id": name[:40]})
    return found


def user_names(group: Group) -> list[str]:
    """Return the names of the users of a group."""
    return sorted(each.get_username() for each in group.user_set.all())


def add(name: str, members: Sequence[str] = ()) -> Group:
    """Make a group. members: names of users. Raises Conflict, Invalid, NotFound."""
    group = Group(name=clean_name(name, LONGEST_NAME))
    with write_turn():
        if Group.objects.count() >= MOST:
            raise Invalid(_("at most %(most)s groups are kept") % {"most": MOST})
        chosen = _users(members)
        _store(group)
        group.user_set.set(chosen)
    return group


def change(
    id: int, *, name: str | None = None, members: Sequence[str] | None = None
) -> Group:
    """Rename a group, or replace its users; None: unchanged.

    Raises Conflict, Invalid, NotFound.
    """
    with write_turn():
        group = get(id)
        if name is not None:
            group.name = clean_name(name, LONGEST_NAME)
        chosen = None if members is None else _users(members)
        _store(group)
        if chosen is not None:
            group.user_set.set(chosen)
    return group


def delete(id: int) -> None:
    """Delete a group; its users stay, but lose the group's roles."""
    with write_turn():
        group = get(id)
        acts.touch(None, group.name)
        group.delete()


def _store(group: Group) -> None:
    """Store a group, within a write turn. Raises Conflict."""
    others = Group.objects.filter(name__iexact=group.name).exclude(pk=group.pk)
    if others.exists():
        raise Conflict(_("There is already a group with this name."))
    try:
        group.save()
    except IntegrityError:
        raise Conflict(_("There is already a group with this name.")) from None
    acts.touch(None, group.name)


def _users(names: Sequence[str]) -> list[User]:
    wanted = dict.fromkeys(names)
    if len(wanted) > MOST_USERS:
        words = _("a group has at most %(most)s users")
        raise InvalidMember("members", words % {"most": MOST_USERS})
    return [users.by_name(each) for each in wanted]
