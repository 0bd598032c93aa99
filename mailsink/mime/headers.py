"""The header block: octets -> fields, and the summary that the recorder stores.

A line ends in CRLF, LF, CR or CR CRLF. The block ends at the first empty line, or
before the first line that is neither a field nor a continuation, as in Postfix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from mailsink.mime import charsets, words
from mailsink.mime.addresses import MAX_ADDRESSES, Address, addresses
from mailsink.mime.charsets import line
from mailsink.mime.dates import parse_date
from mailsink.text import readable
from mailsink.translatable import TranslatableText, gettext_noop

__all__ = [
    "MAX_ADDRESSES", "MAX_FIELDS", "MAX_OCTETS", "Address", "Block", "Field",
    "Summary", "addresses", "parse_date", "scan", "split", "summary",
]  # fmt: skip

MAX_OCTETS = 256 * 1024  # of a header block; further octets are skipped, with a defect
MAX_FIELDS = 2000
_SUMMARY_OCTETS = 64 * 1024

_FIELD = re.compile(
    rb"(?!--)([^\s:]++)[ \t]*+:"  # "--": a delimiter, even with a colon in it
    rb"((?:[^\r\n]++|(?>\r?\r?\n|\r)[ \t])*+)(?>\r?\r?\n|\r|\Z)"
)
_ASCII_NAME = re.compile(rb"[\w-]+", re.ASCII).fullmatch
_LINE_END = re.compile(rb"\r?\r?\n|\r")
_LINE = re.compile(rb"[^\r\n]*+(?>\r?\r?\n|\r|\Z)")
_FOLD = re.compile(rb"(?>\r?\r?\n|\r)(?=[ \t])")


@dataclass(frozen=True)
class Field:
    """A header field. Its octets are the body as sent, including folds.

    charset: declared by the message's body, for octets that were not encoded
    """

    name: str
    octets: bytes
    charset: str = ""

    @cached_property
    def value(self) -> str:
        """The body for display: unfolded, encoded words decoded, storable."""
        return line(words.decode(self.encoded))

    @cached_property
    def encoded(self) -> str:
        """The body unfolded, storable, with its encoded words still encoded."""
        return _text(self.octets, self.charset)

    @property
    def raw(self) -> str:
        r"""The body unfolded; controls and undecodable octets as \xNN."""
        return readable(_FOLD.sub(b"", self.octets).strip())


@dataclass(frozen=True, slots=True)
class Block:
    """A scanned header block; body is the offset of the octets after it."""

    fields: tuple[Field, ...]
    body: int
    defect: TranslatableText | None = None

    def read_in(self, charset: str) -> Block:
        """Return the block with a charset for octets that were not encoded."""
        fields = (Field(each.name, each.octets, charset) for each in self.fields)
        return Block(tuple(fields), self.body, self.defect)


def split(octets: bytes) -> tuple[list[Field], int]:
    """Return the header fields of a message, in order, and the offset of its body."""
    block = scan(octets)
    return list(block.fields), block.body


def scan(octets: bytes) -> Block:
    """Return the header block of a message, as split does, with its defects.

    After MAX_OCTETS or MAX_FIELDS the block is skipped up to its empty line.
    """
    block = _scan(octets)
    wanted = any(needs_charset(each.octets) for each in block.fields)
    return block.read_in(declared_charset(octets)) if wanted else block


def is_raw(octets: bytes) -> bool:
    """Whether a field's octets hold non-ASCII characters that were not encoded."""
    return not octets.isascii() or b"\x1b" in octets


def needs_charset(octets: bytes) -> bool:
    """Whether reading a field needs the body's charset: it is raw, and not UTF-8."""
    if octets.isascii():
        return b"\x1b" in octets
    return charsets.strictly(octets, "utf-8") is None


_CHARSET = re.compile(
    rb"(?<![^\r\n])content-type[ \t]*+:(?>[^\r\n]|\r?\n[ \t]|\r[ \t])*?"
    rb"(?<![\w-])charset\*?\s*+=\s*+[\"']?([^\s\"';,()]{1,64})",
    re.IGNORECASE,
)


def declared_charset(octets: bytes, start: int = 0, end: int = _SUMMARY_OCTETS) -> str:
    """Return the charset of the first Content-Type that names one; "" without any.

    The search is between two offsets of a message: a multipart's first text has it.
    """
    found = _CHARSET.search(octets, start, end)
    return found[1].decode("ascii", "replace") if found else ""


def _scan(octets: bytes) -> Block:
    block = scan_part(octets, 0, MAX_OCTETS, MAX_FIELDS)
    if not block.defect or block.defect.template != _TOO_LONG:
        return block
    stop = max(block.body - 2, 0)
    empty = min(
        (at + len(line), at)
        for line in (b"\n\r\n", b"\n\n", b"")
        if (at := octets.find(line, stop) if line else len(octets)) >= 0
    )
    return Block(block.fields, empty[0], block.defect)


_TOO_LONG = gettext_noop(
    "The header is longer than %(octets)s bytes or %(fields)s fields; the rest of it "
    "is not read"
)


def scan_part(octets: bytes, start: int, max_octets: int, max_fields: int) -> Block:
    """Return the header block that begins at start, read up to these limits."""
    limit = min(len(octets), start + max_octets)
    fields: list[Field] = []
    position = start
    for name, value, after in _fields(octets, start, limit):
        if len(fields) == max_fields:
            break
        fields.append(Field(_name(name), value))
        position = after
    else:
        if position < limit or limit == len(octets):
            return _closed(octets, fields, position)
    defect = TranslatableText(_TOO_LONG, octets=max_octets, fields=max_fields)
    return Block(tuple(fields), position, defect)


def _closed(octets: bytes, fields: list[Field], position: int) -> Block:
    """Return the block whose last field ends at position."""
    if empty := _LINE_END.match(octets, position):
        return Block(tuple(fields), empty.end())
    if position == len(octets) or not fields:
        return Block(tuple(fields), position)
    text = readable(octets[position : position + 60].splitlines()[0])
    defect = TranslatableText(
        gettext_noop('The header ends without an empty line, before "%(text)s"'),
        text=text,
    )
    return Block(tuple(fields), position, defect)


def _fields(octets: bytes, start: int, end: int) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield (name, body, offset after it) of each field; mbox `From ` lines skipped."""
    match = _FIELD.match
    position = start
    while True:
        found = match(octets, position, end)
        if found is not None:
            position = found.end()
            yield found[1], found[2], position
        elif octets.startswith((b"From ", b">From "), position, end):
            skipped = _LINE.match(octets, position, end)
            position = skipped.end() if skipped else end
        else:
            return


def _name(name: bytes) -> str:
    return name.decode() if _ASCII_NAME(name) else readable(name)


def _text(octets: bytes, charset: str = "") -> str:
    """Return a field's body as one storable line, with its encoded words unchanged."""
    if b"\n" in octets or b"\r" in octets:
        octets = _FOLD.sub(b"", octets)
    if is_raw(octets):
        return line(charsets.decode_raw(words.escaped(octets), charset)).strip()
    return line(octets.decode("ascii")).strip()


@dataclass(slots=True)
class Summary:
    """The header fields that a list of messages shows, decoded; date is in UTC."""

    from_name: str = ""
    from_address: str = ""
    to: list[dict[str, str]] = field(default_factory=list)  # name, address
    cc: list[dict[str, str]] = field(default_factory=list)
    subject: str = ""
    message_id: str = ""
    date: datetime | None = None


_SUMMARISED = (b"from", b"to", b"cc", b"subject", b"message-id", b"date")
_SEVERAL = (b"to", b"cc")  # repeated in some messages, although not allowed


def _regular() -> re.Pattern[bytes]:
    """Return the pattern that reads nearly all header blocks in one step.

    It matches printable ASCII in CRLF lines. It has one group for each summarised
    field, set by the first field of the name. It does not match if To or Cc is
    repeated.
    """
    body = rb"(?:[\t -~]++|\r\n[ \t])*+"
    first = (
        rb"(?(%d)(?!))(?i:%s):(%s)" % (group, name, body)
        for group, name in enumerate(_SUMMARISED, 1)
    )
    other = rb"(?!--|(?i:to|cc)[ :])[!-9;-~]++:" + body
    fields = rb"(?:(?:%s|%s)\r\n)*+" % (rb"|".join(first), other)
    return re.compile(fields + rb"(?=\r\n|\Z)")


_REGULAR = _regular()


def summary(octets: bytes) -> Summary:
    """Return the main header fields in the first 64 KiB of a message.

    The first of each field counts; To and Cc are added up.
    """
    sender, to, cc, subject, bracketed, date = _summarised(octets)
    result = Summary()
    if sender and (senders := addresses(sender)):
        result.from_name, result.from_address = senders[0]
    if to:
        result.to = [{"name": name, "address": at} for name, at in addresses(to)]
    if cc:
        result.cc = [{"name": name, "address": at} for name, at in addresses(cc)]
    subject = subject.strip()
    result.subject = line(words.decode(subject)) if "=?" in subject else subject
    if bracketed:
        result.message_id = message_id(bracketed)
    if date:
        result.date = parse_date(date)
    return result


def _summarised(octets: bytes) -> list[str]:
    """Return the bodies of the fields for a summary, "" for missing ones."""
    if regular := _REGULAR.match(octets, 0, _SUMMARY_OCTETS):
        bodies = b"\0".join(regular.groups(b""))  # one conversion is faster than six
        if b"\n" in bodies:
            bodies = bodies.replace(b"\r\n", b"")
        return bodies.decode("ascii").replace("\t", " ").split("\0")
    found: dict[bytes, list[bytes]] = {name: [] for name in _SUMMARISED}
    for name, value, _ in _fields(octets, 0, min(len(octets), _SUMMARY_OCTETS)):
        bodies_of = found.get(name.lower())
        if bodies_of is not None and (name.lower() in _SEVERAL or not bodies_of):
            bodies_of.append(value)
    wanted = any(needs_charset(each) for all_ in found.values() for each in all_)
    charset = declared_charset(octets) if wanted else ""
    return [",".join(_text(each, charset) for each in all_) for all_ in found.values()]


_ID = re.compile(r"<([^<>]*+)>")


def message_id(value: str) -> str:
    """Return a Message-ID or Content-ID without its brackets, if it has any."""
    bracketed = _ID.search(value)
    return (bracketed[1] if bracketed else value.strip("<> ")).strip()
