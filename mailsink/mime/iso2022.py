"""ISO 2022 in seven bits (ISO-2022-JP, -KR, -CN) and HZ -> text. Never raises; linear time.

Python's codecs refuse a whole mail because of one ① (NEC row 13) or one bad octet, and
the WHATWG standard has only ISO-2022-JP. Here the octets between two escapes are
decoded in their set with the EUC decoders of the standard, whose tables have the rows
of NEC and IBM. RFC 1468, 1554 (JP), 1557 (KR), 1922 (CN), 1843 (HZ).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import endec

from mailsink.mime import cns

_Reader = Callable[[bytes], str]

_MAX_SWITCHES = 300_000  # changes of set that are followed; no real text has that many

_TOKEN = re.compile(
    rb"(?P<escape>\x1b(?:\$[()*+]?[@-Z]|[(),\-./][@-Z]|&@))|(?P<single>\x1b[NO])"
    rb"|(?P<shift>[\x0e\x0f])|(?P<end>\r?\n|\r)|(?P<text>[^\x0e\x0f\r\n\x1b]+)|\x1b",
    re.DOTALL,
)
_HIGH = bytes((each | 0x80 if 0x21 <= each <= 0x7E else each) for each in range(128))
_HIGH += b"\xff" * 128  # an 8-bit octet is an error in every EUC
_KANA = bytes(
    each + 0x80 if 0x21 <= each <= 0x5F else 0xFF if 0x60 <= each < 0x7F else each
    for each in range(128)
) + b"\xff" * 128  # fmt: skip
_ROMAN = {0x5C: "¥", 0x7E: "‾"}


def _euc(name: str) -> _Reader:
    return lambda octets: endec.decode(octets.translate(_HIGH), name, "replace")


def _behind_ss3(octets: bytes) -> bytes:
    """Return pairs of the third set as EUC has them: each after 0x8F."""
    pairs = octets.translate(_HIGH) + b"\xff" * (len(octets) % 2)
    euc = bytearray(b"\x8f") * (len(pairs) // 2 * 3)
    euc[1::3], euc[2::3] = pairs[::2], pairs[1::2]
    return bytes(euc)


def _x0212(octets: bytes) -> str:
    return endec.decode(_behind_ss3(octets), "euc-jp", "replace")


def _x0213_second(octets: bytes) -> str:
    return _behind_ss3(octets).decode("euc_jis_2004", "replace")


def _ascii(octets: bytes) -> str:
    return octets.decode("ascii", "replace")


def _roman(octets: bytes) -> str:
    return _ascii(octets).translate(_ROMAN)


def _kana(octets: bytes) -> str:
    return endec.decode(octets.translate(_KANA), "shift_jis", "replace")


def _upper_of(name: str) -> _Reader:
    return lambda octets: octets.translate(_HIGH).decode(name, "replace")


def _unknown(octets: bytes) -> str:
    return "\ufffd" * ((len(octets) + 1) // 2)


_JIS, _KSC, _GB = _euc("euc-jp"), _euc("euc-kr"), _euc("gbk")
_X0213 = _upper_of("euc_jis_2004")
# Readers by the last octet of the escape: sets of 94 characters, and of 94 times 94
_SMALL = {b"B": _ascii, b"J": _roman, b"H": _ascii, b"I": _kana}
_LARGE = {
    b"@": _JIS, b"B": _JIS, b"D": _x0212, b"O": _X0213, b"Q": _X0213,
    b"P": _x0213_second, b"A": _GB, b"C": _KSC,
    b"G": lambda octets: cns.decode(octets, 1), b"H": lambda octets: cns.decode(octets, 2),
}  # fmt: skip
_UPPER = {b"A": _upper_of("latin_1"), b"F": _upper_of("iso8859_7")}
_OF_ONE_OCTET = {*_SMALL.values(), *_UPPER.values()}
_PLACES = {b"(": 0, b",": 0, b")": 1, b"-": 1, b"*": 2, b".": 2, b"+": 3, b"/": 3}
# The set that SO shifts in if no escape has named one
_SHIFTED = {"iso-2022-jp": _kana, "iso-2022-kr": _KSC, "iso-2022-cn": _GB}


def decode(octets: bytes, name: str) -> str:
    """Return text; octets that do not fit their set become U+FFFD.

    name: "iso-2022-jp" (for its whole family), "iso-2022-kr" or "iso-2022-cn"
    """
    if name == "iso-2022-jp":
        with suppress(ValueError):  # the fast way, for valid text
            return endec.decode(octets, name, "strict")
    sets: list[_Reader] = [_ascii, _SHIFTED[name], _unknown, _unknown]
    shift, single, found = 0, 0, []
    for number, token in enumerate(_TOKEN.finditer(octets)):
        kind, text = token.lastgroup, token[0]
        if number == _MAX_SWITCHES:
            found.append(_rest(octets[token.start() :], name))
            break
        if kind == "text":
            if single:  # for one character
                width = 1 if sets[single] in _OF_ONE_OCTET else 2
                found.append(sets[single](text[:width]))
                text, single = text[width:], 0
            found.append(sets[shift](text))
        elif kind == "end":  # a line starts in ASCII (RFC 1468; 1557 §2; 1922 §2.1)
            sets[0], shift, single = _ascii, 0, 0
            found.append(text.decode())
        elif kind == "escape":
            _designate(text, sets)
        elif kind == "shift":
            shift = int(text == b"\x0e")
        elif kind == "single":
            single = 2 if text == b"\x1bN" else 3
        else:
            found.append("\ufffd")
    return "".join(found)


def _rest(octets: bytes, name: str) -> str:
    """Return the text after the limit, with the fast decoder."""
    if name == "iso-2022-jp":
        return endec.decode(octets, name, "replace")
    return _ascii(octets)


def _designate(escape: bytes, sets: list[_Reader]) -> None:
    """Select the set that an escape names."""
    last, large = escape[-1:], escape[1:2] == b"$"
    if escape == b"\x1b&@":  # announces the JIS X 0208 of 1990
        return
    place = _PLACES.get(escape[2:3] if large else escape[1:2], 0)
    if large:
        sets[place] = _LARGE.get(last, _unknown)
    else:
        sets[place] = (_UPPER if escape[1:2] in b"-./" else _SMALL).get(last, _ascii)


_HZ = re.compile(rb"~(?:\{((?:(?!~\})[^\r\n])*+)(?:~\})?|(~)|\r?\n)")


def hz(octets: bytes) -> str:
    """Return text in HZ (RFC 1843): GB 2312 between "~{" and "~}" or the line's end."""

    def euc(match: re.Match[bytes]) -> bytes:
        return match[2] or (match[1] or b"").translate(_HIGH)

    plain = octets.translate(_SEVEN_BITS)
    return endec.decode(_HZ.sub(euc, plain), "gbk", "replace")


_SEVEN_BITS = bytes(range(128)) + b"\xff" * 128
