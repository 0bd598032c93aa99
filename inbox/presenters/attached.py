"""The attachments of a message, as they stand below its text."""

from __future__ import annotations

from dataclasses import dataclass

from inbox.presenters import inline_parts
from inbox.presenters.message_page import MessagePage
from mailsink.mime import types
from mailsink.mime.pictures import shown_as

SHOWN = 100  # attachments in a page
_PICTURES = 20  # of them that are shown as pictures


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment. picture: the address of what a browser shows of it, else ""."""

    name: str
    content_type: str
    size: int
    url: str
    picture: str


def view(mail: MessagePage) -> dict[str, object]:
    """Return what the list of attachments is rendered with."""
    found = mail.reading.attachments
    rows: list[Attached] = []
    left = _PICTURES
    for part in found[:SHOWN]:
        is_picture = left > 0 and bool(shown_as(mail.octets, part))
        left -= is_picture
        rows.append(
            Attached(
                part.filename or types.file_name(mail.octets, part),
                part.content_type,
                part.size,
                f"{mail.url}?tab=parts&part={part.index}",
                inline_parts.url(mail, part.index) if is_picture else "",
            )
        )
    return {"attachments": rows, "more_attachments": max(0, len(found) - SHOWN)}
