"""The names of charsets -> the encodings that email clients use for them.

The labels are those of the WHATWG Encoding Standard §4.2, plus names of IANA, Java,
Microsoft and Python's codecs for charsets that the standard leaves out.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import lru_cache

from webencodings.labels import LABELS

ASCII = "us-ascii"  # not windows-1252: it says nothing about other octets
UTF8 = "utf-8"
STANDARD = frozenset(LABELS.values())  # the encodings that endec decodes
STATEFUL = frozenset(("iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz", "utf_7"))

# Python's codecs that are no text encodings, or that a better encoding replaces.
_NOT_CODECS = frozenset(
    "base64_codec bz2_codec hex_codec idna iso2022_jp iso2022_jp_1 iso2022_jp_2 "
    "iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr mbcs oem punycode "
    "quopri_codec rot_13 uu_codec zlib_codec".split()
)
_BETTER = {
    "ascii": ASCII,
    "big5hkscs": "big5",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "cp950": "big5",
    "gb2312": "gbk",
    "hz": "hz",
    "latin_1": "windows-1252",
    "mac_cyrillic": "x-mac-cyrillic",
    "mac_roman": "macintosh",
    "tis_620": "windows-874",
    "utf_16": "utf-16le",
}
_ALSO = "cp720 cp737 cp856 cp1006 koi8_t mac_arabic mac_croatian mac_farsi mac_romanian"

# Encodings by names that no rule finds; names have only letters and digits here.
_NAMES = {
    ASCII: "ascii usascii ansix341968 ansix341986 cp367 csascii ibm367 iso646irv1991 "
    "iso646us isoir6 us ia5 646 xia5 ascii7 7bit",
    "utf-8": "cesu8 cscesu8 unicodeutf8 utf8mb4",
    "windows-1252": "ansi iso88591windows30latin1 iso88591windows31latin1 latin msansi",
    "windows-1250": "iso88592windowslatin2 msee",
    "windows-1251": "mscyrl",
    "windows-1253": "msgreek",
    "windows-1254": "iso88599windowslatin5 msturk",
    "windows-1255": "mshebr",
    "windows-1256": "msarab",
    "windows-1257": "winbaltrim",
    "shift_jis": "mskanji sjis sjisopen sjiswin macjapanese pck win31j",
    "euc-jp": "eucjis eucjpms eucjpopen eucjpwin eucjplinux ujis packedeucjp "
    "extendedunixcodepackedformatforjapanese",
    "iso-2022-jp": "jis jis7 jisencoding csjisencoding",
    "euc-kr": "mackorean ms949hanguel uhc ksc5601 ksc56011992 ksx1001 eucksc korean",
    "johab": "ksc56011992johab ksx1001johab",
    "gbk": "cngb euccn gb231280 gb2312euc gb231280euc macchinesesimp chinesegb ugb",
    "gb18030": "gb180302000 gb180302005 gb180302022",
    "hz": "hz hzgb2312 hzgb hzgb2312cn cshzgb2312",
    "iso-2022-cn": "gb2312iso2022",
    "big5": "big5eten big5et chineseeten big5hkscs2001 big5hkscs2004 big5hkscs2008 "
    "big5solaris big5plus ms950hkscs macchinesetrad cnbig5 bigfive eten",
    "euc-tw": "euctw cns11643",
    "windows-874": "tis6200 tis6202529 tis6202533 thai8",
    "koi8-r": "koi8 koi",
    "iso-8859-6": "arabic asmo708 ecma114",
    "iso-8859-8": "visual",
    "iso-8859-8-i": "logical hebrewlogical",
    "iso-8859-10": "latin6 l6 isoir157",
    "iso-8859-13": "latin7 l7 isoir179 baltic",
    "iso-8859-14": "latin8 l8 isoir199 isoceltic celtic",
    "iso-8859-15": "latin9 l9 latin0",
    "iso-8859-16": "latin10 l10 isoir226",
    "macintosh": "mac macroman cspcmac",
    "x-mac-cyrillic": "maccyrillic macukraine macukrainian",
    "mac_latin2": "maccentraleurope maccentraleuropean maccentraleurroman macce "
    "maceastern eastermac",
    "mac_greek": "macgreek",
    "mac_iceland": "maciceland macicelandic",
    "mac_romanian": "macromania macromanian",
    "mac_turkish": "macturkish",
    "utf_7": "utf7 unicode11utf7 unicode20utf7 csutf7 csunicode11utf7",
    "utf-16le": "utf16 ucs2 unicode unicodelittle unicodelittleunmarked utf16lebom "
    "iso10646ucs2 iso10646 iso10646j1",
    "utf-16be": "unicodebig unicodebigunmarked utf16bebom unicodefffe",
    "utf_32": "utf32 ucs4 iso10646ucs4 csucs4",
    "utf_32_le": "utf32le utf32lebom",
    "utf_32_be": "utf32be utf32bebom",
    "cp437": "pc8",
    "cp720": "dos720",
    "cp850": "pc850multilingual",
    "cp858": "pcmultilingual850euro",
}

# Code page numbers of Microsoft and IBM that are not called cp<number> here.
_PAGES = {
    367: ASCII, 20127: ASCII, 819: "windows-1252", 5348: "windows-1252",
    65000: "utf_7", 65001: UTF8, 1208: UTF8, 1200: "utf-16le", 1202: "utf-16le",
    1201: "utf-16be", 12000: "utf_32_le", 12001: "utf_32_be",
    932: "shift_jis", 942: "shift_jis", 943: "shift_jis", 10001: "shift_jis",
    954: "euc-jp", 20932: "euc-jp", 33722: "euc-jp", 51932: "euc-jp",
    50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp",
    936: "gbk", 1381: "gbk", 1383: "gbk", 1386: "gbk", 10008: "gbk", 20936: "gbk",
    51936: "gbk", 54936: "gb18030", 52936: "hz",
    50227: "iso-2022-cn", 50229: "iso-2022-cn",
    949: "euc-kr", 970: "euc-kr", 1363: "euc-kr", 10003: "euc-kr", 20949: "euc-kr",
    51949: "euc-kr", 50225: "iso-2022-kr", 1361: "johab",
    964: "euc-tw", 950: "big5", 951: "big5", 1370: "big5", 1375: "big5", 10002: "big5",
    874: "windows-874", 1162: "windows-874", 866: "ibm866",
    878: "koi8-r", 20866: "koi8-r", 21866: "koi8-u", 1168: "koi8-u",
    10000: "macintosh", 1275: "macintosh", 10004: "mac_arabic", 10006: "mac_greek",
    10007: "x-mac-cyrillic", 10010: "mac_romanian", 10017: "x-mac-cyrillic",
    10029: "mac_latin2", 10079: "mac_iceland", 10081: "mac_turkish",
    10082: "mac_croatian", 912: "iso-8859-2", 913: "iso-8859-3", 914: "iso-8859-4",
    915: "iso-8859-5", 708: "iso-8859-6", 1089: "iso-8859-6", 813: "iso-8859-7",
    916: "iso-8859-8", 920: "windows-1254", 919: "iso-8859-10", 921: "iso-8859-13",
    923: "iso-8859-15", 38596: "iso-8859-6", 38598: "iso-8859-8-i",
    28591: "windows-1252", 28599: "windows-1254", 28601: "windows-874",
} | {
    28590 + part: f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)
}  # fmt: skip

# Names are reduced to letters and digits before the lookup, and by these rules.
_NOISE = re.compile(r"[^a-z0-9]+")
_YEAR = re.compile(r"[:_-]?(?:19|20)\d\d\Z")  # of a standard, as in ISO_8859-2:1987
_ISO8859 = re.compile(r"(?:iso)?8859(\d\d?)([ei]?)")
_PAGE = re.compile(
    r"(?:ansi|ccsid|codepage|cp|dos|ibm|ms|mswin|pc|win|windows)?0*(\d{2,5})c?"
)


def _known() -> dict[str, str]:
    """Return encodings by their names, reduced to letters and digits."""
    codecs = {*aliases.values(), *_ALSO.split()} - _NOT_CODECS
    named = {**{codec: codec for codec in codecs}, **aliases}
    standard = {
        _NOISE.sub("", label): name
        for label, name in LABELS.items()
        if name not in ("replacement", "x-user-defined")
    }
    known = {
        _NOISE.sub("", name): _BETTER.get(codec)
        or standard.get(_NOISE.sub("", codec), codec)
        for name, codec in named.items()
        if codec in codecs
    }
    ours = {each: name for name, all_ in _NAMES.items() for each in all_.split()}
    return known | standard | ours


_KNOWN = _known()


@lru_cache(maxsize=512)
def encoding(charset: str) -> str | None:
    """Return the encoding for a charset's name; None if it is unknown.

    It is the name of an encoding in the standard, "us-ascii", "euc-tw", one of
    STATEFUL, or a Python codec.
    """
    label = charset[:64].lower().strip(" \t\r\n\"'")
    key = _NOISE.sub("", label)
    for name in (key, _NOISE.sub("", _YEAR.sub("", label))):
        for prefix in ("", "x", "cs", "charset"):
            if name.startswith(prefix) and (found := _named(name[len(prefix) :])):
                return found
    return None


def _named(name: str) -> str | None:
    """Return the encoding for a name of letters and digits alone."""
    if name in _KNOWN:
        return _KNOWN[name]
    for family in ("jp", "kr", "cn"):  # iso2022jp3, csiso2022jp2, iso2022jpesc …
        if f"iso2022{family}" in name:
            return f"iso-2022-{family}"
    if name.startswith("utf8"):  # utf8bom, utf8mac …
        return UTF8
    if part := _ISO8859.fullmatch(name):
        plain = f"iso8859{part[1]}"
        return _KNOWN.get(plain + part[2]) or _KNOWN.get(plain)
    if page := _PAGE.fullmatch(name):
        number = int(page[1])
        return _PAGES.get(number) or _KNOWN.get(f"cp{number}")
    return None
