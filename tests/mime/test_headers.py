"""The header block: fields, addresses, dates, encoded words and the summary."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from mailsink.mime import headers
from mailsink.mime.headers import Address, Summary, addresses


def test_summary_of_a_usual_mail() -> None:
    mail = (
        b"Received: from a\r\n by b; Sun, 22 Nov 2026 23:00:00 +0100\r\n"
        b'From: "Ann Example" <ann@example.com>\r\n'
        b"To: Bob <bob@example.org>,\r\n\tcarol@example.net\r\n"
        b"CC: dave@example.com\r\nSubject: Hello\r\n there\r\n"
        b"Date: Sun, 22 Nov 2026 23:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n"
        b"\r\nSubject: not this\r\n"
    )
    assert headers.summary(mail) == Summary(
        "Ann Example",
        "ann@example.com",
        [
            {"name": "Bob", "address": "bob@example.org"},
            {"name": "", "address": "carol@example.net"},
        ],
        [{"name": "", "address": "dave@example.com"}],
        "Hello there",
        "1@example.com",
        datetime(2026, 11, 22, 22, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("mail", "subject"),
    [
        (b"", ""),
        (b"\r\nSubject: body\r\n", ""),
        (b"Subject: a", "a"),
        (b"Subject: a\n\nSubject: b\n", "a"),
        (b"Subject: a\r\rx", "a"),
        (b"Subject: a\r\r\n\r\r\nSubject: b", "a"),
        (b"Subject: a\r\nSubject: b\r\n\r\n", "a"),
        (b"From x Sun Nov\r\nSubject: a\r\n\r\n", "a"),
        (b"Subject : a\r\n\r\n", "a"),
        (b"no field\r\nSubject: a\r\n\r\n", ""),
        (b"Subject: caf\xc3\xa9\r\n\r\n", "café"),
        (b"Subject: caf\xe9\r\n\r\n", "café"),
        (b"Subject: a\0b\r\n\r\n", "a\ufffdb"),
        (b"Subject: a\tb\r\n\r\n", "a b"),
        (b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\n", "café"),
        (b"Subject: =?utf-8?q?a=00=0A?=\r\n\r\n", "a\ufffd\ufffd"),
        (b"A: " + b"x" * 65536 + b"\r\nSubject: too far\r\n\r\n", ""),
    ],
)
def test_subject(mail: bytes, subject: str) -> None:
    assert headers.summary(mail).subject == subject


def test_to_and_cc_add_up_and_the_first_of_the_others_counts() -> None:
    mail = b"To: a@b\r\nTo: c@d\r\nCc: e@f\r\nFrom: g@h\r\nFrom: i@j\r\n\r\n"
    summary = headers.summary(mail)
    assert [each["address"] for each in summary.to] == ["a@b", "c@d"]
    assert summary.from_address == "g@h"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 5322 appendix A
        ("John Doe <jdoe@machine.example>", [("John Doe", "jdoe@machine.example")]),
        ('"Joe Q. Public" <j@x.y>', [("Joe Q. Public", "j@x.y")]),
        ("Mary <m@x.test>, j@e.org, Who? <o@y.test>",
         [("Mary", "m@x.test"), ("", "j@e.org"), ("Who?", "o@y.test")]),
        ('"Giant; \\"Big\\" Box" <s@e.net>', [('Giant; "Big" Box', "s@e.net")]),
        ("A Group:Ed <e@d.e>,joe@w.o,John <j@o.t>;",
         [("Ed", "e@d.e"), ("", "joe@w.o"), ("John", "j@o.t")]),
        ("Undisclosed recipients:;", []),
        ("<@a.example,@b.example:c@d.example>", [("", "c@d.example")]),
        ("a@b (Ann (the first) Example)", [("Ann (the first) Example", "a@b")]),
        ('"a b"@c.d', [("", '"a b"@c.d')]),
        # as clients would
        ("<", []),
        ("a@[", [("", "a@[")]),
        (",;,", []),
        ("", []),
        ("root", [("", "root")]),
        ("John Doe", [("John Doe", "")]),
        ("Ann a@b", [("Ann", "a@b")]),
        ("Ann <a@b", [("Ann", "a@b")]),
        ("Doe, Ann <a@b>", [("", "Doe"), ("Ann", "a@b")]),
        ("a@b; c@d", [("", "a@b"), ("", "c@d")]),
        ("=?utf-8?q?x=40y=2C?= <c@d>", [("x@y,", "c@d")]),
        ('"=?utf-8?q?caf=C3=A9?=" <c@d>', [("café", "c@d")]),
        ("\ud800 <a@b>", [("\ufffd", "a@b")]),
    ],
)  # fmt: skip
def test_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    assert addresses(value) == [Address(*each) for each in expected]


@pytest.mark.parametrize("separator", [",", ", (c) "])
def test_addresses_are_bounded(separator: str) -> None:
    value = separator.join(f"a{n}@b" for n in range(100_000))
    assert len(addresses(value)) == headers.MAX_ADDRESSES


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"=?ISO-8859-1?Q?a?= b", "a b"),  # RFC 2047 §8
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a_b?=", "a b"),
        (b"=?US-ASCII*EN?Q?Keith?=", "Keith"),  # RFC 2231 §5
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?utf-8?b?w6k?=", "é"),
        (b"=?utf-8?b?!!!?=x", "x"),
        (b"=?utf-8?b?w6k=IHRvbw==?=", "é too"),  # two texts put together
        (b"=?utf-8?q?what?_is_it??=", "what? is it?"),
        (b"=?nope?q?caf=C3=A9?=", "café"),
        (b"=?punycode?q?abc?=", "abc"),
        (b"=?utf-8?x?y?=", "=?utf-8?x?y?="),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
        (b"=?utf-7?q?+2AA-?=", "\ufffd"),
    ],
)
def test_encoded_words(body: bytes, value: str) -> None:
    fields, _ = headers.split(b"Subject: " + body + b"\r\n\r\n")
    assert fields[0].value == value


def test_split_keeps_names_bodies_and_the_offset() -> None:
    mail = b"A:  b\r\n\tc\r\nX-\xff: \x1b\\\r\n\r\nbody"
    fields, offset = headers.split(mail)
    assert [(each.name, each.raw) for each in fields] == [
        ("A", "b\\x09c"),
        ("X-\\xff", "\\x1b\\\\"),
    ]
    assert fields[0].value == "b c"
    assert mail[offset:] == b"body"


def test_a_line_that_is_no_field_ends_the_header() -> None:
    block = headers.scan(b"A: b\r\nbad line\r\nC: d\r\n\r\nbody")
    assert [each.name for each in block.fields] == ["A"]
    assert block.defect == 'The header ends without an empty line, before "bad line"'
    assert block.body == 6


@pytest.mark.parametrize(
    "header", [b"A: b\r\n" * 5000, b"A: " + b"b" * 400_000 + b"\r\n"]
)
def test_a_header_too_long_is_skipped_up_to_the_body(header: bytes) -> None:
    mail = header + b"\r\nbody"
    block = headers.scan(mail)
    assert len(block.fields) <= headers.MAX_FIELDS
    assert block.defect.startswith("The header is longer than 262144 bytes or 2000")
    assert mail[block.body :] == b"body"


def test_the_quick_way_and_the_thorough_way_agree() -> None:
    """A bare LF at the end of the header alone makes the summary take the long way."""
    mail = (
        b"Subject: a\r\n\tb\r\nFrom: x <a@b>\r\nsubject: c\r\nX-To: no@no\r\n"
        b"To: c@d\r\nDATE: 1 Jan 2026 00:00:00 +0000\r\nMessage-Id: <m>\r\n"
    )
    quick, thorough = headers.summary(mail + b"\r\n"), headers.summary(mail + b"\n")
    assert re.search("a  ?b", quick.subject)
    assert quick == thorough
    assert quick.message_id == "m"


def declaring(charset: str, subject: bytes, multipart: bool = False) -> bytes:
    kind = b'Content-Type: text/plain;\r\n\tCharSet = "%s"\r\n\r\nx' % charset.encode()
    if multipart:
        kind = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + kind
    return b"From: a@b\r\nSubject: " + subject + b"\r\n" + kind


@pytest.mark.parametrize("multipart", [False, True])
@pytest.mark.parametrize(
    ("charset", "octets", "value"),
    [
        ("gb2312", "您的订单".encode("gbk"), "您的订单"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("x-sjis", "表示①".encode("cp932"), "表示①"),
        ("windows-1251", "Привет".encode(), "Привет"),  # UTF-8 comes first
        ("windows-1251", "Привет".encode("cp1251"), "Привет"),
        ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
        ("us-ascii", "Grüße".encode("cp1252"), "Grüße"),
        ("nope", "Grüße".encode("cp1252"), "Grüße"),
        ("iso-2022-jp", b"\x1b$B-!L\\\x1b(B ok", "①目 ok"),
        ("utf-8", b"\x1b$B-!L\\\x1b(B ok", "①目 ok"),
        ("iso-2022-kr", "Grüße".encode("cp1252"), "Grüße"),
        ("gbk", "您".encode("gbk") + b"\r\n " + "的".encode("gbk"), "您 的"),
        ("windows-1251", "Grüße é".encode()[:-1], "Grüße \ufffd"),  # UTF-8, cut off
        # within an encoded word its own charset counts
        ("gbk", "=?iso-8859-1?Q?Grüße_=DF?= x".encode("latin-1"), "Grüße ß x"),
        ("gbk", "=?koi8-r?q?Привет?=".encode("koi8-r"), "Привет"),
        ("gbk", "=?utf-8?Q?Grüße?=".encode(), "Grüße"),
    ],
)  # fmt: skip
def test_octets_that_were_not_encoded(
    charset: str, octets: bytes, value: str, multipart: bool
) -> None:
    mail = declaring(charset, octets, multipart)
    fields, _ = headers.split(mail)
    assert fields[1].value == value
    assert headers.summary(mail).subject == value


def test_a_name_that_was_not_encoded_is_read_as_the_body_is() -> None:
    mail = declaring("gbk", b's\r\nTo: "' + "张@三".encode("gbk") + b'" <a@b.example>')
    assert headers.summary(mail).to == [{"name": "张@三", "address": "a@b.example"}]


def test_looking_for_the_declared_charset_takes_linear_time() -> None:
    for piece in (
        b"content-type:\r\n ",
        b"Content-Type: ;charset",
        b"content-type:;" + b" " * 900,
    ):
        began = time.process_time()
        headers.declared_charset(piece * (65536 // len(piece)))
        assert time.process_time() - began < 1
