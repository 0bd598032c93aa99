"""The body of one part: its decoded octets, and its text. Never raises; linear time."""

from __future__ import annotations

import re

from mailsink.mime import charsets, contentlines, flowed, transfer
from mailsink.mime.structure import Part

_META_CHARSET = re.compile(
    rb"<meta\s[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,64})", re.IGNORECASE
)


def decode(octets: bytes, part: Part) -> bytes:
    """Return a part's body without its transfer encoding."""
    return transfer.decode(part.body(octets), part.encoding)


def decode_beginning(octets: bytes, part: Part, limit: int) -> bytes:
    """Return the decoded form of the first `limit` octets of a body as sent."""
    return transfer.decode(part.body(octets, limit), part.encoding, cut=True)


def decoded_size(octets: bytes, part: Part) -> int:
    """Return how many octets a part's body has without its transfer encoding.

    A multipart has none (RFC 2045 §6.4); its body counts as sent.
    """
    is_whole = part.content_type.startswith("multipart/")
    if is_whole or part.encoding not in transfer.ENCODINGS:
        return part.size
    return len(decode(octets, part))


def text_of(octets: bytes, part: Part) -> str:
    """Return a part's body as storable text, with lines that end in LF.

    It is read in the declared charset, else UTF-8, else windows-1252.
    """
    return _text(decode(octets, part), part)


def beginning_of(octets: bytes, part: Part, limit: int) -> str:
    """Return the text of the first `limit` octets of a body as sent, as text_of does.

    An incomplete character at the end is left out.
    """
    cut = part.size > limit
    encoded = part.body(octets, limit)
    return _text(transfer.decode(encoded, part.encoding, cut=cut), part, cut)


def is_blank(octets: bytes, part: Part) -> bool:
    """Whether the body of a part without parts holds only white space.

    The delimiter lines of a multipart that could not be split do not count.
    """
    if part.content_type.startswith("multipart/"):
        boundary = part.parameters.get("boundary", "").encode()
        body = part.body(octets)
        lines = body.splitlines() if boundary else [body]
        return not any(
            line.strip() and not line.startswith(b"--" + boundary) for line in lines
        )
    beginning = decode_beginning(octets, part, _BEGINNING)
    return not beginning.strip() and not decode(octets, part).strip()


_BEGINNING = 256  # octets of a body that are checked before the whole body


def _text(body: bytes, part: Part, cut: bool = False) -> str:
    charset = part.charset
    if not charset and part.content_type == "text/html":
        meta = _META_CHARSET.search(body, 0, 1024)
        charset = meta[1].decode("ascii", "replace") if meta else ""
        if (charsets.codec(charset) or "").startswith(("utf-16", "utf_32")):
            charset = "utf-8"  # in UTF-16 or -32 the <meta> would not be readable
    body = contentlines.unfolded(body, part.content_type)
    text = charsets.decode(body, charset, cut=cut).removeprefix("\ufeff")
    text = charsets.storable(text.replace("\r\n", "\n").replace("\r", "\n"))
    if part.content_type != "text/plain":
        return text
    return flowed.joined(text, part.parameters)
