"""One-time codes in place of a lost app or passkey. Only their SHA-256 is stored."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime

from inbox.models import RecoveryCode, User
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

NUMBER = 10
_OCTETS = 10  # 80 random bits: no search finds a code from its digest
_GROUP = 4  # characters between two hyphens


def renew(user: User) -> list[str]:
    """Make new codes for a user, and return them; earlier ones become invalid."""
    codes = [_code() for _ in range(NUMBER)]
    rows = [RecoveryCode(user=user, digest=_digest(each)) for each in codes]
    with write_turn():
        acts.touch(None, user.username, "recovery codes made")
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(rows)
    return codes


def use(user: User, code: str) -> bool:
    """Use up a code; return whether it was valid."""
    rows = RecoveryCode.objects.filter(user=user, digest=_digest(code), used_at=None)
    if not rows.exists():
        return False
    with write_turn():
        return bool(rows.update(used_at=datetime.now(UTC)))


def left(user: User) -> int:
    """Return how many codes a user has left."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _code() -> str:
    text = base64.b32encode(secrets.token_bytes(_OCTETS)).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def _digest(code: str) -> str:
    """Return the digest of a code as people type it: spaces and hyphens are ignored."""
    plain = "".join(code.lower().replace("-", "").split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
