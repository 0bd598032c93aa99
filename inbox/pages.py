"""Addresses of the pages that rows, words and redirects lead to.

Each is made by the name that inbox.urls gives it, and remembered: reverse() takes some
20 microseconds, and a transcript has hundreds of addresses.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.urls import get_script_prefix, reverse

from mailsink.ids import short_id


def path(name: str, *arguments: object, **query: object) -> str:
    """Return the path of the page of this name, with a query; what is "" is left out."""
    found = _path(get_script_prefix(), name, arguments)
    given = {key: value for key, value in query.items() if value != ""}
    return f"{found}?{urlencode(given)}" if given else found


@lru_cache(maxsize=4096)
def _path(prefix: str, name: str, arguments: tuple[object, ...]) -> str:
    return reverse(name, args=arguments)


def line(session: UUID, seq: int) -> str:
    """Return the address of a session's page with one of its lines chosen."""
    return f"{path('session', session)}?exchange={seq}#e{seq}"


def short(session: UUID, seq: int) -> str:
    """Return the short address of a line, as refusals name it."""
    return path("short", short_id(session, seq))
