"""A mail's HTML for its frame: cleaned, with embedded images, and nothing to load."""

from __future__ import annotations

from base64 import b64encode

from mailsink.mime import bodies, pictures
from mailsink.mime.mails import ParsedMessage
from mailsink.mime.preview import preview

_MOST_WITHIN = 8 * 1024 * 1024  # characters of images that are embedded in the HTML


def document(mail: ParsedMessage) -> str:
    """Return the HTML of a mail that has some; the caller adds a policy to the answer."""
    related = pictures.carried(mail.reading)
    left = _MOST_WITHIN
    known: dict[str, str | None] = {}

    def url(named: str) -> str | None:
        nonlocal left
        if named not in known:
            part = related.find(named)
            kind = pictures.shown_as(mail.octets, part) if part else ""
            known[named] = None
            if part and kind:
                octets = bodies.decode(mail.octets, part)
                known[named] = f"data:{kind};base64,{b64encode(octets).decode()}"
        left -= len(known[named] or "")
        return known[named] if left >= 0 else None

    return preview(mail.html, url, related.has_locations)
