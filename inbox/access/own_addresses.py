"""A user's own addresses, as patterns: see inbox.http.mine."""

from __future__ import annotations

from inbox.models import User
from inbox.storage.write_lock import write_turn


def of(user: int) -> str:
    """Return a user's patterns, separated by spaces; "" for none."""
    found = User.objects.filter(pk=user).values_list("mine", flat=True).first()
    return found or ""


def keep(user: int, patterns: str) -> None:
    """Store a user's patterns."""
    with write_turn():
        User.objects.filter(pk=user).update(mine=patterns)
