"""Seals passwords and other secrets for the database, with keys made from the secret key."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

UNREADABLE = (
    "The password of the route was stored under another secret key: enter it again."
)
ROUTES = (
    # and of all older values, from before there were purposes
    "mailsink passwords of routes"
)


class Unreadable(Exception):
    """The value was sealed with another secret key, or for another purpose."""


def seal(text: str, purpose: str = ROUTES) -> str:
    """Return a text sealed; "" stays as it is. purpose: unseal needs the same one"""
    return _fernet(purpose).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str, purpose: str = ROUTES, seconds: int | None = None) -> str:
    """Return the text. seconds: its maximum age. Raises Unreadable."""
    if not sealed:
        return ""
    try:
        return _fernet(purpose).decrypt(sealed.encode(), seconds).decode()
    except InvalidToken:
        raise Unreadable from None


def _fernet(purpose: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), 32, None, purpose.encode())
    key = derived.derive(str(settings.SECRET_KEY).encode())
    return Fernet(base64.urlsafe_b64encode(key))
