"""Signing in and out, and one's own password.

Attempts that fail are counted by address and by name; a session is new at each login, and
ends when the password of its user changes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from inbox.access import recognising
from inbox.access.password_rules import LONGEST_PASSWORD, check_password
from inbox.errors import Invalid, TriedTooOften
from inbox.models import User
from inbox.storage.write_lock import write_turn

_LONGEST_NAME = 150  # characters, as the column has them
_ACTION = "login_failed"  # in ACCOUNT_RATE_LIMITS


def sign_in(request: HttpRequest, name: str, password: str) -> User:
    """Let a request's session be a user's. Raises Invalid, TriedTooOften."""
    key = name.strip().lower()[:_LONGEST_NAME]
    if not _counted(request, key):
        words = _("Too many attempts failed. Try again in a few minutes.")
        raise TriedTooOften(words)
    user = None
    if "\x00" not in name + password and len(password) <= LONGEST_PASSWORD:
        user = authenticate(request, username=name.strip(), password=password)
    if not isinstance(user, User):
        raise Invalid(_("The name or the password is wrong."))
    _forgive(request, key)
    enter(request, user)
    return user


def enter(request: HttpRequest, user: User) -> None:
    """Let a request's session be that of a user who has proved who they are."""
    backend = getattr(user, "backend", settings.AUTHENTICATION_BACKENDS[0])
    with write_turn():
        login(request, user, backend=backend)
    recognising.forget(request)


def sign_out(request: HttpRequest) -> None:
    """End the session of a request."""
    with write_turn():
        logout(request)
    recognising.forget(request)


def change_password(request: HttpRequest, old: str, new: str) -> None:
    """Change the password of whoever asks, and end their other sessions.

    Raises Invalid, TriedTooOften.
    """
    user = request.user
    if not isinstance(user, User):
        raise Invalid(_("Only a user has a password."))
    key = user.get_username().lower()
    if not _counted(request, key):
        raise TriedTooOften(_("Too many attempts failed. Try again in a few minutes."))
    if len(old) > LONGEST_PASSWORD or not user.check_password(old):
        raise Invalid(_("The present password is wrong."))
    _forgive(request, key)
    check_password(new, user)
    user.set_password(new)
    with write_turn():
        user.save(update_fields=["password"])
        update_session_auth_hash(request, user)


def forget_expired() -> None:
    """Remove the sessions whose time is over."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    with write_turn():
        store.clear_expired()


def way_back(given: str, root: str) -> str:
    """Return the path to go to after a login: one of our own pages below root."""
    own = url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if own and given.startswith(root) and given.isprintable() else root


def _counted(request: HttpRequest, key: str) -> bool:
    """Count an attempt; return whether there were not too many."""
    return bool(_limits().consume(request, action=_ACTION, key=key))


def _forgive(request: HttpRequest, key: str) -> None:
    """Count attempts from none again: this one succeeded."""
    _limits().clear(request, action=_ACTION, key=key)


def _limits() -> Any:
    # Loaded at the first login: most runs have none.
    from allauth.core import ratelimit  # type: ignore[import-untyped]

    return ratelimit
