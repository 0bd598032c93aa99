"""Signing in and out, and changing one's own password.

Failed attempts are counted by address and by name. Each login begins a new session,
which ends when its user's password changes.
"""

from __future__ import annotations

import re
import time
from importlib import import_module

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from inbox.access import attempts_counted, auditing, recognising, second_factors
from inbox.access.password_rules import LONGEST_PASSWORD, check_password
from inbox.errors import Invalid
from inbox.models import User
from inbox.storage.write_lock import write_turn

_LONGEST_NAME = 150  # characters, as in the column
_PROVED = "proved_at"  # in the session: the time of its user's last proof of identity
# A path segment that browsers resolve, and that may thus leave a path
_DOTS = re.compile(r"[/\\](?:\.|%2e){1,2}(?=[/\\]|$)", re.IGNORECASE)
FRESH = 900  # seconds after that in which users may change their means of signing in


def sign_in(request: HttpRequest, name: str, password: str) -> bool:
    """Sign a user in with a password; return whether the login is complete.

    A user with a second factor is asked for it first. Raises Invalid, TriedTooOften.
    """
    key = name.strip().lower()[:_LONGEST_NAME]
    attempts_counted.count(request, attempts_counted.FAILED, key)
    user = None
    if "\x00" not in name + password and len(password) <= LONGEST_PASSWORD:
        user = authenticate(request, username=name.strip(), password=password)
    if not isinstance(user, User):
        raise Invalid(_("The name or the password is wrong."))
    attempts_counted.forgive(request, attempts_counted.FAILED, key)
    return enter_by_password(request, user)


def enter_by_password(request: HttpRequest, user: User) -> bool:
    """Sign in a user whose password is right; return whether the login is complete.

    A user with a second factor is asked for it first.
    """
    if second_factors.has_any(user):
        second_factors.ask(request, user)
        return False
    enter(request, user, "password")
    return True


def enter(request: HttpRequest, user: User, by: str) -> None:
    """Begin the session of a user who has proved their identity.

    by: the means of the proof, for the audit log
    """
    backend = getattr(user, "backend", settings.AUTHENTICATION_BACKENDS[0])
    auditing.note_means(request, by)
    with write_turn():
        request.session.flush()  # a stranger's data must not enter a user's session
        login(request, user, backend=backend)
        request.session[_PROVED] = int(time.time())
    recognising.forget(request)


def note_failure(request: HttpRequest, name: str = "") -> None:
    """Log a failed login that used no password in the audit log."""
    user_login_failed.send(__name__, credentials={"username": name}, request=request)


def sign_out(request: HttpRequest) -> None:
    """End the session of a request."""
    with write_turn():
        logout(request)
    recognising.forget(request)


def is_fresh(request: HttpRequest) -> bool:
    """Whether a session's user has proved their identity recently."""
    proved_at: int = request.session.get(_PROVED, 0)
    return int(time.time()) < proved_at + FRESH


def prove(request: HttpRequest, password: str) -> None:
    """Check the password of a session's user once more. Raises Invalid, TriedTooOften."""
    _check_own(request, password)
    request.session[_PROVED] = int(time.time())


def change_password(request: HttpRequest, old: str, new: str) -> None:
    """Change the caller's password, and end their other sessions.

    Raises Invalid, TriedTooOften.
    """
    user = _check_own(request, old)
    check_password(new, user)
    user.set_password(new)
    with write_turn():
        user.save(update_fields=["password"])
        update_session_auth_hash(request, user)


def forget_expired() -> None:
    """Remove expired sessions."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    with write_turn():
        store.clear_expired()


def way_back(given: str, root: str) -> str:
    """Return the path to go to after a login: one of our pages below root.

    Other applications may share the host.
    """
    path = re.split("[?#]", given, maxsplit=1)[0]
    own = url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    is_below = path.startswith(root) and not _DOTS.search(path)
    return given if own and is_below and given.isprintable() else root


def _check_own(request: HttpRequest, password: str) -> User:
    """Return the calling user, after a check of the password. Raises Invalid, TriedTooOften."""
    user = request.user
    if not isinstance(user, User):
        raise Invalid(_("Only a user has a password."))
    key = user.get_username().lower()
    attempts_counted.count(request, attempts_counted.FAILED, key)
    if len(password) > LONGEST_PASSWORD or not user.check_password(password):
        raise Invalid(_("The current password is wrong."))
    attempts_counted.forgive(request, attempts_counted.FAILED, key)
    return user
