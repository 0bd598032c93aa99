"""Second factors: the proofs that follow a user's password.

They are a code of an app, a recovery code, or a passkey, which also signs in alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from inbox.access import (
    attempts_counted,
    authenticator_apps,
    passkeys,
    recovery_codes,
    users,
)
from inbox.errors import Invalid
from inbox.models import AuthenticatorApp, Passkey, RecoveryCode, User
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

_ASKED = "second_factor"  # in the session of a user whose password was right
SECONDS = 600  # for entering it
_LONGEST_CODE = 64  # characters


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of a user."""

    passkeys: list[Passkey]
    has_app: bool
    codes_left: int

    @property
    def are_any(self) -> bool:
        return bool(self.passkeys) or self.has_app


def of_user(user: User) -> Factors:
    """Return the second factors of a user."""
    has_app = AuthenticatorApp.objects.filter(user=user).exists()
    return Factors(passkeys.of_user(user), has_app, recovery_codes.left(user))


def has_any(user: User) -> bool:
    """Whether this user needs more than a password."""
    return hasattr(user, "authenticator_app") or bool(user.passkeys.all())


def ask(request: HttpRequest, user: User) -> None:
    """Remember in the session that the password of a user was right."""
    asked = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": int(time.time()),
    }
    with write_turn():
        request.session.flush()
    request.session[_ASKED] = asked
    request.session.set_expiry(SECONDS)


def asked(request: HttpRequest) -> User | None:
    """Return the user whose second factor is awaited; None if it is too late."""
    found = request.session.get(_ASKED)
    if not found or int(time.time()) > found["at"] + SECONDS:
        return None
    user = User.objects.filter(pk=found["user"], is_active=True).first()
    if user is None:
        return None
    same = constant_time_compare(user.get_session_auth_hash(), found["hash"])
    return user if same else None


def check(request: HttpRequest, user: User, code: str) -> str:
    """Accept a code; return its kind: "authenticator app" or "recovery code".

    Raises Invalid, TriedTooOften.
    """
    key = str(user.pk)
    attempts_counted.count(request, attempts_counted.SECOND_FACTOR, key)
    by = ""
    if len(code) <= _LONGEST_CODE:
        if authenticator_apps.accepts(user, code):
            by = "authenticator app"
        elif recovery_codes.use(user, code):
            by = "recovery code"
    if not by:
        user_login_failed.send(
            __name__, credentials={"username": user.get_username()}, request=request
        )
        raise Invalid(_("The code is wrong, or was used already."))
    attempts_counted.forgive(request, attempts_counted.SECOND_FACTOR, key)
    return by


def tidy(user: User) -> None:
    """Remove the recovery codes of a user with no app or passkey left."""
    if not of_user(user).are_any:
        with write_turn():
            RecoveryCode.objects.filter(user=user).delete()


def remove_all(id: int) -> User:
    """Remove the passkeys, the app and the recovery codes of a user. Raises NotFound."""
    with write_turn():
        user = users.get(id)
        acts.touch(None, user.username, "second factors removed")
        for rows in (Passkey.objects, AuthenticatorApp.objects, RecoveryCode.objects):
            rows.filter(user=user).delete()
    return user
