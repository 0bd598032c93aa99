"""Counts attempts to sign in, which may fail, by client address and by a key."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from inbox.errors import TriedTooOften
from mailsink.one_client import client_of

# Keys of ACCOUNT_RATE_LIMITS
FAILED = "login_failed"  # by user name
BEGUN = "login_begun"  # before there is a name: each begins a session
ENDED = "login_ended"  # through a provider, which sends users back
PASSKEY = "passkey"  # without a name: an answer to a challenge
SECOND_FACTOR = "second_factor"  # by the id of a user whose password was right


def count(request: HttpRequest, action: str, key: str = "") -> None:
    """Count an attempt. Raises TriedTooOften if there were too many."""
    if not _limits().consume(_asked(request), action=action, key=key):
        raise TriedTooOften(_("Too many attempts failed. Try again in a few minutes."))


def forgive(request: HttpRequest, action: str, key: str) -> None:
    """Reset the count of attempts: this one succeeded."""
    _limits().clear(_asked(request), action=action, key=key)


def _asked(request: HttpRequest) -> HttpRequest:
    """Return a copy of a request in the form that the library counts."""
    asked = copy(request)
    asked.method = "POST"  # it would not count a GET
    client = client_of(str(request.META.get("REMOTE_ADDR", "")))
    asked.META = {**request.META, "REMOTE_ADDR": client}
    return asked


def _limits() -> Any:
    # Imported at the first login: most runs have none.
    from allauth.core import ratelimit  # type: ignore[import-untyped]

    return ratelimit
