"""The bodies of a message: decoded parts, what a mail client shows, and attachments.

Never raises. Lines of text end in LF.
"""

from __future__ import annotations

import re

from mailsink.mime import charsets, flowed, markup, transfer
from mailsink.mime.structure import Part, Structure

SNIPPET_LENGTH = 200  # characters
_SNIPPET_OCTETS = 128 * 1024  # of a body, to take a snippet from
_META_CHARSET = re.compile(
    rb"<meta\s[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,64})", re.IGNORECASE
)
# White space, and what newsletters pad their preview text with
_GAP = re.compile("[\\s\u00ad\u034f\u200b-\u200d\u2060\ufeff]{2,}|\\s")


def decode(octets: bytes, part: Part) -> bytes:
    """Return a part's body without its transfer encoding."""
    return transfer.decode(part.body(octets), part.encoding)


def text_of(octets: bytes, part: Part) -> str:
    """Return a part's body as storable text.

    It is read in the declared charset, else UTF-8, else windows-1252.
    """
    return _text(decode(octets, part), part)


def beginning_of(octets: bytes, part: Part, limit: int) -> str:
    """Return what text_of returns of the first `limit` octets of a body as sent.

    A character that is not complete there is left out.
    """
    cut = part.size > limit
    encoded = part.body(octets, limit)
    return _text(transfer.decode(encoded, part.encoding, cut=cut), part, cut)


def _text(body: bytes, part: Part, cut: bool = False) -> str:
    charset = part.charset
    if not charset and part.content_type == "text/html":
        meta = _META_CHARSET.search(body, 0, 1024)
        charset = meta[1].decode("ascii", "replace") if meta else ""
    text = charsets.decode(body, charset, cut=cut).removeprefix("\ufeff")
    text = charsets.storable(text.replace("\r\n", "\n").replace("\r", "\n"))
    if part.content_type != "text/plain":
        return text
    return flowed.joined(text, part.parameters)


def html(octets: bytes, structure: Structure) -> str | None:
    """Return the HTML that a mail client shows; None if there is none."""
    parts = _main(structure, "text/html")
    return "\n".join(text_of(octets, part) for part in parts) if parts else None


def text(octets: bytes, structure: Structure) -> str | None:
    """Return the plain text that a mail client shows; None if there is none."""
    parts = _main(structure, "text/plain")
    return "\n".join(text_of(octets, part) for part in parts) if parts else None


def _main(structure: Structure, kind: str) -> list[Part]:
    """Return the parts of a kind that are shown as the message's body."""
    found: dict[int, list[Part]] = {}
    for part in reversed(structure.parts):  # children before their parents
        found[part.index] = _shown(part, kind, found)
    return found[0]


def _shown(part: Part, kind: str, found: dict[int, list[Part]]) -> list[Part]:
    """Return the parts of a kind that are shown of a part, whose children's are found."""
    if _is_file(part):
        return []
    if not part.children:
        return [part] if _kind(part) == kind else []
    if (
        part.content_type == "multipart/alternative"
    ):  # RFC 2046 §5.1.4: the last is best
        return next((found[c.index] for c in part.children[::-1] if found[c.index]), [])
    if part.content_type == "multipart/related" and found[_start(part).index]:
        return found[_start(part).index]
    return [each for child in part.children for each in found[child.index]]


def _kind(leaf: Part) -> str:
    """Return the type that a part without parts is shown as."""
    if leaf.content_type.startswith("multipart/"):  # it could not be split
        return "text/plain"
    if leaf.parent is None and leaf.content_type.startswith("text/"):
        return leaf.content_type if leaf.content_type == "text/html" else "text/plain"
    return leaf.content_type


def _start(related: Part) -> Part:
    """Return the root part of a multipart/related (RFC 2387 §3.2)."""
    start = related.parameters.get("start", "").strip("<> ")
    for child in related.children if start else ():
        if child.content_id == start:
            return child
    return related.children[0]


def _is_file(part: Part) -> bool:
    """Whether a part goes with the message instead of being its text."""
    parent = part.parent
    if parent is None:
        return False
    if part.disposition == "attachment" or part.content_type.startswith("message/"):
        return True
    of_body = parent.content_type in ("multipart/alternative", "multipart/related")
    return bool(part.filename) and not of_body and part is not parent.children[0]


def attachments(structure: Structure) -> list[Part]:
    """Return the parts that a mail client lists as attachments.

    An enclosed message counts as one; images that the HTML shows do not count.
    """
    result: list[Part] = []
    enclosing: Part | None = None
    for part in structure.parts:
        if enclosing and part.depth > enclosing.depth:
            continue
        enclosing = None
        if part.parent and part.content_type.startswith("message/"):
            enclosing = part
        if _is_attachment(part):
            result.append(part)
    return result


def _is_attachment(part: Part) -> bool:
    if part.children and not (part.parent and part.content_type.startswith("message/")):
        return False
    related = part.parent and part.parent.content_type == "multipart/related"
    image = part.content_type.startswith("image/") and part.disposition != "attachment"
    if part.content_id and (related or image):
        return False
    if _is_file(part):
        return True
    alternative = part.parent and part.parent.content_type == "multipart/alternative"
    return not alternative and _kind(part) not in ("text/plain", "text/html")


def snippet(octets: bytes, structure: Structure) -> str:
    """Return the beginning of what the message says, on one line; "" if it is empty."""
    for kind in ("text/plain", "text/html"):
        for part in _main(structure, kind)[:1]:
            shown = beginning_of(octets, part, _SNIPPET_OCTETS)
            if kind == "text/html":
                shown = markup.to_text(shown)
            if line := _GAP.sub(" ", shown).strip():
                return charsets.line(line[:SNIPPET_LENGTH]).strip()
    return ""


def html_to_text(html: str) -> str:
    """Return the text that HTML shows, for search and for people without HTML."""
    return markup.to_text(html)
