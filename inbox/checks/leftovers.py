"""Leftovers from the production of a message.

These are placeholders, missing values, fillers and odd links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from inbox.checks.checked_message import PIECE, CheckedMessage, CheckPlace, shown

# Between the delimiters there is neither an end nor a new line, and not too much text
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,200}\}\}|\{%[^%\n]{0,200}%\}|[$#]\{[^{}\n]{1,200}\}|<%[^%\n]{1,200}%>"
    r"|%%\w{1,60}%%|\*\|[\w:.-]{1,60}\|\*|\[\[[^\[\]\n]{1,100}\]\]|%\(\w{1,60}\)[sd]"
    r"|\{(?:first|last|full|user|customer|company|order)_?(?:name|id|number)\}",
    re.IGNORECASE,
)
# Without one of these characters there is no placeholder, which is checked fast
_MAY_HOLD = re.compile(r"[{<*%\[]")
# Percent-encoded in URLs
_ENCODED = re.compile(
    r"(?:%7B){2}[^{}\n]{1,200}?(?:%7D){2}|\$%7B[^{}\n]{1,200}?%7D", re.IGNORECASE
)
_MISSING = re.compile(r"\[object \w{1,20}\]|(?<![\w.-])(?:undefined|null|NaN)(?![\w-])")
# "None" is also a word, so it counts only right after a greeting
_NOBODY = re.compile(
    r"\b(?:Dear|Hello|Hi|Hallo|Bonjour)[ \t]+(?:None|nil|null|undefined|NULL)\b"
)
_FILLER = re.compile(r"lorem ipsum|\b(?:TODO|FIXME|TBD|XXX)\b(?!\.\w)")

_AUTHORITY = re.compile(r"(?:https?:)?//([^/?#]*)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.IGNORECASE)
_LOCAL = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet")
_EXAMPLE = re.compile(r"(?:.*\.)?(?:example\.(?:com|net|org)|example|test|invalid)")


def placeholders(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield apparent variables of templates in subject, text, HTML and URLs."""
    for place, text, line in mail.readable():
        if not _MAY_HOLD.search(text):
            continue
        for match in _PLACEHOLDER.finditer(text[:PIECE]):
            yield CheckPlace("placeholder", place, line, shown(match[0]))
    for url, place, line in mail.urls:
        plain = _placeholder(url) if place == "HTML" else None
        encoded = _ENCODED.search(url[:2000]) if "%" in url else None
        if found := plain or encoded:
            yield CheckPlace("placeholder", place, line, shown(found[0]))
    for element in mail.page.elements:
        if _placeholder(element.attributes.get("alt", "")):
            yield mail.at("placeholder", element)


def _placeholder(text: str) -> re.Match[str] | None:
    """Return the first placeholder in the beginning of a text; None if there is none."""
    return _PLACEHOLDER.search(text[:2000]) if _MAY_HOLD.search(text) else None


def missing_values(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield words that programs write for missing values."""
    for place, text, line in mail.readable():
        for pattern in (_MISSING, _NOBODY):
            for match in pattern.finditer(text[:PIECE]):
                around = text[max(0, match.start() - 24) : match.end() + 24]
                yield CheckPlace("missing_value", place, line, shown(around))
    for url, place, line in mail.urls:
        if re.search(r"[/=](?:undefined|null|NaN|\[object)(?![\w-])", url[:2000]):
            yield CheckPlace("missing_value", place, line, shown(url))


def fillers(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield filler text that stands in for the final one."""
    for place, text, line in mail.readable():
        for match in _FILLER.finditer(text[:PIECE]):
            around = text[max(0, match.start() - 16) : match.end() + 40]
            yield CheckPlace("filler", place, line, shown(around))
        if (
            at := text[:PIECE].lower().find("lorem ipsum")
        ) >= 0 and "lorem ipsum" not in text:
            yield CheckPlace("filler", place, line, shown(text[at : at + 60]))


def dead_links(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield links and images that lead nowhere, or only to the sender's machine."""
    for url, place, line in mail.urls:
        kind = _wrong(url.strip())
        if kind == "relative_link" and mail.carried.find(url):
            continue  # to a part of the mail (RFC 2557)
        if kind:
            yield CheckPlace(kind, place, line, shown(url) or '""')


def _wrong(url: str) -> str:
    """Return the kind of fault of a URL; "" for none."""
    if url in ("", "#") or url.lower().startswith(("javascript:", "about:blank")):
        return "empty_link"
    if url.startswith("#") or _placeholder(url):
        return ""  # to an anchor in the mail; reported as a placeholder
    if not _SCHEME.match(url) and not url.startswith("//"):
        return "relative_link"
    if not url.lower().startswith(("http:", "https:", "//")):
        return ""
    return _of_host(url)


def _of_host(url: str) -> str:
    found = _AUTHORITY.match(url[:2000])
    return _of_authority(found[1] if found else "")


@lru_cache(maxsize=1024)  # most links of a mail lead to a few hosts
def _of_authority(authority: str) -> str:
    """Return the kind of fault of a link's host; "" for none."""
    try:
        host = (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:  # brackets without a valid address
        return ""
    if not host:
        return "empty_link"
    if _is_private(host):
        return "local_link"
    return "example_link" if _EXAMPLE.fullmatch(host[:255]) else ""


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_LOCAL)
