"""Reads the header of a part: the type of the body, and the name of a file.

Never raises.
"""

from __future__ import annotations

import re

from mailsink.mime import header_parameters, headers
from mailsink.mime.defects import Defects
from mailsink.mime.part import Part
from mailsink.translatable import gettext_noop

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", re.ASCII)
_UNSEPARATED = re.compile(r"\s*+[^\s;()]++(?:\s++[^\s;=()]++)*?\s++[\w*-]++\s*+=")
# Marks that change the direction of text, and can disguise an extension; line ends
_DIRECTION = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def describe(part: Part, defects: Defects) -> None:
    """Fill in the facts about a part's body from its header, and add its defects."""
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
    """Return a file's name that is safe to show: without folders or direction marks."""
    name = _DIRECTION.sub("", filename.replace("\\", "/").rpartition("/")[2]).strip()
    return "" if name in (".", "..") else name[:255]
