"""The paths of pages, for rows, words and redirects.

Each is made from its name in inbox.urls, and cached: reverse() takes about 20
microseconds, and a transcript has hundreds of paths.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.urls import get_script_prefix, reverse

from mailsink.ids import short_id


def path(name: str, *arguments: object, **query: object) -> str:
    """Return the path of the page with this name, with a query; empty values are left out."""
    found = _path(get_script_prefix(), name, arguments)
    given = {key: value for key, value in query.items() if value != ""}
    return f"{found}?{urlencode(given)}" if given else found


@lru_cache(maxsize=4096)
def _path(prefix: str, name: str, arguments: tuple[object, ...]) -> str:
    return reverse(name, args=arguments)


def line(session: UUID, seq: int) -> str:
    """Return the path of a session's page with one of its lines selected."""
    return f"{path('session', session)}?exchange={seq}#e{seq}"


def short(session: UUID, seq: int) -> str:
    """Return the short path of a line, which refusals contain."""
    return path("short", short_id(session, seq))
