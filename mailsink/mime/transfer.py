"""Content-Transfer-Encodings (RFC 2045 §6) -> octets. Never raises; linear time."""

from __future__ import annotations

import binascii
import re
import string
from itertools import islice

from mailsink.translatable import gettext_noop

_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET) - {ord("=")})
_WHITE_SPACE = b" \t\r\n\v\f"
_PADDING = re.compile(rb"=+")
_PUNCTUATION = tuple(bytes([each]) for each in b",.:;!?")
_FULL_LINE = re.compile(
    rb"(?<![^\r\n])(?=[+/]*+[A-Za-z0-9])[A-Za-z0-9+/]{40,}+[ \t]*+(?![^\r\n])"
)
_TEXT_LINE = re.compile(rb"[^\r\n]+")
_FOOTER_BEGINS_WITHIN = 20  # lines after the last full one
_PADDED = re.compile(rb"([^=]++)=*+")
_MAX_PADDINGS = 10_000  # base64 texts in sequence in a body; further ones are left out
_SOFT_BREAK_OF_CR = re.compile(rb"=\r(?!\r?\n)")
_CUT_ESCAPE = re.compile(rb"=[0-9A-Fa-f]?\Z")
_UU_BEGIN = re.compile(rb"(?:\A|\n)begin [0-7]{3,4} [^\r\n]*\r?\n")


_UUENCODE = ("x-uuencode", "uuencode", "x-uue", "uue")
ENCODINGS = ("base64", "quoted-printable", *_UUENCODE)  # the ones that decode() knows


def decode(octets: bytes, encoding: str, *, cut: bool = False) -> bytes:
    """Return decoded octets, unchanged if the encoding is unknown.

    cut: whether more octets follow; then an incomplete octet at the end is left out
    """
    if encoding == "base64":
        return base64(octets)
    if encoding == "quoted-printable":
        return quoted_printable(_CUT_ESCAPE.sub(b"", octets) if cut else octets)
    if encoding in _UUENCODE:
        return uuencode(octets[: octets.rfind(b"\n") + 1] if cut else octets)
    return octets


def base64(octets: bytes) -> bytes:
    """Return base64 decoded; octets outside the alphabet are skipped (RFC 2045 §6.8).

    Plain text after the base64 is left out, see base64_end.
    """
    text = octets[: base64_end(octets)].translate(None, _NOT_BASE64).rstrip(b"=")
    if b"=" not in text:
        return _quads(text)
    texts = _PADDED.finditer(text)
    return b"".join(_quads(each[1]) for each in islice(texts, _MAX_PADDINGS))


def _quads(text: bytes) -> bytes:
    if len(text) % 4 == 1:  # no octet ends there
        text = text[:-1]
    return binascii.a2b_base64(text + b"==")


def base64_end(octets: bytes) -> int:
    """Return the end of base64: the offset of text that a mailing list added after it.

    Such text begins on a new line, after the last full line.
    """
    regular = not octets.translate(None, _ALPHABET + b"=\r\n")
    if regular and b"=" not in octets.rstrip(b"=\r\n"):
        return len(octets)
    start = max((line.end() for line in _FULL_LINE.finditer(octets)), default=-1)
    lines = _TEXT_LINE.finditer(octets, max(start, 0))
    for number, line in enumerate(islice(lines, _FOOTER_BEGINS_WITHIN)):
        if (number or start >= 0) and _is_text(line[0], octets[: line.start()]):
            padding = _PADDING.search(octets, max(start, 0), line.start())
            return padding.end() if padding else line.start()
    return len(octets)


def _is_text(line: bytes, before: bytes) -> bool:
    """Whether a line after base64 is plain text."""
    words = line.split()
    foreign = line.translate(None, _ALPHABET + b"=" + _WHITE_SPACE)
    if len(foreign) > 1 or line.rstrip()[-1:] in _PUNCTUATION or line[:3] == b"===":
        return True
    if any(len(each) % 4 for each in words[:-1]):  # words, not separated quads
        return True
    padded = before.rstrip(_WHITE_SPACE).endswith(b"=")
    return padded and bool(words) and len(words[-1]) % 4 > 0 and b"=" not in line


def base64_defect(octets: bytes) -> str:
    """Return the defect of base64, to be translated; "" if there is none."""
    if base64_end(octets) < len(octets):
        return gettext_noop("Plain text follows the base64, and is left out")
    text = octets.translate(None, _WHITE_SPACE)
    stripped = text.translate(None, _NOT_BASE64)
    if len(stripped) < len(text):
        return gettext_noop("The base64 contains characters outside its alphabet")
    if b"=" in stripped.rstrip(b"="):
        return gettext_noop("The base64 continues after its padding")
    if len(stripped) % 4:
        return gettext_noop("The base64 is cut off or not padded")
    return ""


def quoted_printable(octets: bytes) -> bytes:
    """Return quoted-printable decoded; a "=" that encodes nothing stays.

    White space at the end of a line was added in transit (RFC 2045 §6.7, rule 3).
    Neither sign of "==" encodes anything. binascii would turn "==" into one "=", and
    after "=" with a bare CR it would take all octets up to the next LF as a line end.
    """
    if b"==" in octets:
        octets = octets.replace(b"==", b"=3D=3D")
    if b"=\r" in octets:
        octets = _SOFT_BREAK_OF_CR.sub(b"", octets)
    if any(mark in octets for mark in (b" \r", b" \n", b"\t\r", b"\t\n")):
        octets = b"".join(map(_without_trailing_space, octets.splitlines(True)))
    return binascii.a2b_qp(octets)


def _without_trailing_space(line: bytes) -> bytes:
    text = line.rstrip(b"\r\n")
    return text.rstrip(b" \t") + line[len(text) :]


def uuencode(octets: bytes) -> bytes:
    """Return the first uuencoded file; the octets unchanged if there is none."""
    begin = _UU_BEGIN.search(octets)
    if begin is None:
        return octets
    decoded: list[bytes] = []
    for line in octets[begin.end() :].splitlines():
        if line.strip() in (b"end", b"`", b""):
            break
        decoded.append(_uu_line(line))
    return b"".join(decoded)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # a wrong length: take as much as the first octet announces
        promised = ((line[0] - 32 & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[: promised + 1])
        except binascii.Error:
            return b""
