"""Signs of the client in a message's octets. Pure; takes time linear in their number.

Faults that the engine already flags are found here again, with their place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from inbox.insight.findings import injection
from mailsink.mime import headers, structure, transfer
from mailsink.mime.headers import Block
from mailsink.mime.structure import Structure
from mailsink.text import readable

_BEFORE, _AFTER = 24, 24  # octets shown around the offending one
_LINE = 998  # octets, without CRLF (RFC 5322 §2.1.1)
# Octets from the start; signs after them are found without a place.
_SEARCHED = 1 << 20
_ONCE = (
    "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "In-Reply-To", "References",
    "Subject", "Date",
)  # fmt: skip

_PLACES = {
    "bare_lf_data": re.compile(rb"(?<!\r)\n"),
    "bare_cr_data": re.compile(rb"\r(?!\n)"),
    "nul_octet": re.compile(rb"\0"),
    "eightbit_in_7bit": re.compile(rb"[\x80-\xff]"),
    "smuggling_pattern": re.compile(rb"[\r\n]\0?\.\0?[\r\n]{1,8}+(?=[A-Za-z]{4})"),
    "binary_undeclared": re.compile(rb"content-transfer-encoding:[ \t]*binary", re.IGNORECASE),
}  # fmt: skip
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/= \t\r\n]")


@dataclass(frozen=True, slots=True)
class BodySpot:
    """Where a body shows a kind of finding for the first time.

    offset: of the first offending octet; None if something is missing. octets: the
    offending ones with some context, readable
    """

    kind: str
    offset: int | None = None
    octets: str = ""


def examine(
    octets: bytes,
    complete: bool = True,
    recipients: Collection[str] = (),
    size: int = 0,
    parsed: Structure | None = None,
) -> list[BodySpot]:
    """Return the findings in a body, each kind once; for a cut body, not what is missing.

    octets: the start is enough, if size is that of the whole body; complete: whether
    the whole body arrived; recipients: the addresses of the envelope; parsed: the
    parts, if they are known
    """
    size = max(size, len(octets))
    if len(octets) > _SEARCHED:
        octets, parsed = octets[:_SEARCHED], None
    ends = complete and len(octets) >= size
    if parsed is None:
        block = headers.scan(octets)
    else:
        block = Block(parsed.root.fields, parsed.root.body_start)
    found = [
        *_lines(octets, block),
        *_repeated(octets, block),
        *_base64(octets, ends, parsed),
    ]
    if injected := injection.find(octets, block, recipients):
        found.append(BodySpot("header_injection", *injected))
    return [*found, *_fields(octets, block)] if complete and octets else found


def _base64(octets: bytes, ends: bool, parsed: Structure | None) -> Iterator[BodySpot]:
    """Yield the first part with invalid base64; its end counts only if it is the body's."""
    if b"base64" not in octets and b"base64" not in octets.lower():
        return
    parsed = parsed or structure.parse(octets, checked=False)
    for part in parsed.parts:
        if part.encoding != "base64" or part.source is not None or part.children:
            continue
        body = part.body(octets)
        foreign = _NOT_BASE64.search(body)
        if foreign is None and not ends and part.body_end >= len(octets):
            continue
        if transfer.base64_defect(body):
            at = part.body_start + (
                foreign.start() if foreign else max(len(body) - 1, 0)
            )
            yield _spot(octets, "bad_base64", at, at + 1)
            return


def _fields(octets: bytes, block: Block) -> Iterator[BodySpot]:
    first = {field.name.lower(): field for field in reversed(block.fields)}
    for kind, name in (("missing_from", "from"), ("missing_date", "date")):
        if name not in first:
            yield BodySpot(kind)
    identifier = first.get("message-id")
    if identifier is None:
        yield BodySpot("missing_message_id")
    elif not identifier.raw.strip("<> "):
        header = octets[: block.body]
        yield _field(header, "missing_message_id", "Message-ID", identifier.raw)
    date = first.get("date")
    if date is not None and headers.parse_date(date.encoded) is None:
        yield _field(octets[: block.body], "bad_date", "Date", date.raw)
    blind = first.get("bcc")
    if blind is not None and blind.raw:
        yield _field(octets[: block.body], "bcc_header", "Bcc", blind.raw)


def _repeated(octets: bytes, block: Block) -> Iterator[BodySpot]:
    counts = Counter(field.name.lower() for field in block.fields)
    for name in _ONCE:
        if counts[name.lower()] > 1:
            last = next(
                f for f in reversed(block.fields) if f.name.lower() == name.lower()
            )
            yield _field(octets[: block.body], "repeated_field", name, last.raw)
            return


def _field(header: bytes, kind: str, name: str, value: str) -> BodySpot:
    start = header.lower().find(b"\n" + name.lower().encode() + b":") + 1
    return BodySpot(kind, max(start, 0), f"{name}: {value}"[:80])


def _lines(octets: bytes, block: Block) -> Iterator[BodySpot]:
    for kind, pattern in _PLACES.items():
        if _may_show(kind, octets) and (match := pattern.search(octets)):
            yield _spot(octets, kind, match.start(), match.end())
    if match := _PLACES["eightbit_in_7bit"].search(octets, 0, block.body):
        yield _spot(octets, "eightbit_header", match.start(), match.end())
    if (start := _long_line(octets)) is not None:
        yield BodySpot("long_line", start, readable(octets[start : start + 60]) + "…")


def _may_show(kind: str, octets: bytes) -> bool:
    """Whether octets may show a kind, by a check that costs a tenth of a search."""
    match kind:
        case "bare_lf_data":
            return octets.count(b"\n") > octets.count(b"\r\n")
        case "bare_cr_data":
            return octets.count(b"\r") > octets.count(b"\r\n")
        case "eightbit_in_7bit":
            return not octets.isascii()
        case "smuggling_pattern":
            return b"." in octets
        case "binary_undeclared":
            return b"inary" in octets or b"INARY" in octets
        case _:
            return True


def _spot(octets: bytes, kind: str, start: int, end: int) -> BodySpot:
    before = octets[max(0, start - _BEFORE) : start].rpartition(b"\r\n")[2]
    return BodySpot(kind, start, readable(before + octets[start : end + _AFTER]))


def _long_line(octets: bytes) -> int | None:
    """Return the offset of the first line of more than 998 octets."""
    start = 0
    while len(octets) - start > _LINE:
        # the last line end among the next octets: this allows long leaps
        end = octets.rfind(b"\n", start, start + _LINE + 2)
        if end < 0:
            return start
        start = end + 1
    return None
