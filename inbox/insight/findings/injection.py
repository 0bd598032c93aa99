"""Header injection: fields and blank lines that came from a line break in a value.

The octets show it if a field is at a place where its library would not put it, or if
the rest of the header is in the body. Pure, linear.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from mailsink.mime.headers import Block, Field
from mailsink.text import readable

_SEARCHED = 16 * 1024  # octets of the body that are searched for the rest of a header
_FIELD = re.compile(rb"([!-9;-~]{1,76}):")
# the separators of addresses in a field, roughly
_BETWEEN = re.compile(r"[\s<>,;:\"]+")

# Fields that libraries write, and that attackers inject.
_KNOWN = frozenset(
    (b"from", b"to", b"cc", b"reply-to", b"subject", b"date", b"message-id", b"mime-version",
     b"content-type", b"content-transfer-encoding")
)  # fmt: skip
# The start of a line with one of them
_KNOWN_LINE = re.compile(rb"\n(?:%s):" % rb"|".join(_KNOWN), re.IGNORECASE)
_ONCE = frozenset(("from", "to", "cc", "reply-to", "content-type"))
_FREE_TEXT = ("subject", "comments", "keywords", "organization")


def find(
    octets: bytes, block: Block, recipients: Collection[str] = ()
) -> tuple[int, str] | None:
    """Return the offset of an injected field, or of the rest of the header, and its text."""
    if field := _foreign(block, {each.lower() for each in recipients}):
        at = octets.find(b"\n%s:%s" % (field.name.encode(), field.octets)) + 1
        return at, f"{field.name}: {field.raw}"[:80]
    return _rest(octets, block)


def _foreign(block: Block, recipients: set[str]) -> Field | None:
    """Return a field right after free text that is a duplicate, or a Bcc for strangers."""
    names = [field.name.lower() for field in block.fields]
    counts = Counter(names)
    for before, name, field in zip(names, names[1:], block.fields[1:], strict=False):
        if not _is_free_text(before):
            continue
        if name in _ONCE and counts[name] > 1:
            return field
        if name == "bcc" and recipients:
            words = _BETWEEN.split(field.raw[:2000].lower())
            blind = {each for each in words if "@" in each}
            if blind and not blind & recipients:
                return field
    return None


def _is_free_text(name: str) -> bool:
    return name in _FREE_TEXT or name.startswith("x-")


def _rest(octets: bytes, block: Block) -> tuple[int, str] | None:
    """Return the rest of the header, if it is in the body.

    It consists of two or more consecutive fields that the header lacks, before an empty
    line; of the fields of an enclosed or quoted mail, the header has some, too.
    """
    body = octets[block.body : block.body + _SEARCHED]
    if not _KNOWN_LINE.search(b"\n" + body):
        return None  # this rules out most mail, in a tenth of the time
    missing = _KNOWN - {field.name.lower().encode() for field in block.fields}
    at = start = block.body
    names: list[bytes] = []
    for line in body.split(b"\n"):
        if match := _FIELD.match(line):
            start = start if names else at
            names.append(match[1].lower())
        elif not line.strip():
            known = _KNOWN.intersection(names)
            if len(known) > 1 and known <= missing:
                return start, readable(octets[start : start + 60])
            names = []
        elif line[:1] not in (b" ", b"\t"):
            names = []
        at += len(line) + 1
    return None
