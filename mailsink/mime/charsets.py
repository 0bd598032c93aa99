"""Octets -> text in a declared charset, without raising; and storable text.

The decoders are those of the WHATWG Encoding Standard (endec is Firefox's encoding_rs)
and iso2022, and Python's for other encodings. For the names of charsets, see labels.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import endec

from mailsink.mime import cns, iso2022, labels

_STANDARD = labels.STANDARD
_OWN: dict[str, Callable[[bytes], str]] = {
    "euc-tw": cns.euc,
    "hz": iso2022.hz,
    "iso-2022-cn": partial(iso2022.decode, name="iso-2022-cn"),
    "iso-2022-jp": partial(iso2022.decode, name="iso-2022-jp"),
    "iso-2022-kr": partial(iso2022.decode, name="iso-2022-kr"),
}
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_JAPANESE = re.compile(rb"\x1b\$[@B]")
_C1 = re.compile("[\x80-\x9f]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_ESCAPE_CUT_OFF = re.compile(rb"\x1b[$()*+,\-./]{0,2}\Z|~\Z")

codec = labels.encoding


def decode(octets: bytes, charset: str = "", *, cut: bool = False) -> str:
    """Return octets as text: as declared, else as UTF-8, else as windows-1252.

    Undecodable octets become U+FFFD. The text may hold control characters: see
    storable.
    cut: whether more octets follow; then an incomplete character at the end is left out
    """
    if not charset and octets.isascii() and b"\x1b$" not in octets:
        return octets.decode("ascii")
    declared = codec(charset) if charset else None
    if (
        declared in (None, labels.ASCII)
        and octets.isascii()
        and _JAPANESE.search(octets)
    ):
        declared = "iso-2022-jp"  # the escapes show it (RFC 1468)
    if octets.startswith(codecs.BOM_UTF8) and declared not in labels.STATEFUL:
        declared = labels.UTF8
    if declared in (None, labels.ASCII, labels.UTF8):
        return _unicode(octets, declared == labels.UTF8, cut)
    assert declared is not None
    if cut:
        octets = octets[: len(octets) - len(octets) % _unit(declared)]
    for name in (declared, labels.UTF8) if _may_be_utf8(octets, declared) else ():
        if (text := strictly(octets, name)) is not None:
            return text
    return _leniently(octets, declared, cut)


def _unit(name: str) -> int:
    """Return the unit of an encoding in octets: characters have multiples of it."""
    return 4 if name.startswith("utf_32") else 2 if name.startswith("utf-16") else 1


def _may_be_utf8(octets: bytes, declared: str) -> bool:
    if declared in labels.STATEFUL or declared in _OWN:
        return False
    return _unit(declared) == 1 or 0 not in octets


def decode_raw(octets: bytes, declared: str = "") -> str:
    """Return the text of a header field's octets that were sent without encoding.

    They are UTF-8, else in the charset that the body declares, else windows-1252. With
    ISO 2022 escapes they are in the declared ISO 2022 charset, else in the Japanese
    one.
    """
    stateful = codec(declared) in labels.STATEFUL
    if octets.isascii():
        return decode(octets, declared if stateful else "iso-2022-jp")
    with suppress(UnicodeDecodeError):
        # A program that limits the octets may have cut the last character.
        text, used = codecs.utf_8_decode(octets, "strict", False)
        if not text.isascii():
            return text + "\ufffd" * (used < len(octets))
    return decode(octets, "" if stateful else declared)


def _unicode(octets: bytes, declared: bool, cut: bool) -> str:
    """Return the text of octets declared as UTF-8 or not at all; maybe windows-1252."""
    try:
        return codecs.utf_8_decode(octets, "strict", not cut)[0]
    except UnicodeDecodeError:
        text = codecs.utf_8_decode(octets, "replace", not cut)[0]
    bad = text.count("\ufffd")
    good = sum(map(len, _BEYOND_ASCII.findall(text))) - bad
    if good and (declared or good >= bad):  # UTF-8 with bad octets stays UTF-8
        return text
    return endec.decode(octets, "windows-1252", "replace")


def strictly(octets: bytes, name: str) -> str | None:
    """Return octets as text in an encoding named by codec; None if they do not fit."""
    if name in _OWN:
        text = _OWN[name](octets)
        return None if "\ufffd" in text else text
    name = _which_end_first(octets, name)
    try:
        if name == labels.UTF8 or name not in _STANDARD:
            return octets.decode(name)
        text = endec.decode(octets, name, "strict")
    except ValueError:  # UnicodeError, or another that some codecs raise
        return None
    # The standard maps octets that Windows code pages do not define to control
    # characters.
    return None if name.startswith("windows-") and _C1.search(text) else text


def _leniently(octets: bytes, name: str, cut: bool) -> str:
    if cut and name in labels.STATEFUL:
        octets = _ESCAPE_CUT_OFF.sub(b"", octets)
    name = _which_end_first(octets, name)
    if name in _OWN:
        text = _OWN[name](octets)
    elif name in _STANDARD:
        text = endec.decode(octets, name, "replace")
    else:
        text = _by_python(octets, name)
    return text.removesuffix("\ufffd") if cut else text


def _by_python(octets: bytes, name: str) -> str:
    try:
        return octets.decode(name, "replace")
    except ValueError:  # such as an incomplete unit of UTF-32
        return endec.decode(octets, "windows-1252", "replace")


def _which_end_first(octets: bytes, name: str) -> str:
    """Return text of UTF-16 or UTF-32; a mark, else the NULs of ASCII show the order.

    Without a mark, RFC 2781 §4.3 means big-endian, Windows and the standard
    little-endian.
    """
    if name == "utf_32":
        return "utf_32_be" if octets.startswith(b"\0\0") else "utf_32_le"
    if name != "utf-16le" or octets.startswith(codecs.BOM_UTF16_LE):
        return name
    start = octets[:4096]
    big = start[::2].count(0) > start[1::2].count(0)
    return "utf-16be" if big or start.startswith(codecs.BOM_UTF16_BE) else name


def storable(text: str) -> str:
    """Return text with U+FFFD for each control (except tab, CR, LF) and surrogate."""
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)


def line(text: str) -> str:
    """Return text as one storable line: U+FFFD for each control and surrogate."""
    if text.isprintable():
        return text
    return _UNSTORABLE_IN_LINE.sub("\ufffd", text.replace("\t", " "))
