"""The size of the mail and its parts, compared with the limits of email clients and servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from inbox.checks.checked_message import CheckedMessage, CheckPlace, shown
from inbox.explain.quantities import counted

CLIPPED = 102 * 1024  # octets of HTML that Gmail shows
_NEARLY = 92 * 1024
_MB = 1000 * 1000
TOO_LARGE, _LARGE = 25 * 1024 * 1024, 10_240_000  # octets as sent
_HEAVY = 500 * 1000  # octets of an image
_MANY_IMAGES = 30
_LONG_SUBJECT = 70  # characters
_TEXT_LINE = 78  # characters (RFC 5322 §2.1.1)


def clipped_html(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if Gmail cuts the HTML, or almost does."""
    size = len(mail.html.encode("utf-8", "replace"))
    if size <= _NEARLY:
        return
    words = _("The HTML has %(size)s KB.") % {"size": f"{size / 1024:.1f}"}
    if size <= CLIPPED:
        yield CheckPlace("nearly_clipped", "HTML", words=words)
        return
    seen = mail.html.encode("utf-8", "replace")[:CLIPPED].decode("utf-8", "ignore")
    line = seen.count("\n") + 1
    yield CheckPlace("clipped", "HTML", line, shown(mail.html[len(seen) :]), words)


def large_message(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if the mail as sent exceeds the limits of servers."""
    size = len(mail.octets)
    if size > _LARGE:
        kind = "too_large" if size > TOO_LARGE else "large"
        words = _("It has %(size)s MB as sent.") % {"size": f"{size / _MB:.1f}"}
        yield CheckPlace(kind, words=words)


def heavy_images(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield heavy images, or many of them."""
    for part in mail.parsed.parts:
        if part.content_type.startswith("image/") and part.disposition != "attachment":
            size = part.size * 3 // 4 if part.encoding == "base64" else part.size
            if size > _HEAVY:
                name = part.filename or part.content_id or part.number
                yield CheckPlace(
                    "heavy_image", snippet=shown(name), words=f"{size // 1000} KB"
                )
    shows = sum(element.name == "img" for element in mail.page.elements)
    if shows > _MANY_IMAGES:
        yield CheckPlace(
            "many_images", "HTML", words=_("There are %(n)s.") % {"n": shows}
        )


def long_subject(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if message lists cut the subject."""
    subject = mail.value("subject")
    if len(subject) > _LONG_SUBJECT:
        words = _("It has %(n)s characters.") % {"n": len(subject)}
        yield CheckPlace("long_subject", "Subject", None, shown(subject), words)


def long_text_lines(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield long lines of a plain text that is not declared to flow (RFC 3676)."""
    flowed = any(
        part.content_type == "text/plain"
        and part.parameters.get("format", "").lower() == "flowed"
        for part in mail.parsed.parts
    )
    if flowed:
        return
    for number, line in enumerate(mail.text.split("\n"), 1):
        # a URL cannot be wrapped
        if len(line) > _TEXT_LINE and not re.match(r"\S*+\s*+\Z", line):
            words = counted(len(line), "byte") if line.isascii() else ""
            yield CheckPlace("long_text_lines", "Text", number, shown(line), words)
