"""Finds, makes, changes and deletes users. The routes require an administrator.

inbox.access.accounts makes sure that the last administrator stays.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from inbox.access import accounts
from inbox.access.password_rules import check_password
from inbox.errors import Conflict, Invalid, InvalidMember, NotFound
from inbox.mailbox import discussion, read_marks
from inbox.models import User
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

MOST = 5000
_HIGHEST = 2**31 - 1  # of a primary key


def new(name: str, password: str | None = None) -> User:
    """Return a new user, not stored yet. password: None for none yet

    Raises Invalid.
    """
    user = User(username=User.normalize_username(name.strip()))
    try:
        user.clean_fields(exclude=["password", "last_login"])
    except ValidationError as error:
        raise InvalidMember("name", " ".join(error.messages)) from None
    if password is None:
        user.set_unusable_password()
    else:
        give_password(user, password)
    return user


def give_password(user: User, password: str) -> None:
    """Give a user another password, without storing it. Raises Invalid."""
    check_password(password, user)
    user.set_password(password)


def store_new(user: User) -> None:
    """Store a new user, within a write turn. Raises Conflict, Invalid."""
    if User.objects.filter(username__iexact=user.username).exists():
        raise Conflict(_("There is already a user with this name."))
    if User.objects.count() >= MOST:
        raise Invalid(_("at most %(most)s users are kept") % {"most": MOST})
    try:
        user.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("There is already a user with this name.")) from None


def add(name: str, is_administrator: bool = False) -> User:
    """Make a user without a password: a link gives them one. Raises Conflict, Invalid."""
    user = new(name)
    user.is_superuser = is_administrator
    with write_turn():
        if not User.objects.filter(is_superuser=True).exists():
            raise Conflict(_("There are no accounts: begin with `mailsink setup`."))
        store_new(user)
        acts.touch(None, user.username, _details(user))
    return user


def find() -> list[User]:
    """Return all users by name, with the data for pages prefetched."""
    rows = User.objects.order_by("username").select_related("authenticator_app")
    return list(rows.prefetch_related("groups", "memberships__inbox", "passkeys"))


def get(id: int) -> User:
    """Return a user by the primary key. Raises NotFound."""
    found = User.objects.filter(pk=id).first() if 0 < id <= _HIGHEST else None
    if found is None:
        raise NotFound(_('there is no user "%(id)s"') % {"id": str(id)[:40]})
    return found


def by_name(name: str) -> User:
    """Return a user by the name. Raises NotFound."""
    name = User.normalize_username(name.strip())
    found = None
    if "\x00" not in name:
        found = User.objects.filter(username=name).first()
    if found is None:
        raise NotFound(_('there is no user "%(id)s"') % {"id": name[:40]})
    return found


def change(
    id: int, *, is_active: bool | None = None, is_administrator: bool | None = None
) -> User:
    """Enable or disable a user, make them administrator or not; None: unchanged.

    A disabled user is a stranger from the next request on. Raises Conflict for the last
    administrator, NotFound.
    """
    asked = {"is_active": is_active, "is_superuser": is_administrator}
    given = {name: each for name, each in asked.items() if each is not None}
    with write_turn():
        user = get(id)
        for name, each in given.items():
            setattr(user, name, each)
        user.save(update_fields=[*given])
        acts.touch(None, user.username, _details(user))
    return user


def delete(id: int) -> None:
    """Delete a user with their tokens, saved searches, memberships and invitations.

    Mail, marks, notes, comments and the audit log stay; read marks and assignments are
    removed. Raises Conflict for the last administrator, NotFound.
    """
    with transaction.atomic():
        user = get(id)
        accounts.refuse_last(user)
    acts.touch(None, user.username)
    # There may be very many: not all in one turn.
    read_marks.forget(id)
    discussion.forget(id)
    with write_turn():
        get(id).delete()


def _details(user: User) -> str:
    found = "administrator" if user.is_superuser else "no administrator"
    return found if user.is_active else f"{found}, disabled"
