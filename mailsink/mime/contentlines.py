"""Content lines of calendars and contacts (RFC 5545 §3.1, RFC 6350 §3.2; vCard 2.1).

Octets in, lines out. Lines are unfolded before they are decoded, since a fold can cut a
character. Linear time; never raises.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from mailsink.mime import charsets, transfer

MOST = 10_000  # lines that are read
MAX_OCTETS = 2 * 1024 * 1024  # of a file; further octets are not read
_LONGEST = 64 * 1024  # octets of one line
# The types with such lines
TYPES = (
    "text/calendar", "application/ics", "text/vcard", "text/x-vcard", "text/directory",
)  # fmt: skip
_FOLD = re.compile(rb"(?>\r?\r?\n|\r)[ \t]")
_BREAK = re.compile(rb"\r?\r?\n|\r")
_LINE = re.compile(r"([A-Za-z0-9.-]{1,80})((?:;[^;:\"]{0,200}(?:\"[^\"]{0,2000}\"[^;:\"]{0,200})*+)*+):(.*)", re.DOTALL)  # fmt: skip
_PARAMETER = re.compile(r";\s*+(?:([A-Za-z0-9-]+)\s*+=)?+(\"[^\"]*\"|[^;:]*)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CARET = re.compile(r"\^([n'^])")  # RFC 6868
_CARETS = {"n": "\n", "'": '"', "^": "^"}
_ENCODED = re.compile(rb"[^:]{0,2000};\s*+(?:(?:ENCODING=)?(?:(QUOTED-PRINTABLE)|BASE64)|ENCODING=B)[;:]", re.IGNORECASE).match  # fmt: skip
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "QUOTED-PRINTABLE": quopri.decodestring,
    "BASE64": transfer.base64,  # vCard 2.1
    "B": transfer.base64,  # RFC 2426 §2.4.1
}
_ENCODINGS = ("QUOTED-PRINTABLE", "BASE64", "7BIT", "8BIT")


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property: its name in upper case and without a group, its value decoded.

    The values of a repeated parameter, such as TYPE, are joined with commas.
    """

    name: str
    value: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The value without its escapes."""
        return _ESCAPE.sub(
            lambda match: "\n" if match[1] in "nN" else match[1], self.value
        )

    def fields(self) -> list[str]:
        """Return the parts of a value that semicolons separate, without escapes."""
        parts = re.split(r"(?<!\\);", self.value[:_LONGEST])
        return [ContentLine("", part).text.strip() for part in parts]


def unfolded(octets: bytes, content_type: str) -> bytes:
    """Return the octets of a body, unfolded if its type has such lines."""
    return _FOLD.sub(b"", octets) if content_type in TYPES else octets


def lines(octets: bytes, charset: str = "") -> list[ContentLine]:
    """Return the content lines of a calendar or of contacts, without other lines.

    charset: as declared for the whole; without one it is UTF-8, else windows-1252
    """
    octets = octets[:MAX_OCTETS].removeprefix(b"\xef\xbb\xbf")
    if b"\0" in octets[:100]:  # UTF-16: its line ends are not single octets
        octets, charset = charsets.decode(octets, charset or "utf-16").encode(), "utf-8"
    found = islice(_logical(octets), MOST)
    return [line for each in found if (line := _line(each, charset))]


def _logical(octets: bytes) -> Iterator[bytes]:
    """Yield lines without folds, and without soft line breaks of quoted-printable.

    Base64 also continues in lines without an indent: unlike properties, it has no
    colon.
    """
    pieces: list[bytes] = []
    encoded: re.Match[bytes] | None = None
    for physical in _BREAK.split(octets):
        is_soft = bool(encoded and encoded[1]) and pieces[-1].endswith(b"=")
        is_folded = physical[:1] in (b" ", b"\t")
        is_base64 = bool(encoded and not encoded[1] and physical) and b":" not in physical  # fmt: skip
        if pieces and (is_soft or is_folded or is_base64):
            pieces[-1] = pieces[-1][:-1] if is_soft else pieces[-1]
            pieces.append(physical[1:] if is_folded else physical)
            continue
        if pieces:
            yield b"".join(pieces)[:_LONGEST]
        pieces = [physical]
        encoded = _ENCODED(physical)
    yield b"".join(pieces)[:_LONGEST]


def _line(octets: bytes, charset: str) -> ContentLine | None:
    match = _LINE.fullmatch(charsets.decode(octets, charset))
    if match is None:
        return None
    parameters = _parameters(match[2])
    name = match[1].rpartition(".")[2].upper()
    own = parameters.get("CHARSET", "")  # vCard 2.1
    value = match[3]
    if decode := _DECODERS.get(parameters.get("ENCODING", "").upper()):
        value = charsets.decode(decode(value.encode()), own or charset)
        value = value.replace("\r\n", "\n")
    elif own and (again := _LINE.fullmatch(charsets.decode(octets, own))):
        value = again[3]
    return ContentLine(name, charsets.storable(value), parameters)


def _parameters(written: str) -> dict[str, str]:
    """Return parameters by their names; in vCard 2.1 a value may have no name."""
    found: dict[str, list[str]] = {}
    for name, quoted in _PARAMETER.findall(written):
        value = charsets.line(_CARET.sub(lambda each: _CARETS[each[1]], quoted.strip('"')).replace("\n", " ")).strip()  # fmt: skip
        if not name:
            name = "ENCODING" if value.upper() in _ENCODINGS else "TYPE"
        if value:
            found.setdefault(name.upper(), []).append(value)
    return {name: ",".join(values) for name, values in found.items()}
