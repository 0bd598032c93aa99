"""The parts of a message with Mailpit's numbers, and its classes of parts.

Mailpit numbers the children of the root from 1, deeper ones with their parents' numbers
("1.2"), and a message without parts is "0". It ignores the parts of enclosed messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from inbox.serializers import Shape
from mailsink.mime import bodies, markup
from mailsink.mime.mails import ParsedMessage
from mailsink.mime.structure import Part

_BETWEEN = "\n--\n"  # between consecutive texts
_TEXTS = ("text/plain", "text/html")


@dataclass(frozen=True)
class NumberedParts:
    """The leaves of a message, by number."""

    mail: ParsedMessage

    @cached_property
    def leaves(self) -> dict[str, Part]:
        return {number: part for number, part in self._numbered() if _is_leaf(part)}

    def _numbered(self) -> Iterator[tuple[str, Part]]:
        root = self.mail.parsed.parts[0]
        outer = {root.index}  # the parts whose children Mailpit numbers
        if _is_leaf(root):
            yield "0", root
        for part in self.mail.parsed.parts[1:]:
            parent = part.parent
            if parent is None or parent.index not in outer or _is_leaf(parent):
                continue  # in an enclosed message
            outer.add(part.index)
            yield part.number.removeprefix("1."), part

    @property
    def attachments(self) -> Iterator[tuple[str, Part]]:
        """The parts that Mailpit lists as attachments."""
        for number, part in self.leaves.items():
            if _is_attachment(part) and _is_named(part, self._is_alone):
                yield number, part

    @property
    def inlines(self) -> Iterator[tuple[str, Part]]:
        """The parts that Mailpit lists as inline: images of the HTML, calendars."""
        for number, part in self.leaves.items():
            if self._is_alone or _is_attachment(part) or not _is_named(part, False):
                continue
            if part.disposition == "inline" or part.content_type not in _TEXTS:
                yield number, part

    @property
    def _is_alone(self) -> bool:
        """Whether the message consists of a single file."""
        root = self.mail.parsed.parts[0]
        return _is_leaf(root) and root.content_type not in _TEXTS

    @cached_property
    def html(self) -> str:
        """The first HTML that is not an attachment; "" if there is none."""
        found = (part for part in self.leaves.values() if _is_body(part, "text/html"))
        first = next(found, None)
        return bodies.text_of(self.mail.octets, first) if first else ""

    @cached_property
    def text(self) -> str:
        """The plain text; without one, text made from the HTML."""
        root = self.mail.parsed.parts[0]
        found = [part for part in self.leaves.values() if _is_body(part, "text/plain")]
        if root.content_type == "multipart/alternative":
            found = sorted(found, key=lambda part: part.depth)[:1]
        if not found:
            return markup.to_text(self.html) if self.html else ""
        return _BETWEEN.join(bodies.text_of(self.mail.octets, part) for part in found)

    def shape(self, number: str, part: Part) -> Shape:
        """Return an attachment in Mailpit's form; the checksums are of the decoded octets."""
        octets = bodies.decode(self.mail.octets, part)
        return {
            "PartID": number,
            "FileName": part.filename or part.content_id,
            "ContentType": part.content_type,
            "ContentID": part.content_id,
            "Size": len(octets),
            "Checksums": {
                "MD5": hashlib.md5(octets, usedforsecurity=False).hexdigest(),
                "SHA1": hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
                "SHA256": hashlib.sha256(octets).hexdigest(),
            },
        }


def _is_leaf(part: Part) -> bool:
    return not part.children or part.encloses


def _is_attachment(part: Part) -> bool:
    if part.parent is None and part.content_type not in _TEXTS:
        return not part.content_type.startswith("multipart/")
    is_file = part.content_type == "application/octet-stream"
    return part.disposition == "attachment" or is_file


def _is_named(part: Part, alone: bool) -> bool:
    return alone or bool(part.filename or part.content_id)


def _is_body(part: Part, content_type: str) -> bool:
    return part.content_type == content_type and part.disposition != "attachment"
