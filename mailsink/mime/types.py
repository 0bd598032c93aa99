"""Which type a part really is, and which ending a file of that type has."""

from __future__ import annotations

import re

from mailsink.mime import transfer
from mailsink.mime.part import Part

VAGUE = frozenset(
    "application/octet-stream application/binary application/unknown application/download "
    "application/force-download application/x-download application/x-unknown binary/octet-stream "
    "application/octetstream application/x-octet-stream image/* image/unknown".split()
)  # what is declared where the sender does not know
_LOOKED_AT = 256  # octets as sent: enough for every signature, however it is encoded
_SIGNATURES = tuple(
    (re.compile(signature, re.DOTALL), kind)
    for signature, kind in (
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF.{4}WEBP", "image/webp"),
        (rb".{4}ftypavi[fs]", "image/avif"),
        (rb"BM.{4}\0{4}", "image/bmp"),
        (rb"\0\0\x01\0", "image/vnd.microsoft.icon"),
        (rb"%PDF-", "application/pdf"),
    )
)
# The first ending of a type is the one that a file without a name gets.
_ENDINGS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/avif": (".avif",),
    "image/bmp": (".bmp", ".dib"),
    "image/vnd.microsoft.icon": (".ico",),
    "application/pdf": (".pdf",),
}
_BY_ENDING = {each: kind for kind, all_ in _ENDINGS.items() for each in all_}
# Not by the mimetypes module: what that knows depends on the machine.
_FIRST_ENDING = {kind: endings[0] for kind, endings in _ENDINGS.items()} | {
    "application/gzip": ".gz",
    "application/ics": ".ics",
    "application/javascript": ".js",
    "application/json": ".json",
    "application/ms-tnef": ".dat",
    "application/msword": ".doc",
    "application/octet-stream": ".bin",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-tnef": ".dat",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-gzip": ".gz",
    "application/x-pdf": ".pdf",
    "application/x-pkcs7-mime": ".p7m",
    "application/x-pkcs7-signature": ".p7s",
    "application/x-tar": ".tar",
    "application/x-zip-compressed": ".zip",
    "application/xhtml+xml": ".xhtml",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "image/apng": ".png",
    "image/heic": ".heic",
    "image/jpg": ".jpg",
    "image/pjpeg": ".jpg",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
    "image/x-icon": ".ico",
    "image/x-png": ".png",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/global": ".eml",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/directory": ".vcf",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-amp-html": ".html",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}  # fmt: skip


def sniffed(octets: bytes, part: Part) -> str:
    """Return a part's type: as declared, or as its beginning or its name has it.

    Only where what is declared says nothing ("application/octet-stream") is a picture
    or a PDF known by its signature, else by the ending of its name.

    octets: the whole message
    """
    if part.content_type not in VAGUE:
        return part.content_type
    if kind := signed(octets, part):
        return kind
    dot, ending = part.filename.lower().rpartition(".")[1:]
    return _BY_ENDING.get(dot + ending, part.content_type)


def signed(octets: bytes, part: Part) -> str:
    """Return the type that the beginning of a part shows; "" if it shows none.

    octets: the whole message
    """
    start = transfer.decode(part.body(octets, _LOOKED_AT), part.encoding)
    return signature(start)


def signature(octets: bytes) -> str:
    """Return the type that the beginning of a file shows; "" if it shows none."""
    return next((kind for mark, kind in _SIGNATURES if mark.match(octets)), "")


def file_name(octets: bytes, part: Part) -> str:
    """Return the name to save a part by: its own, else its number and its type's ending.

    octets: the whole message
    """
    if part.filename:
        return part.filename
    kind = sniffed(octets, part)
    otherwise = ".txt" if kind.startswith("text/") else ""
    return f"part-{part.index}{_FIRST_ENDING.get(kind, otherwise)}"
