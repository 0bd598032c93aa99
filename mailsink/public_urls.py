"""The public address of the pages, and the origins of others that may use the API."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mailsink.values import EnvType, hostname, split


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """The public address of the pages: https://dev.example.com and /mail, or one part.

    origin: "" if it is unknown; path: without a slash at its end
    """

    origin: str = ""
    path: str = ""

    def __str__(self) -> str:
        """Return the address without a slash at its end, or "" without an origin."""
        return f"{self.origin}{self.path}" if self.origin else ""


# Characters that need no escape in any part of a page, a header and a cookie
_PUBLIC_PATH = re.compile(r"(/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")
_LONGEST_PATH = 200  # characters
# The first names of our own paths. If Mailsink were served below one of them, some
# paths would exist twice; and if a proxy removes the path, it would be unclear which is
# meant.
OWN_NAMES = frozenset(
    "account api audit compare counts entries findings groups health import inboxes "
    "invitations live livez login logout mcp messages metrics nothing-arriving outgoing "
    "readyz rules s searches sessions settings setup shared shares static test-message trace "
    "transactions trash users view webhooks ws".split()
)


def public_path(text: str) -> str:
    """Return the path that Mailsink is served at, without a slash at its end.

    Raises ValueError for a path that needs escapes in pages, headers or cookies.
    """
    path = text.rstrip("/")
    if len(path) > _LONGEST_PATH or not _PUBLIC_PATH.fullmatch(path):
        raise ValueError(text)
    return path


def is_own(path: str) -> bool:
    """Whether a path begins with a name of Mailsink's own."""
    return path.lstrip("/").partition("/")[0] in OWN_NAMES


def _public_url(text: str) -> PublicUrl:
    if not text.isprintable():  # urlsplit() would drop such characters
        raise ValueError(text)
    alone = text.startswith("/") or not text
    path = public_path(text if alone else urlsplit(text).path)
    if is_own(path):
        raise ValueError(text)
    return PublicUrl("" if alone else _origin(text), path)


def _origin(text: str) -> str:
    """Return the origin of a URL as browsers write it (RFC 6454 §6.1)."""
    url = split(text, ("http", "https"))
    if url.query or url.fragment or url.username is not None:
        raise ValueError(text)
    host = _url_host(url)
    default = {"http": 80, "https": 443}[url.scheme]  # an Origin omits it
    port = "" if url.port in (None, default) else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def _origins(text: str) -> tuple[str, ...]:
    found = [each for each in re.split(r"[\s,]+", text) if each]
    if any(urlsplit(each).path.strip("/") for each in found):
        raise ValueError(text)
    return tuple(dict.fromkeys(map(_origin, found)))


def _url_host(url: SplitResult) -> str:
    """Return the host of a URL unchanged: it goes into the pages' policies."""
    host = url.hostname or ""
    if "[" not in url.netloc:
        return hostname(host).lower()
    if "%" in host:  # a zone, which can be any text
        raise ValueError(host)
    return f"[{ipaddress.IPv6Address(host)}]"


ORIGINS = EnvType(
    "origins like https://app.example or http://localhost:3000, by comma, and no *",
    _origins,
)
PUBLIC_URL = EnvType(
    "a URL like https://dev.example.com/mail/, or its path alone; the path does not "
    "begin with a name of Mailsink's own, as /api does",
    _public_url,
)
