"""Octets -> text by a declared charset, never raising; and text that is storable.

Only charsets that Python knows at import time are tried: asking for a name made up
by a sender would import, and remember, it for ever.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases

# What bytes.decode would take but no mail is written in; punycode is quadratic, too.
_NOT_CHARSETS = {
    "base64_codec", "bz2_codec", "hex_codec", "idna", "mbcs", "oem", "punycode",
    "quopri_codec", "raw_unicode_escape", "rot_13", "undefined", "unicode_escape",
    "uu_codec", "zlib_codec",
}  # fmt: skip

# What senders call a charset -> the superset that mail clients read it as, after
# the WHATWG Encoding Standard §4.2.
_SUPERSETS = {
    "ansi": "cp1252",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_8_i": "iso8859_8",
    "iso8859_9": "cp1254",
    "ks_c_5601_1987": "cp949",
    "latin_1": "cp1252",
    "shift_jis": "cp932",
    "unicode_1_1_utf_7": "utf_7",
    "utf8mb4": "utf_8",
    "windows_874": "cp874",
    "x_gbk": "gb18030",
    "x_mac_roman": "mac_roman",
    "x_sjis": "cp932",
    "x_utf_8": "utf_8",
}


def _known() -> dict[str, str]:
    codecs = {*aliases.values(), "cp874", "cp720", "cp737", "cp856", "cp1006"}
    codecs |= {"koi8_u", "koi8_r", "mac_arabic", "utf_8_sig"}
    names = {**{codec: codec for codec in codecs}, **aliases}
    names = {name: codec for name, codec in names.items() if codec not in _NOT_CHARSETS}
    names |= {name: _SUPERSETS.get(codec, codec) for name, codec in names.items()}
    return names | _SUPERSETS


_CODECS = _known()
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def codec(charset: str) -> str | None:
    """Return the name of the Python codec for a charset's name, None if unknown."""
    charset = charset[:64].lower()
    return _CODECS.get(charset) or _CODECS.get(_SEPARATORS.sub("_", charset).strip("_"))


def decode(octets: bytes, charset: str = "") -> str:
    """Return octets as text: as declared, else as UTF-8, else as windows-1252.

    What fits nowhere becomes U+FFFD. The text may hold controls: see storable.
    """
    if octets.isascii() and not charset:
        return octets.decode("ascii")
    declared = codec(charset) if charset else None
    for name in (declared, "utf_8"):
        if name is not None and (text := strictly(octets, name)) is not None:
            return text
    if declared not in (None, "ascii", "utf_8", "cp1252"):
        return _leniently(octets, declared or "")
    text = octets.decode("utf-8", "replace")
    # A few bad octets in UTF-8, or another charset altogether?
    bad = text.count("\ufffd")
    good = sum(map(len, _BEYOND_ASCII.findall(text))) - bad
    return text if good > bad else octets.decode("cp1252", "replace")


_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


def strictly(octets: bytes, name: str) -> str | None:
    """Return octets as text by a codec that codec named; None if they do not fit."""
    try:
        return octets.decode(name)
    except ValueError:  # UnicodeError, and what some codecs raise in its place
        return None


def _leniently(octets: bytes, name: str) -> str:
    try:
        return octets.decode(name, "replace")
    except ValueError:  # UTF-16 and UTF-32 without a whole unit, and the like
        return octets.decode("cp1252", "replace")


def storable(text: str) -> str:
    """Return text with U+FFFD for each control (but tab, CR, LF) and surrogate."""
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)


def line(text: str) -> str:
    """Return text as storable on one line: U+FFFD for each control and surrogate."""
    if text.isprintable():
        return text
    return _UNSTORABLE_IN_LINE.sub("\ufffd", text.replace("\t", " "))
