"""Apps that show a code of six digits every 30 seconds (TOTP, RFC 6238)."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid
from inbox.models import AuthenticatorApp, User
from inbox.storage import acts, sealing
from inbox.storage.write_lock import write_turn

_DIGITS = 6
_HASH = SHA1()  # noqa: S303 the one that all apps know; HMAC asks little of it (RFC 6238 B)
_STEP = 30  # seconds for which an app shows a code
_AWAY = 1  # steps that the clock of an app may be wrong (RFC 6238 §5.2)
_OCTETS = 20  # of a secret (RFC 4226 §4)
_OFFERED = 1800  # seconds for which an offer is valid
_PURPOSE = "mailsink secrets of authenticator apps"
_OFFER = "mailsink offers of authenticator apps"


@dataclass(frozen=True, slots=True)
class AppOffer:
    """A secret that a user can put into an app. sealed: the same, for the form to send back"""

    sealed: str
    secret: str
    url: str  # in the form that apps read from a QR code


def offer(user: User) -> AppOffer:
    """Return a new secret for a user; nothing is stored yet."""
    return _offer(user, secrets.token_bytes(_OCTETS))


def offered(user: User, sealed: str) -> AppOffer:
    """Return the offer made to this user within the last half hour. Raises Invalid."""
    try:
        whose, _space, secret = sealing.unseal(sealed, _OFFER, _OFFERED).partition(" ")
    except sealing.Unreadable:
        whose, secret = "", ""
    if whose != str(user.pk):
        raise Invalid(_("This page is too old. Scan the new code."))
    return _offer(user, base64.b32decode(secret))


def add(user: User, offer: AppOffer, code: str) -> None:
    """Store the app of a user who has put the offer into it. Raises Conflict, Invalid.

    code: shown by the app
    """
    step = _step(base64.b32decode(offer.secret), code, 0)
    if not step:
        words = _("The code is wrong. Check that the clock of your device is right.")
        raise Invalid(words)
    sealed = sealing.seal(offer.secret, _PURPOSE)
    now = datetime.now(UTC)
    made = AuthenticatorApp(user=user, sealed_secret=sealed, last_step=step)
    made.created_at = now
    with write_turn():
        if AuthenticatorApp.objects.filter(user=user).exists():
            raise Conflict(_("You already have an authenticator app: remove it first."))
        made.save(force_insert=True)
        acts.touch(None, user.username, "authenticator app added")


def accepts(user: User, code: str) -> bool:
    """Return whether the app of a user shows this code now, and use up the code.

    Raises Invalid if its secret was stored under another secret key.
    """
    app = AuthenticatorApp.objects.filter(user=user).first()
    if app is None:
        return False
    try:
        secret = sealing.unseal(app.sealed_secret, _PURPOSE)
    except sealing.Unreadable:
        words = _(
            "The authenticator app was added under another secret key of the server. "
            "Use a recovery code or a passkey, or ask an administrator."
        )
        raise Invalid(words) from None
    step = _step(base64.b32decode(secret), code, app.last_step)
    if not step:
        return False
    with write_turn():
        rows = AuthenticatorApp.objects.filter(user=user, last_step__lt=step)
        return bool(rows.update(last_step=step))


def remove(user: User) -> None:
    """Remove the app of a user, if there is one."""
    with write_turn():
        acts.touch(None, user.username, "authenticator app removed")
        AuthenticatorApp.objects.filter(user=user).delete()


def _offer(user: User, secret: bytes) -> AppOffer:
    text = base64.b32encode(secret).decode()
    url = TOTP(secret, _DIGITS, _HASH, _STEP).get_provisioning_uri(
        user.get_username(), "Mailsink"
    )
    return AppOffer(sealing.seal(f"{user.pk} {text}", _OFFER), text, url)


def _step(secret: bytes, code: str, last: int) -> int:
    """Return the step after the last one in which an app shows a code; 0: in none."""
    typed = "".join(code.split()).encode("utf-8", "replace")
    now, codes = int(time.time()) // _STEP, HOTP(secret, _DIGITS, _HASH)
    found = 0
    for step in range(now - _AWAY, now + _AWAY + 1):
        # All are compared, even after a match, to take the same time.
        if hmac.compare_digest(codes.generate(step), typed) and step > last:
            found = step
    return found
