"""A part of a message: where it is in the octets, and what its header says of it.

Never raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailsink.mime import header_parameters, headers
from mailsink.mime.defects import Defects
from mailsink.translatable import gettext_noop


@dataclass(slots=True, eq=False)
class Part:
    """One entity: the message itself, a part of a multipart, or an enclosed message.

    The offsets count octets of the whole message, or of `source` where there is one.
    All text is storable.
    """

    index: int  # in Structure.parts
    number: str  # where it is in the tree: "1" is the message, "1.2" its second part
    depth: int  # 0 is the message
    fields: tuple[headers.Field, ...]
    header_start: int
    body_start: int
    body_end: int
    parent: Part | None = field(default=None, repr=False)
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    content_id: str = ""
    encoding: str = ""
    children: list[Part] = field(default_factory=list, repr=False)
    # The decoded octets of the enclosed message that it is in, if that came encoded
    source: bytes | None = field(default=None, repr=False)

    def body(self, octets: bytes, limit: int | None = None) -> bytes:
        """Return the body as sent, or the first `limit` octets of it.

        octets: the whole message
        """
        end = self.body_end if limit is None else self.body_start + limit
        source = octets if self.source is None else self.source
        return source[self.body_start : min(end, self.body_end)]

    @property
    def encloses(self) -> bool:
        """Whether the body is a message, which is the one child of this part."""
        return bool(self.children) and not self.content_type.startswith("multipart/")

    @property
    def charset(self) -> str:
        """The declared charset, in lower case; "" if none is."""
        return self.parameters.get("charset", "").lower()

    @property
    def size(self) -> int:
        """How many octets the body has, as sent."""
        return self.body_end - self.body_start

    def get(self, name: str) -> headers.Field | None:
        """Return the first field of a name, whatever its case; None if there is none."""
        name = name.lower()
        return next((each for each in self.fields if each.name.lower() == name), None)


_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", re.ASCII)
_UNSEPARATED = re.compile(r"\s*+[^\s;()]++(?:\s++[^\s;=()]++)*?\s++[\w*-]++\s*+=")
# Marks that turn the direction of text, and so the look of an extension; line ends
_DIRECTION = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def describe(part: Part, defects: Defects) -> None:
    """Fill in what the header of a part says about its body; add what is wrong there."""
    if part.parent and part.parent.content_type == "multipart/digest":
        part.content_type = "message/rfc822"  # RFC 2046 §5.1.5
    first = {field.name.lower(): field for field in reversed(part.fields)}
    if content_type := first.get("content-type"):
        _take_type(part, content_type.encoded, defects)
    names = part.parameters
    if disposition := first.get("content-disposition"):
        value, of_disposition = header_parameters.parse(disposition.encoded)
        part.disposition = value[:80]
        names = {**names, **of_disposition}
    if filename := names.get("filename") or names.get("name"):
        part.filename = display_name(filename)
    if content_id := first.get("content-id"):
        part.content_id = headers.message_id(content_id.encoded)
    if encoding := first.get("content-transfer-encoding"):
        _take_encoding(part, encoding.encoded, defects)


def _take_type(part: Part, encoded: str, defects: Defects) -> None:
    value, part.parameters = header_parameters.parse(encoded)
    if _TYPE.fullmatch(value):
        part.content_type = value
    else:
        words = gettext_noop('The Content-Type "%(value)s" is not a type/subtype')
        defects.add(words, part, value=value[:80])
    if _UNSEPARATED.match(encoded):
        words = gettext_noop(
            "The Content-Type has no semicolon before its parameters (RFC 2045 §5.1)"
        )
        defects.add(words, part)


def _take_encoding(part: Part, encoded: str, defects: Defects) -> None:
    part.encoding = header_parameters.parse(encoded)[0][:80]
    if '"' in encoded:
        words = gettext_noop("The Content-Transfer-Encoding is quoted (RFC 2045 §6.1)")
        defects.add(words, part)


def display_name(filename: str) -> str:
    """Return a file's name as it is safe to show: no folders, no turning marks."""
    name = _DIRECTION.sub("", filename.replace("\\", "/").rpartition("/")[2]).strip()
    return "" if name in (".", "..") else name[:255]
