"""Which message a bounce, a receipt or a complaint is about."""

from __future__ import annotations

import re

from mailsink.mime import bodies, headers
from mailsink.mime.headers import Summary
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part

_ENCLOSED = frozenset((
    "message/rfc822", "message/global", "message/rfc822-headers",
    "message/global-headers", "text/rfc822-headers", "text/rfc822",
))  # fmt: skip
_HEADER = 64 * 1024  # octets of an enclosed message that are looked at
_ID = re.compile(r"<([^<>\s]{1,1000})>")


def original(reading: Reading) -> Summary:
    """Return the header of the message that a report is about; an empty one if not told.

    It is enclosed in most reports (RFC 6522 §3); else In-Reply-To has its Message-ID.
    """
    parts = reading.structure.parts
    found = next((each for each in parts if _encloses(each)), None)
    if found:
        octets = bodies.decode_beginning(reading.octets, found, _HEADER)
        if (summary := headers.summary(octets)).message_id:
            return summary
    field = reading.structure.root.get("in-reply-to")
    match = _ID.search(field.value) if field else None
    return Summary(message_id=headers.message_id(match[0])) if match else Summary()


def _encloses(part: Part) -> bool:
    return part.parent is not None and part.content_type in _ENCLOSED
