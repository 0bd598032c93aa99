"""The part tree, its offsets, its limits and its defects."""

from __future__ import annotations

import base64

import pytest

from mailsink.mime import structure
from mailsink.mime.structure import Part, parse

HEAD = (
    b"From: a@example.com\r\nDate: Sun, 22 Nov 2026 23:00:00 +0100\r\n"
    b"MIME-Version: 1.0\r\n"
)


def mixed(body: bytes, kind: bytes = b"multipart/mixed; boundary=b") -> bytes:
    return HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body


def bodies(octets: bytes) -> list[tuple[str, bytes]]:
    parts = parse(octets).parts
    return [(part.number, octets[part.body_start : part.body_end]) for part in parts]


def only(octets: bytes) -> Part:
    (part,) = parse(octets).parts
    return part


def test_tree_numbers_and_bodies() -> None:
    octets = mixed(
        b"preamble\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
        b"--c\r\n\r\none\r\n--c\r\nContent-Type: text/html\r\n\r\ntwo\r\n--c--\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nthree\r\n"
        b"--b--\r\nepilogue\r\n"
    )
    parts = parse(octets).parts
    assert [(part.number, part.content_type, part.depth) for part in parts] == [
        ("1", "multipart/mixed", 0),
        ("1.1", "multipart/alternative", 1),
        ("1.1.1", "text/plain", 2),
        ("1.1.2", "text/html", 2),
        ("1.2", "message/rfc822", 1),
        ("1.2.1", "text/plain", 2),
    ]
    assert [part.index for part in parts] == list(range(6))
    found = dict(bodies(octets))
    assert (found["1.1.1"], found["1.1.2"], found["1.2.1"]) == (
        b"one",
        b"two",
        b"three",
    )
    assert found["1"].endswith(b"epilogue\r\n")
    assert octets[parts[3].header_start :].startswith(b"Content-Type: text/html")
    assert parse(octets).defects == ()


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_any_line_end_will_do(end: bytes) -> None:
    octets = mixed(b"--b\r\n\r\none\r\n--b \t\r\n\r\ntwo\r\n--b--\r\n")
    found = bodies(octets.replace(b"\r\n", end))
    assert [body for _, body in found[1:]] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"--b\r\n--b\r\n\r\n--b--", [b"", b""]),
        (b"--b\r\n\r\nx", [b"x"]),
        (b"--bb\r\n--b\r\n\r\nx\r\n--b-\r\n--b--x\r\n--b--", [b"x\r\n--b-\r\n--b--x"]),
        (b"--b\r\nA: b\r\n--b\r\n\r\nx\r\n--b--", [b"", b"x"]),
        (b"--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny", [b"x"]),
        (b"x --b\r\n--b--", []),
    ],
)
def test_delimiters(body: bytes, expected: list[bytes]) -> None:
    assert [found for _, found in bodies(mixed(body))[1:]] == expected


def test_a_delimiter_with_a_colon_is_no_field() -> None:
    octets = mixed(
        b"--a:b\r\nX: y\r\n--a:b\r\n\r\nx\r\n--a:b--",
        b'multipart/mixed; boundary="a:b"',
    )
    assert [body for _, body in bodies(octets)[1:]] == [b"", b"x"]
    assert [field.name for field in parse(octets).parts[1].fields] == ["X"]


def test_an_outer_delimiter_ends_the_inner_parts() -> None:
    octets = mixed(
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n"
        b"--b\r\n\r\ny\r\n--b--"
    )
    assert bodies(octets)[2:] == [("1.1.1", b"x"), ("1.2", b"y")]
    assert parse(octets).defects == ("Part 1.1: The closing boundary is missing",)


def test_one_boundary_on_two_levels_belongs_to_the_inner() -> None:
    octets = mixed(
        b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
        b"--b--\r\n--b\r\n\r\ny\r\n--b--"
    )
    assert bodies(octets)[2:] == [("1.1.1", b"x"), ("1.2", b"y")]


def test_a_digest_holds_messages() -> None:
    octets = mixed(
        b"--b\r\n\r\nSubject: s\r\n\r\nx\r\n--b--", b"multipart/digest; boundary=b"
    )
    assert [part.content_type for part in parse(octets).parts[1:]] == [
        "message/rfc822",
        "text/plain",
    ]


@pytest.mark.parametrize(
    ("fields", "filename"),
    [
        (b'Content-Disposition: attachment; filename="a.pdf"', "a.pdf"),
        (b"Content-Type: text/plain; name=a.txt", "a.txt"),
        (b"Content-Disposition: a; filename*=utf-8''caf%C3%A9.txt", "café.txt"),
        (b"Content-Disposition: a; filename*=iso-8859-1'en'%A3; filename=x", "£"),
        (b"Content-Disposition: a; filename*1=c; filename*0*=utf-8''a%20b", "a bc"),
        (b'Content-Disposition: a; filename="=?utf-8?b?w6k=?=.txt"', "é.txt"),
        (b'Content-Disposition: a; filename="../../etc/passwd"', "passwd"),
        (b'Content-Disposition: a; filename="C:\\\\x\\\\y.exe"', "y.exe"),
        (b"Content-Disposition: a; filename=..", ""),
        (b"Content-Disposition: a; filename=a/..", ""),
        ("Content-Disposition: a; filename=\u202egpj.exe".encode(), "gpj.exe"),
        (b"Content-Disposition: a; filename=a\0b", "a\ufffdb"),
        (b"Content-Disposition: a; filename=" + b"x" * 999, "x" * 255),
        (b'Content-Disposition: a; filename="a;b', "a;b"),
        (b"Content-Disposition: a; filename*999999999999=x", ""),
    ],
)
def test_filename(fields: bytes, filename: str) -> None:
    assert only(HEAD + fields + b"\r\n\r\n").filename == filename


def test_what_a_header_says_of_its_part() -> None:
    part = only(
        HEAD + b'CONTENT-TYPE: TEXT/HTML (c) ; CharSet="UTF-8" ; a=b (c)\r\n'
        b"Content-Transfer-Encoding: Base64 (c)\r\nContent-ID: <x@y>\r\n"
        b"Content-Disposition: INLINE\r\n\r\nPGI+"
    )
    assert (part.content_type, part.charset, part.encoding) == (
        "text/html", "utf-8", "base64",
    )  # fmt: skip
    assert (part.content_id, part.disposition, part.size) == ("x@y", "inline", 4)
    assert part.parameters == {"charset": "UTF-8", "a": "b"}


@pytest.mark.parametrize(
    ("octets", "defect"),
    [
        (b"", "The message is empty"),
        (b"Hello there\r\n", "There are no header fields"),
        (b"From: a@b\r\n\r\n", "There is no Date field (RFC 5322 §3.6)"),
        (b"Date: x\r\n\r\n", "There is no From field (RFC 5322 §3.6)"),
        (b"Date: x\r\n\r\n", 'The Date "x" is not a date (RFC 5322 §3.3)'),
        (b"From: <\r\n\r\n", 'The From "<" contains no address'),
        (HEAD + HEAD, "There are 2 From fields"),
        (HEAD + b"\r\n\0", "It contains NUL bytes"),
        (HEAD + b"\r\n\n", "It contains bare LF: lines must end in CRLF (RFC 5322 §2.3)"),
        (HEAD + b"\r\n\rx", "It contains bare CR: lines must end in CRLF (RFC 5322 §2.3)"),
        (HEAD + b"\r\n" + b"x" * 999 + b"\r\n", "A line is longer than 998 bytes (RFC 5322 §2.1.1)"),
        (b"Content-Type: text/plain\r\n\r\n", "There is no MIME-Version field (RFC 2045 §4)"),
        (HEAD + b"To: " + b"a@b," * 2000, "To has 1000 addresses or more; only the first 1000 are read"),
        (HEAD + b"X: \xff\r\n\r\n", "The X field contains 8-bit bytes that are not UTF-8"),
        (HEAD + b"X: \xc3\xa9\r\n\r\n", "The X field contains unencoded UTF-8, which is allowed only with SMTPUTF8 (RFC 6532)"),
        (HEAD + b"Content-Type: nope\r\n\r\n", 'The Content-Type "nope" is not a type/subtype'),
        (HEAD + b"Content-Type: text/plain charset=utf-8\r\n\r\n", "The Content-Type has no semicolon before its parameters (RFC 2045 §5.1)"),
        (HEAD + b"Content-Type: text/plain; charset=nope\r\n\r\n", 'The charset "nope" is not known'),
        (HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xff", "The text is declared to be in utf-8, but is not"),
        (HEAD + b"Content-Transfer-Encoding: nope\r\n\r\n", 'The Content-Transfer-Encoding "nope" is not known'),
        (HEAD + b'Content-Transfer-Encoding: "7bit"\r\n\r\n', "The Content-Transfer-Encoding is quoted (RFC 2045 §6.1)"),
        (HEAD + b"\r\n\xff", "It is declared as 7bit but contains 8-bit bytes"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n!!!", "The base64 contains characters outside its alphabet"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nYWI", "The base64 is cut off or not padded"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nYQ==YQ==", "The base64 continues after its padding"),
        (mixed(b"", b"multipart/mixed"), "multipart/mixed has no boundary parameter"),
        (mixed(b"text\r\n"), "The boundary never appears"),
        (mixed(b"--b--"), "The multipart/mixed is empty: no part of it has a body"),
        (mixed(b"--b\r\n\r\n--b--"), "The multipart/mixed is empty: no part of it has a body"),
        (mixed(b"--b\r\n\r\nx\r\n--b\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\n\r\n \r\n--r--\r\n--b--"),
         "Part 1.2: The multipart/related is empty: no part of it has a body"),
        (mixed(b"--b\r\n\r\nx"), "The closing boundary is missing"),
        (mixed(b"", b"multipart/mixed; boundary=" + b"b" * 1001), "The boundary is over 1000 bytes"),
    ],
)  # fmt: skip
def test_defects(octets: bytes, defect: str) -> None:
    assert defect in parse(octets).defects


def test_a_line_of_998_octets_is_no_defect() -> None:
    lines = b"".join(b"x" * length + b"\r\n" for length in (998, 1, 998, 0, 500, 998))
    assert parse(HEAD + b"\r\n" + lines).defects == ()


def test_depth_is_bounded() -> None:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (n, n)
        for n in range(1000)
    )
    found = parse(HEAD + opening)
    assert max(part.depth for part in found.parts) == structure.MAX_DEPTH
    assert (
        "Parts are nested more than 100 levels deep; deeper parts are not split"
        in found.defects
    )


def test_parts_are_bounded_and_the_rest_belongs_to_the_last() -> None:
    octets = mixed(b"--b\r\n\r\nx\r\n" * 200_000)
    found = parse(octets)
    assert len(found.parts) == structure.MAX_PARTS
    assert found.parts[-1].body_end == len(octets)
    assert (
        "There are more than 10000 parts; the rest belongs to the last one"
        in found.defects
    )


def test_defects_are_bounded() -> None:
    found = parse(mixed(b"--b\r\nContent-Type: x\r\n\r\n" * 500))
    assert len(found.defects) == 101
    assert found.defects[-1] == "There are more defects"


INNER = (
    b"From: Eve <eve@b.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Mon, 6 Jul 2026 10:00:00 +0000\r\n"
    b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\ninside\r\n--i\r\n"
    b"Content-Type: text/csv; name=t.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nMSwy\r\n--i--\r\n"
)  # fmt: skip
RFC822 = b"Content-Type: message/rfc822\r\n"
EML = b"Content-Type: application/octet-stream; name=Old.EML\r\n"


def enclosed(head: bytes, encoding: bytes, body: bytes) -> bytes:
    field = b"Content-Transfer-Encoding: %s\r\n\r\n" % encoding if encoding else b"\r\n"
    part = b"--b\r\n" + head + field + body
    return mixed(part + b"\r\n--b\r\n\r\nafter\r\n--b--\r\n")


@pytest.mark.parametrize(
    "octets",
    [
        enclosed(RFC822, b"base64", base64.encodebytes(INNER)),
        enclosed(RFC822, b"quoted-printable", INNER.replace(b"=", b"=3D")),
        enclosed(RFC822, b"", INNER),
        enclosed(RFC822.replace(b"rfc822", b"global"), b"BASE64", base64.encodebytes(INNER)),
        enclosed(EML, b"base64", base64.encodebytes(INNER)),
        enclosed(EML, b"", INNER),
        enclosed(EML, b"quoted-printable", INNER.replace(b"=", b"=3D")),
    ],
)  # fmt: skip
def test_an_enclosed_message_is_taken_apart_however_it_was_sent(octets: bytes) -> None:
    found = parse(octets).parts
    assert [(part.number, part.content_type) for part in found[2:]] == [
        ("1.1.1", "multipart/mixed"),
        ("1.1.1.1", "text/plain"),
        ("1.1.1.2", "text/csv"),
        ("1.2", "text/plain"),
    ]
    assert [part.index for part in found] == list(range(6))
    assert found[1].encloses
    assert not found[2].encloses
    assert found[2].parent is found[1]
    assert found[2].fields[1].value == "Grüße"
    assert [found[n].body(octets) for n in (3, 4, 5)] == [b"inside", b"MSwy", b"after"]
    assert found[4].filename == "t.csv"


def test_what_is_wrong_in_an_encoded_message_is_told_of_its_part() -> None:
    octets = enclosed(RFC822, b"base64", base64.encodebytes(INNER[:-9]))
    assert {
        "Part 1.1: An enclosed message may not be encoded in base64 (RFC 2046 §5.2.1)",
        "Part 1.1.1: The closing boundary is missing",
    } <= set(parse(octets).defects)


@pytest.mark.parametrize(
    "octets",
    [
        enclosed(EML, b"base64", base64.encodebytes(b"no message at all")),
        enclosed(b"Content-Type: application/pdf; name=a.eml\r\n", b"", INNER),
        enclosed(b"Content-Type: application/octet-stream; name=a.dat\r\n", b"", INNER),
    ],
)
def test_what_is_no_message_is_not_taken_apart(octets: bytes) -> None:
    assert [part.number for part in parse(octets).parts] == ["1", "1.1", "1.2"]


def test_encoded_messages_within_one_another_are_bounded() -> None:
    octets = INNER
    for _ in range(30):
        octets = HEAD + RFC822 + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(octets)  # fmt: skip
    assert len(parse(octets).parts) == structure.MAX_ENCODED_DEPTH + 1


def test_an_encoded_message_that_is_too_large_stays_whole() -> None:
    octets = enclosed(RFC822, b"base64", b"QTogYg0K" * (9 * 1024 * 1024))
    found = parse(octets)
    assert [part.number for part in found.parts] == ["1", "1.1", "1.2"]
    defect = "Part 1.1: The enclosed message is too large to be split into parts"
    assert defect in found.defects
