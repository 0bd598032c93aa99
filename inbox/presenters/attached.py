"""The attachments of a message: the strip below its head, and the archive of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inbox import pages
from inbox.http.files import file_name
from inbox.presenters import inline_parts
from inbox.presenters.message_page import MessagePage
from mailsink.mime import bodies, types
from mailsink.mime.pictures import shown_as
from mailsink.mime.structure import Part
from mailsink.zips import distinct, zipped

SHOWN = 100  # attachments in a page
_PICTURES = 20  # attachments with a thumbnail
# octets: a browser loads the whole picture for its thumbnail
_LARGEST_PICTURE = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment. picture: the URL of its thumbnail; save: the URL for saving it.

    Both can be "". size: in octets, decoded
    """

    index: int
    name: str
    content_type: str
    icon: str
    size: int
    url: str
    picture: str
    save: str


def view(mail: MessagePage) -> dict[str, object]:
    """Return the context of the strip of attachments."""
    found = mail.reading.attachments if mail.octets else []
    sizes = [bodies.decoded_size(mail.octets, each) for each in found]
    rows: list[Attached] = []
    left = _PICTURES
    for part, size in zip(found[:SHOWN], sizes, strict=False):
        is_small = left > 0 and part.size <= _LARGEST_PICTURE
        is_picture = is_small and bool(shown_as(mail.octets, part))
        left -= is_picture
        rows.append(_attached(mail, part, size, is_picture))
    return {
        "attachments": rows,
        "more_attachments": max(0, len(found) - SHOWN),
        "attachments_size": sum(sizes),
    }


def _attached(mail: MessagePage, part: Part, size: int, is_picture: bool) -> Attached:
    name = types.file_name(mail.octets, part)
    save = pages.path("api-v3:messages_part", mail.id, part.index)
    return Attached(
        part.index,
        name,
        part.content_type,
        _icon(types.sniffed(mail.octets, part), name),
        size,
        f"{mail.url}?tab=parts&part={part.index}",
        inline_parts.url(mail, part.index) if is_picture else "",
        save if mail.message else "",
    )


_ICONS = (
    ("image", ("image/",), ()),
    ("calendar", ("text/calendar", "application/ics"), (".ics",)),
    ("user", ("text/vcard", "text/x-vcard"), (".vcf",)),
    ("mail", ("message/",), (".eml", ".msg")),
    ("table", ("text/csv", "application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"), (".csv", ".xls", ".xlsx", ".ods")),
    ("package", ("application/zip", "application/gzip", "application/x-tar", "application/x-7z"), (".zip", ".gz", ".tgz", ".7z", ".rar")),
    ("file-text", ("application/pdf", "text/", "application/msword", "application/rtf", "application/vnd.openxmlformats-officedocument.word", "application/vnd.oasis.opendocument.text"), (".pdf", ".doc", ".docx", ".odt", ".txt")),
)  # fmt: skip


def _icon(content_type: str, name: str) -> str:
    """Return the icon for a media type, or for a file name's extension."""
    lowered = name.lower()
    for icon, types_, endings in _ICONS:
        if content_type.startswith(types_) or (endings and lowered.endswith(endings)):
            return icon
    return "file"


def archive(mail: MessagePage) -> Iterator[bytes]:
    """Yield all attachments as a zip archive, with unique names and without folders."""
    found = mail.reading.attachments
    names = distinct(_safe_name(mail, each) for each in found)
    return zipped(
        (name, mail.at, bodies.decode(mail.octets, part))
        for name, part in zip(names, found, strict=True)
    )


def _safe_name(mail: MessagePage, part: Part) -> str:
    return file_name(types.file_name(mail.octets, part), f"part-{part.index}")
