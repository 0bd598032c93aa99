"""Finds the message that a bounce, receipt or complaint is about.

Never raises; linear time.
"""

from __future__ import annotations

import itertools
import re

from mailsink.mime import bodies, headers
from mailsink.mime.headers import Summary
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part

_ENCLOSED = frozenset((
    "message/rfc822", "message/global", "message/rfc822-headers",
    "message/global-headers", "text/rfc822-headers", "text/rfc822",
))  # fmt: skip
_HEADER = 64 * 1024  # octets of an enclosed message that are read
_ID = re.compile(r"<([^<>\s]{1,1000})>")
# A header field copied into a text, the most significant first
_COPIED = tuple(
    re.compile(rf"^[ \t>]{{0,8}}{name}[ \t]*+:", re.IGNORECASE | re.MULTILINE)
    for name in ("message-id", "subject")
)
_FIELD = re.compile(r"[A-Za-z0-9-]{1,60}[ \t]*+:")
_MOST_LINES = 200
_INDENT = " >\t"


def original(reading: Reading) -> Summary:
    """Return the header of the message that a report is about, or an empty one.

    Most reports enclose it (RFC 6522 §3), or copy it into their text; otherwise
    In-Reply-To or References has its Message-ID.
    """
    found = enclosed(reading) or copied(reading) or Summary()
    if not found.message_id:
        found.message_id = replied(reading)
    return found


def enclosed(reading: Reading) -> Summary | None:
    """Return the header of the message that a report encloses; None if there is none."""
    first: Summary | None = None
    for part in filter(_encloses, reading.structure.parts):
        octets = bodies.decode_beginning(reading.octets, part, _HEADER)
        summary = headers.summary(octets)
        if summary.message_id:
            return summary
        first = first or summary
    return first if first and (first.subject or first.to) else None


def copied(reading: Reading) -> Summary | None:
    """Return the header copied into the text of a report; None if there is none."""
    text = reading.text_up_to(_HEADER)
    matches = (each.search(text) for each in _COPIED)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    before = text[: match.start()].split("\n")[-_MOST_LINES:-1]
    fields = itertools.takewhile(_is_of_header, reversed(before))
    lines = [*reversed([*fields]), *text[match.start() :].split("\n", _MOST_LINES)]
    return headers.summary("\n".join(_unindented(lines)).encode())


def _is_of_header(line: str) -> bool:
    """Whether a line may be part of a header: a field or a fold, but no ruler."""
    said = line.strip(_INDENT)
    if not said or said.startswith("--"):
        return False
    return line[0] in _INDENT or bool(_FIELD.match(said))


def _unindented(lines: list[str]) -> list[str]:
    """Return the lines of a header up to its end, without the first line's indent."""
    indent = len(lines[0]) - len(lines[0].lstrip(_INDENT))
    header = itertools.takewhile(lambda line: line.strip(_INDENT), lines)
    return [each[indent:] if not each[:indent].strip(_INDENT) else each for each in header]  # fmt: skip


def replied(reading: Reading) -> str:
    """Return the Message-ID in In-Reply-To, else the last one in References (RFC 5322 §3.6.4)."""
    for name in ("in-reply-to", "references"):
        field = reading.structure.root.get(name)
        if field and (found := _ID.findall(field.value)):
            return headers.message_id(found[-1])
    return ""


def _encloses(part: Part) -> bool:
    return part.parent is not None and part.content_type in _ENCLOSED
