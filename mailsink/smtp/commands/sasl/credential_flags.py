"""The shape of a login: it explains many failed logins without showing the secret."""

from __future__ import annotations

import binascii
import re

from mailsink.smtp.protocol.masking import MASK, holds_login
from mailsink.text import readable

_SHORTEST = (
    8  # octets; shorter words too often look like base64, or like part of a name
)
# A token in place of a user name: as in HTTP (RFC 6750 §2.1), or a JWT (RFC 7519 §3).
_TOKEN = re.compile(rb"(?:bearer|basic) .*|eyJ[\w-]*(?:\.[\w-]*){2,4}", re.I | re.S)


def secret_flags(username: bytes, secret: bytes) -> tuple[str, ...]:
    """Return the flags of a secret; both are octets as sent."""
    shapes = {
        "secret_empty": not secret,
        "secret_starts_with_space": secret.startswith(b" "),
        "secret_ends_with_space": secret.endswith(b" "),
        "secret_ends_with_lf": secret.endswith(b"\n"),
        "secret_ends_with_cr": secret.endswith(b"\r"),
        "secret_non_ascii": not secret.isascii(),
        "secret_equals_username": bool(secret) and secret == username,
        "secret_double_encoded": _is_encoded_text(secret),
    }
    return tuple(flag for flag, holds in shapes.items() if holds)


def username_flags(username: bytes) -> tuple[str, ...]:
    """Return the flags of a user name; it is octets as sent."""
    if not username:
        return ("username_empty",)
    return ("username_padded",) if username != username.strip() else ()


def redacted_username(username: bytes, secret: bytes = b"") -> str:
    """Return a user name for the record: masked if it may contain a password.

    secret: the secret sent with it. Some services use one token as both.

    A client that confuses mechanisms sends the whole response of PLAIN or XOAUTH2 as a
    user name. Control characters reveal that: no user name has them (RFC 4616 §2,
    RFC 4013 §2.3). A client of HTTP Basic sends "user:password"; there no user name has
    a colon (RFC 7617 §2).
    """
    name = username.strip()
    if _shows(name, secret.strip()) or _TOKEN.fullmatch(name):
        return MASK
    if any(octet < 32 for octet in name) or holds_login(name):
        return MASK
    if _is_encoded_text(name) and b":" in binascii.a2b_base64(name):
        return MASK
    user, colon, password = username.partition(b":")
    return readable(user + colon) + (MASK if password else "")


def _shows(name: bytes, secret: bytes) -> bool:
    """Whether a user name reveals the secret."""
    return bool(secret) and (
        name == secret or (len(secret) >= _SHORTEST and secret in name)
    )


def _is_encoded_text(secret: bytes) -> bool:
    """Whether the secret is itself base64 of text, which does not happen by chance."""
    secret = secret.rstrip(b"\r\n")
    if len(secret) < _SHORTEST:
        return False
    try:
        text = binascii.a2b_base64(secret, strict_mode=True).decode()
    except ValueError:
        return False
    return text.rstrip("\r\n").isprintable()
