"""Seals passwords for the database, under a key that comes from the secret key."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

UNREADABLE = (
    "The password of the route was stored under another secret key: give it again."
)


class Unreadable(Exception):
    """It was sealed under another secret key."""


def seal(password: str) -> str:
    """Return a password sealed; "" stays as it is."""
    return _fernet().encrypt(password.encode()).decode() if password else ""


def unseal(sealed: str) -> str:
    """Return the password. Raises Unreadable."""
    if not sealed:
        return ""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _fernet() -> Fernet:
    derived = HKDF(hashes.SHA256(), 32, None, b"mailsink passwords of routes")
    key = derived.derive(str(settings.SECRET_KEY).encode())
    return Fernet(base64.urlsafe_b64encode(key))
