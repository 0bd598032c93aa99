"""The pictures in a mail: the ones that browsers show, and the reasons against others.

Never raises; linear time.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsink.mime import types
from mailsink.mime.preview import references
from mailsink.mime.reading import Reading
from mailsink.mime.related import Related
from mailsink.mime.structure import Part
from mailsink.translatable import TranslatableText, gettext_noop

# Not SVG, which is a document, and no other format that is more than a picture.
TYPES = frozenset(
    f"image/{name}"
    for name in ("png", "jpeg", "gif", "webp", "avif", "bmp", "x-icon", "apng")
) | {"image/vnd.microsoft.icon", "image/jpg", "image/pjpeg", "image/x-png"}


@dataclass(frozen=True, slots=True)
class Unshown:
    """A picture that the HTML names but does not show. name: its URL there."""

    name: str
    reason: TranslatableText  # to be translated


def shown_as(octets: bytes, part: Part) -> str:
    """Return the picture type with which a browser shows a part, or ""."""
    kind = types.sniffed(octets, part)
    return kind if kind in TYPES else ""


def carried(reading: Reading) -> Related:
    """Return the parts that the HTML of a message can name."""
    return Related(reading.octets, reading.structure, reading.html_parts)


def unshown(reading: Reading) -> list[Unshown]:
    """Return the pictures that the HTML names but does not show, with the reasons."""
    if not reading.html_parts:
        return []
    parts = carried(reading)
    named = sorted(references(reading.markup, parts.has_locations))
    found = ((url, _reason(reading.octets, url, parts.find(url))) for url in named)
    return [Unshown(url, reason) for url, reason in found if reason]


def _reason(octets: bytes, url: str, part: Part | None) -> TranslatableText | None:
    """Return why a URL's picture is not shown; None if it is, or is not in the mail."""
    if part is None:
        words = gettext_noop("no part of the message has this Content-ID")
        return TranslatableText(words) if url[:4].lower() == "cid:" else None
    kind = types.sniffed(octets, part)
    values = {"number": part.number, "type": kind}
    if kind == "image/svg+xml":
        return TranslatableText(
            gettext_noop("it is SVG, a document that can contain scripts")
        )
    if kind not in TYPES:
        words = gettext_noop("part %(number)s is %(type)s, which browsers do not show")
    elif not part.size:
        words = gettext_noop("part %(number)s is empty")
    elif not types.signed(octets, part):
        words = gettext_noop(
            "part %(number)s claims to be %(type)s, but is not a picture"
        )
    else:
        return None
    return TranslatableText(words, **values)
