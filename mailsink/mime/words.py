"""RFC 2047 encoded words in header text -> Unicode. Never raises; linear time."""

from __future__ import annotations

import re

from mailsink.mime import charsets, transfer

# The text may hold a few question marks, which the RFC forbids but some programs send.
# All repeats are bounded or stop at a "?", so that no start is scanned twice.
_WORD = re.compile(
    r"=\?([^?\s]{1,64})\?([BbQq])\?([^?]*+(?:\?(?!=)[^?]*+){0,8}+)\?="
    r"([ \t\r\n]*+(?==\?))?"
)
_RAW_WORD = re.compile(rb"=\?[^?\s]{1,64}\?[Qq]\?[^?]*+(?:\?(?!=)[^?]*+){0,8}+\?=")
_EIGHT_BIT = re.compile(rb"[\x80-\xff]")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode(text: str) -> str:
    """Return text with its encoded words decoded; malformed words stay unchanged.

    White space between two words is dropped (§6.2), and a character that is split
    between them is joined.
    """
    if "=?" not in text:
        return text
    result: list[str] = []
    position, charset, octets = 0, "", b""
    joined = False  # does this word continue the last one?
    for word in _WORD.finditer(text):
        if octets and not (joined and word[1].lower() == charset):
            result.append(_text(octets, charset))
            octets = b""
        result.append(text[position : word.start()])
        charset = word[1].lower()
        octets += _octets(word[2], word[3])
        position, joined = word.end(), word[4] is not None
    if octets:
        result.append(_text(octets, charset))
    result.append(text[position:])
    return "".join(result)


def escaped(octets: bytes) -> bytes:
    """Return octets with each 8-bit octet inside an encoded word as "=XX".

    RFC 2047 forbids such octets; if there are any, they are in the word's charset.
    """
    if b"=?" not in octets:
        return octets
    return _RAW_WORD.sub(
        lambda word: _EIGHT_BIT.sub(lambda each: b"=%02X" % each[0][0], word[0]), octets
    )


def _text(octets: bytes, charset: str) -> str:
    return charsets.decode(octets, charset.partition("*")[0])  # RFC 2231 §5: *language


def _octets(encoding: str, text: str) -> bytes:
    encoded = text.encode("utf-8", "replace")
    if encoding in "Qq":
        encoded = encoded.replace(b"_", b" ")
        return _HEX.sub(lambda match: bytes.fromhex(match[1].decode()), encoded)
    return transfer.base64(encoded)
