"""Charsets: what they are called, that each is read, and what a bad octet does."""

from __future__ import annotations

import base64
import codecs
import time

import endec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webencodings.labels import LABELS

from mailsink.mime import bodies, charsets, headers, labels
from mailsink.mime.structure import parse

BAD = "\ufffd"


def encode(text: str, name: str) -> bytes:
    """Encode by the standard, or by Python's codec where that knows nothing of it."""
    if name == "euc-tw":
        return text.encode("ascii")
    if name == "iso-2022-cn":
        return text.encode("hz").replace(b"~{", b"\x1b$)A\x0e").replace(b"~}", b"\x0f")
    python = {
        "iso-2022-kr": "iso2022_kr", "hz": "hz", "us-ascii": "ascii",
        "utf-16le": "utf_16_le", "utf-16be": "utf_16_be", "utf_32": "utf_32_be",
    }.get(name)  # fmt: skip
    if python or name not in labels.STANDARD:
        return text.encode(python or name)
    return endec.encode(text, name)


SAMPLES = (
    "Größe, naïve", "Příliš žluťoučký", "Ħaġar", "Привіт", "Ελλάδα", "שלום", "السلام", "Türkçe ığ",
    "ภาษาไทย", "日本語 ①㈱", "日本語 テスト", "简体中文", "繁體中文 碁", "한국어 똠", "Ġ Ŭ", "þæö", "plain",
)  # fmt: skip


def sample(name: str) -> tuple[str, bytes]:
    """A text that a charset has, and how it is sent."""
    for text in SAMPLES:
        try:
            return text, encode(text, name)
        except ValueError:
            continue
    raise AssertionError(name)


def mail(charset: str, octets: bytes) -> bytes:
    """A mail whose subject, body and file's name are in a charset, each encoded."""
    quoted = "".join(f"%{each:02X}" for each in octets)
    return (
        f"Subject: =?{charset}?B?{base64.b64encode(octets).decode()}?=\r\n"
        f'Content-Type: text/plain; charset="{charset}"\r\n'
        f"Content-Disposition: inline; filename*={charset}''{quoted}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + base64.encodebytes(octets)


NOT_READ = ("replacement", "x-user-defined")  # they stand for no charset
NAMES = sorted({name for label in LABELS if (name := labels.encoding(label))})


@pytest.mark.parametrize(
    "label", [each for each in LABELS if LABELS[each] not in NOT_READ]
)
def test_every_label_of_the_standard(label: str) -> None:
    name = labels.encoding(label)
    assert name is not None
    assert name == LABELS[label] or (name, LABELS[label]) == (
        "us-ascii",
        "windows-1252",
    )
    text, octets = sample(name)
    for spelled in (label, label.upper(), f" {label} ", f'"{label}"'):
        assert charsets.decode(octets, spelled) == text


OTHER_NAMES = [
    ("us-ascii", "ANSI_X3.4-1986 iso-ir-6 ISO646-US IBM367 cp367 x-cp20127"),
    ("utf-8", "utf8mb4 UTF_8 utf-8; cp65001 'utf-8' csUTF8 UTF-8-MAC charset=utf-8"),
    ("windows-1252", "8859_1 ISO8859_1 Cp1252 ISO-8859-1:1987 x-ansi ms-ansi cp28591 CP819"),
    ("windows-1251", "x-cp1251 win-1251 cswindows1251 MS-CYRL Cp1251"),
    ("windows-1254", "ISO-8859-9E cp28599 latin5"),
    ("iso-8859-2", "iso88592 ISO_8859-2:1987 8859_2 cp28592 x-iso-8859-2"),
    ("iso-8859-8", "ISO-8859-8-E csISO88598E visual iso8859_8"),
    ("iso-8859-8-i", "csISO88598I logical cp38598"),
    ("iso-8859-6", "ISO-8859-6-I ISO-8859-6-E ASMO-708"),
    ("iso-8859-15", "latin-9 ISO8859-15 cp28605 iso8859_15"),
    ("macintosh", "x-MacRoman x-mac-roman mac csMacintosh cp10000"),
    ("mac_latin2", "x-mac-ce x-MacCentralEurope X-MAC-CENTRALEURROMAN"),
    ("koi8-u", "KOI8-RU csKOI8U cp21866"),
    ("windows-874", "TIS-620 tis620 DOS-874 ISO-8859-11 MS874 x-IBM874"),
    ("shift_jis", "windows-31j csWindows31J MS_Kanji x-sjis Cp943C windows-932 x-ms932"),
    ("euc-jp", "x-euc-jp EUC_JP eucJP-open cp51932 Extended_UNIX_Code_Packed_Format_for_Japanese"),
    ("iso-2022-jp", "csISO2022JP2 cp50220 x-windows-50221 _iso-2022-jp$ESC ISO-2022-JP-2004 JIS"),
    ("iso-2022-kr", "csISO2022KR cp50225 ISO2022KR"),
    ("gbk", "gb2312 GB_2312-80 EUC_CN x-EUC-CN cp936 x-mswin-936 chinese x-cp20936"),
    ("gb18030", "GB18030-2005 cp54936"),
    ("hz", "HZ-GB-2312 hz cp52936"),
    ("big5", "x-Chinese-Eten MS950_HKSCS big5-eten Big5-HKSCS:2004 x-windows-950 csBig5"),
    ("euc-kr", "windows-949 ks_c_5601-1989 KSC5601 MS949 uhc x-windows-949 cp51949"),
    ("euc-tw", "EUC_TW x-EUC-TW x-IBM964"),
    ("johab", "x-Johab cp1361"),
    ("utf_7", "UNICODE-1-1-UTF-7 csUTF7 cp65000"),
    ("utf-16be", "unicodeFFFE UnicodeBigUnmarked cp1201"),
    ("utf_32", "UCS-4 csUCS4 ISO-10646-UCS-4"),
    ("cp850", "IBM850 csPC850Multilingual 850 cp-850"),
    ("cp437", "IBM437 csPC8CodePage437 x-IBM437"),
    ("cp858", "IBM00858 CCSID00858 PC-Multilingual-850+euro"),
    ("cp720", "DOS-720"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "called"), OTHER_NAMES)
def test_other_names(name: str, called: str) -> None:
    text, octets = sample(name)
    for charset in called.split():
        assert labels.encoding(charset) == name, charset
        assert charsets.decode(octets, charset) == text


@pytest.mark.parametrize(
    "charset",
    [
        *(label for label in LABELS if LABELS[label] not in NOT_READ),
        *(each for _, called in OTHER_NAMES for each in called.split()),
    ],
)
def test_a_mail_in_every_charset_by_every_name(charset: str) -> None:
    charset = charset.strip("';")
    text, octets = sample(labels.encoding(charset) or "")
    sent = mail(charset, octets)
    root = parse(sent).root
    assert bodies.text_of(sent, root) == text
    assert root.filename == text
    assert headers.summary(sent).subject == text
    assert root.fields[0].value == text


@pytest.mark.parametrize(
    "charset",
    [
        *"nope base64 hex_codec zlib punycode idna unicode_escape rot13 undefined".split(),
        *"mbcs replacement unknown-8bit x-user-defined cp99999 ../etc".split(),
        "", "\0", "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_charset(charset: str) -> None:
    assert labels.encoding(charset) is None
    assert charsets.decode(b"caf\xc3\xa9", charset) == "café"


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("iso-2022-jp", b"\x1b$B-!-j|b\x1b(B", "①㈱髙"),
        ("", b"\x1b$B-!\x1b(B ok", "① ok"),
        ("us-ascii", b"\x1b$B-!\x1b(B ok", "① ok"),
        ("", b"\x1b[31mred $B \x1b$5", "\x1b[31mred $B \x1b$5"),
        ("iso-2022-jp", b"\x1b(I12\x1b(B ok", "ｱｲ ok"),
        ("iso-2022-jp", b"\x0e12\x0f ok", "ｱｲ ok"),
        ("iso-2022-jp", b"\x1b(J\\1,000~\x1b(B\\", "¥1,000‾\\"),
        ("iso-2022-jp", b"\x1b$@0!\x1b(B", "亜"),
        ("iso-2022-jp", b'\x1b&@\x1b$B0!\x1b(B', "亜"),
        ("iso-2022-jp", b"\x1b$(D0!\x1b(B", "丂"),
        ("iso-2022-jp-2", b"\x1b$AVPND\x1b$(CGQ1[\x1b(Bcaf\x1b.A\x1bNi", "中文한글café"),
        ("iso-2022-jp-2004", "𠂉①".encode("iso2022_jp_2004"), "𠂉①"),
        # RFC 1468: a line begins in ASCII, also where the last one forgot to end in it
        ("iso-2022-jp", b"\x1b$B0!\r\nplain \x1b$B0!\x1b(B", "亜\r\nplain 亜"),
        ("iso-2022-cn", b"\x1b$)A\x0eVPND\x0f abc", "中文 abc"),
        ("iso-2022-jp-2", b"caf\x1b.A\x1bNi, \x1bNir", "café, ér"),
        ("iso-2022-cn", b"\x1b$)G\x0etm|U\x0f \x1b$*H\x1bN!!", "繁體 乂"),
        ("x-euc-tw", b"\xf4\xed\xfc\xd5 \x8e\xa2\xa1\xa1\x8e\xa1\xfc\xd5", "繁體 乂體"),
        ("euc-jp", b"\xad\xa1\xf9\xdc\x8e\xb1", "①鄧ｱ"),
        ("shift_jis", b"\x87\x40\xfa\x58\xb1", "①㈱ｱ"),
        ("big5", b"\xa3\xe1\xf9\xd6\xc6\xe7\x88\x62", "€碁ぁÊ̄"),
        ("gb2312", "镕囍€".encode("gb18030"), "镕囍€"),
        ("gbk", b"\x80", "€"),
        ("euc-kr", b"\x8c\x63", "똠"),
        ("iso-8859-1", b"\x80\x93", "€“"),
        ("utf-16", b"\0h\0i", "hi"),
        ("utf-16", b"h\0i\0", "hi"),
        ("utf-16", b"\xfe\xff\x4e\x2d", "中"),
        ("ucs-4", "hi中".encode("utf_32_be"), "hi中"),
        ("windows-1252", codecs.BOM_UTF8 + "é中".encode(), "\ufeffé中"),
        ("utf-8", "é".encode() + b"\xff\xff", "é" + BAD * 2),
        ("us-ascii", "naïve".encode("cp1252"), "naïve"),
    ],
)  # fmt: skip
def test_read(charset: str, octets: bytes, text: str) -> None:
    if charset == "euc-jp":
        text = endec.decode(octets, "euc-jp")
        assert text.startswith("①")
        assert text.endswith("ｱ")
    assert charsets.decode(octets, charset) == text


# Where it stands: between two halves of a text that can be read on both sides of it
@pytest.mark.parametrize(
    ("name", "bad"),
    [(name, b"\xff") for name in NAMES if name not in ("utf-16le", "utf-16be")]
    + [("utf-16le", b"\0\xd8"), ("utf-16be", b"\xd8\0"), ("utf-8", b"\xc3"), ("gbk", b"\x81 ")],
)  # fmt: skip
def test_one_bad_octet_spoils_no_more_than_itself(name: str, bad: bytes) -> None:
    text, octets = sample(name)
    got = charsets.decode(octets + bad + octets, name)
    assert got.startswith(text)
    assert got.endswith(text)
    assert len(got) <= 2 * len(text) + 2


def test_a_stateful_charset_is_not_guessed_to_be_utf8() -> None:
    octets = b"\x1b$B-!\x1b(B " + "é".encode()
    assert charsets.decode(octets, "iso-2022-jp") == "① " + BAD * 2
    assert charsets.decode("~{VPND~} é".encode(), "hz") == "中文 " + BAD * 2


def test_what_is_whole_utf8_is_read_so_where_the_declared_charset_has_no_such_octets() -> (
    None
):
    assert charsets.decode("日本語".encode(), "euc-kr") == "日本語"


@pytest.mark.parametrize("name", sorted({*NAMES, "utf_7", "utf_32_le", "johab"}))
def test_nothing_is_cut_in_the_middle(name: str) -> None:
    text, octets = sample(name)
    for end in range(len(octets) + 1):
        begun = charsets.decode(octets[:end], name, cut=True)
        assert BAD not in begun
        assert text.startswith(begun), octets[:end]


def test_the_beginning_of_undeclared_utf8_is_utf8() -> None:
    assert charsets.decode("aé".encode()[:-1], cut=True) == "a"


@settings(deadline=None, max_examples=500)
@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [b"\x1b$B", b"\x1b(B", b"\x1b$", b"\x1b", b"\x0e", b"\x0f", b"~{", b"~}", b"~",
             b"\x1bN", b"\x1b$)C", b"\x1b$(D", b"\x1b$(P", b"+", b"-", b"\n", b"0!", b"\xff", b"a"]
        )
    ).map(b"".join),
    st.sampled_from([*NAMES, "utf_7", "utf_32", "johab", "iso-2022-cn", "euc-tw", "cp037", "nope", ""]),
    st.booleans(),
)  # fmt: skip
def test_no_octets_raise(octets: bytes, name: str, cut: bool) -> None:
    charsets.storable(charsets.decode(octets, name, cut=cut)).encode()


@pytest.mark.parametrize(
    "piece",
    [
        b"\x1b$(DA",
        b"\x1b",
        b"\x0e!",
        b"~{",
        b"\x1bN",
        b"\xff",
        b"+2AA-",
        b"\n",
        b"\x1b$B0!\n",
    ],
)
@pytest.mark.parametrize(
    "name", ["iso-2022-jp", "iso-2022-kr", "hz", "utf_7", "gbk", "euc-tw"]
)
def test_time_is_linear(name: str, piece: bytes) -> None:
    charsets.decode(piece * 10, name)
    began = time.process_time()
    charsets.decode(piece * (1_000_000 // len(piece)), name)
    assert time.process_time() - began < 5
