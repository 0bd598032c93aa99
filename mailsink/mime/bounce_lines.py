"""The texts of a bounce as lines, up to the limits below. Never raises; linear time."""

from __future__ import annotations

from mailsink.mime import bodies, markup
from mailsink.mime.choice import is_html
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part

LINES = 400
LINE = 1000  # characters
_OCTETS = 64 * 1024  # of a part, as sent
_PARTS = 5


def text_parts(reading: Reading) -> list[Part]:
    """Return the first texts of the message, without those of enclosed messages."""
    found: list[Part] = []
    inside: Part | None = None
    for part in reading.structure.parts:
        if inside and part.depth > inside.depth:
            continue
        inside = part if part.encloses and part.parent else None
        if not part.children and part.content_type.startswith(("text/", "multipart/")):
            found.append(part)  # also a multipart that could not be split
        if len(found) == _PARTS:
            break
    plain = [each for each in found if not is_html(each)]
    return plain or found


def lines_of(reading: Reading, part: Part) -> list[str]:
    """Return the first lines of a part; for HTML, the lines of its text."""
    text = bodies.beginning_of(reading.octets, part, _OCTETS)
    if is_html(part):
        text = markup.to_text(text)
    return [line[:LINE] for line in text.split("\n", LINES)[:LINES]]
