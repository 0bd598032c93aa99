"""The first administrator: made with `mailsink setup`, or on the page of a one-time link."""

from __future__ import annotations

import secrets

from django.db import IntegrityError
from django.utils.translation import gettext as _

from inbox.access import accounts, users
from inbox.errors import Conflict
from inbox.models import User
from inbox.storage.write_lock import write_turn

_key = ""  # of the link that this process printed


def offer() -> str:
    """Return the key of a link that makes the first administrator, once."""
    global _key
    _key = secrets.token_urlsafe(24)
    return _key


def is_offered(key: str) -> bool:
    """Whether a link has the key, and there are no accounts yet."""
    same = secrets.compare_digest(key.encode(), _key.encode())
    return bool(_key) and same and not accounts.look()


def make_administrator(name: str, password: str, *, only_first: bool = False) -> User:
    """Make an administrator. Raises Invalid, Conflict.

    only_first: refuse if there is one already
    """
    user = users.new(name, password)
    user.is_superuser = True
    try:
        with write_turn():
            if only_first and User.objects.filter(is_superuser=True).exists():
                raise Conflict(_("There is already an administrator: sign in."))
            user.save()
    except IntegrityError:
        raise Conflict(_("There is already a user with this name.")) from None
    accounts.look()
    return user
