"""The panel of a message's parts: the tree, and a preview of the selected part."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import QueryDict

from inbox.content import invitations
from inbox.presenters import inline_parts
from inbox.presenters.message_page import MessagePage
from mailsink.mime import bodies, contacts, headers, structure, tnef, types
from mailsink.mime.pictures import TYPES
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part
from mailsink.text import pictured

SHOWN = 500  # parts in a page
_TEXT_SHOWN = 64 * 1024  # characters
# octets of a message for which all parts' checksums are shown
_HASHED = 4 * 1024 * 1024
_DUMPED = 256  # octets


# Whether a kind of preview fits a part with this detected type.
_Fits = Callable[[Part, str], bool]


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part in the tree. level: its depth, for the indentation, at most 8.

    size: in octets, decoded
    """

    part: Part
    level: int
    size: int
    sha256: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The preview of the selected part. kind: the template's branch"""

    kind: str
    sha256: str
    content: dict[str, object] = field(default_factory=dict)


def view(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    """Return the context of the panel. asked: `part`, by its number"""
    parts = mail.parsed.parts
    chosen = _chosen(parts, asked.get("part", ""))
    hashed = len(mail.octets) <= _HASHED
    rows = [
        PartRow(
            part,
            min(part.depth, 8),
            bodies.decoded_size(mail.octets, part),
            _sha256(mail, part) if hashed and not part.children else "",
            part is chosen,
        )
        for part in parts[:SHOWN]
    ]
    return {
        "rows": rows,
        "more": max(0, len(parts) - SHOWN),
        "chosen": chosen,
        "is_below_all": chosen is not None and chosen.index >= SHOWN,  # it has no row
        "preview": preview(mail, chosen) if chosen else None,
    }


def _chosen(parts: tuple[Part, ...], asked: str) -> Part | None:
    if (
        asked.isascii()
        and asked.isdigit()
        and len(asked) < 7
        and int(asked) < len(parts)
    ):
        return parts[int(asked)]
    return None


def _sha256(mail: MessagePage, part: Part) -> str:
    return hashlib.sha256(bodies.decode(mail.octets, part)).hexdigest()


def preview(mail: MessagePage, part: Part) -> Preview:
    """Return the preview of a part."""
    typed = types.sniffed(mail.octets, part)
    for kind, fits, describe in _PREVIEWS:
        if fits(part, typed):
            return Preview(kind, _sha256(mail, part), describe(mail, part))
    return Preview("octets", _sha256(mail, part), _dump(mail, part))


def _picture(mail: MessagePage, part: Part) -> dict[str, object]:
    return {"url": inline_parts.url(mail, part.index)}


_PAGE = re.compile(rb"/Type\s{0,4}/Page(?![a-zA-Z])")


def _pdf(mail: MessagePage, part: Part) -> dict[str, object]:
    octets = bodies.decode(mail.octets, part)
    pages = len(_PAGE.findall(octets))  # none if its objects are compressed
    return {
        "url": inline_parts.url(mail, part.index),
        "pages": pages,
        "is_pdf": octets.startswith(b"%PDF-"),
        "version": octets[5:8].decode("ascii", "replace"),
    }


def _calendar(mail: MessagePage, part: Part) -> dict[str, object]:
    text = bodies.text_of(mail.octets, part)
    invitation = invitations.read(mail.octets, part)
    return {"invitation": invitation, "text": text[:_TEXT_SHOWN]}


def _contacts(mail: MessagePage, part: Part) -> dict[str, object]:
    text = bodies.text_of(mail.octets, part)
    found = contacts.read(bodies.decode(mail.octets, part), part.charset)
    return {"contacts": found, "text": text[:_TEXT_SHOWN]}


def _message(mail: MessagePage, part: Part) -> dict[str, object]:
    octets = bodies.decode(mail.octets, part)
    reading = Reading(octets, structure.parse(octets))
    html = reading.choice.html
    text = reading.text
    return {
        "summary": headers.summary(octets),
        "text": text[:_TEXT_SHOWN],
        "cut": len(text) > _TEXT_SHOWN,
        "frame_url": mail.frame_url(part=part.index) if html else "",
    }


def _files(mail: MessagePage, part: Part) -> dict[str, object]:
    return {"files": tnef.files(bodies.decode(mail.octets, part))}


def _html(mail: MessagePage, part: Part) -> dict[str, object]:
    return {"frame_url": mail.frame_url(part=part.index)}


def _text(mail: MessagePage, part: Part) -> dict[str, object]:
    text = bodies.text_of(mail.octets, part)
    shown = pictured(text[:_TEXT_SHOWN].encode())
    return {"text": shown, "cut": len(text) > _TEXT_SHOWN}


def _nothing(mail: MessagePage, part: Part) -> dict[str, object]:
    return {"children": part.children[:SHOWN]}


def _dump(mail: MessagePage, part: Part) -> dict[str, object]:
    octets = bodies.decode(mail.octets, part)
    lines = []
    for at in range(0, min(len(octets), _DUMPED), 16):
        row = octets[at : at + 16]
        characters = "".join(chr(each) if 32 <= each < 127 else "·" for each in row)
        lines.append(f"{at:08x}  {row.hex(' '):<47}  {characters}")
    return {"dump": "\n".join(lines), "cut": len(octets) > _DUMPED, "size": len(octets)}


def _named(*endings: str) -> _Fits:
    return lambda part, kind: part.filename.lower().endswith(endings)


def _typed(*kinds: str) -> _Fits:
    return lambda part, kind: kind in kinds


def _starts(*beginnings: str) -> _Fits:
    return lambda part, kind: kind.startswith(beginnings)


def _either(*fits: _Fits) -> _Fits:
    return lambda part, kind: any(each(part, kind) for each in fits)


_Describe = Callable[[MessagePage, Part], dict[str, object]]
_PREVIEWS: tuple[tuple[str, _Fits, _Describe], ...] = (
    ("parts", _starts("multipart/"), _nothing),
    ("image", _typed(*TYPES), _picture),
    ("pdf", _typed("application/pdf"), _pdf),
    (
        "calendar",
        _either(_typed(*invitations.TYPES), _named(".ics")),
        _calendar,
    ),
    (
        "contacts",
        _either(
            _starts("text/vcard", "text/x-vcard", "text/directory"), _named(".vcf")
        ),
        _contacts,
    ),
    (
        "message",
        _either(_typed("message/rfc822", "message/global"), _named(".eml")),
        _message,
    ),
    (
        "tnef",
        _either(
            _typed("application/ms-tnef", "application/vnd.ms-tnef"),
            _named("winmail.dat"),
        ),
        _files,
    ),
    ("html", _typed("text/html"), _html),
    (
        "text",
        _starts(
            "text/", "message/", "application/json", "application/xml", "image/svg"
        ),
        _text,
    ),
)
