"""Finds the real type of a part, and the extension of a file of that type."""

from __future__ import annotations

import re

from mailsink.mime import transfer
from mailsink.mime.part import Part

VAGUE = frozenset(
    "application/octet-stream application/binary application/unknown application/download "
    "application/force-download application/x-download application/x-unknown binary/octet-stream "
    "application/octetstream application/x-octet-stream image/* image/unknown".split()
)  # declared by senders that do not know the type
_LOOKED_AT = 256  # octets as sent: enough for every signature in any encoding
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
# A file without a name gets the first extension of its type.
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
# Not from the mimetypes module, whose table depends on the machine.
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
    """Return a part's type: as declared, or as its beginning or its name shows.

    The signature of a picture or a PDF, and else the extension of the name, count only
    if the declared type means nothing ("application/octet-stream").
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
    """Return the name to save a part as: its own, else its number with an extension.

    octets: the whole message
    """
    if part.filename:
        return part.filename
    kind = sniffed(octets, part)
    otherwise = ".txt" if kind.startswith("text/") else ""
    return f"part-{part.index}{_FIRST_ENDING.get(kind, otherwise)}"
