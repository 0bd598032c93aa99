"""Hostile messages: what a sink must store byte for byte, and show without stumbling.

corpus() makes the same messages each time. Octets may be anything, so a sender
by SMTP has to stuff dots and to end the last line.
"""

from __future__ import annotations

import base64
import random
import zlib
from collections.abc import Iterator

Named = tuple[str, bytes]

HEAD = (
    b"From: Ann <ann@example.com>\r\nTo: bob@example.org\r\nSubject: hostile\r\n"
    b"Date: Sun, 22 Nov 2026 23:00:00 +0100\r\nMessage-ID: <h@example.com>\r\n"
    b"MIME-Version: 1.0\r\n"
)
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
BODY = b"\r\nHello\r\n"


def corpus() -> list[Named]:
    """Return the hostile messages with their names, all of them distinct."""
    groups = (
        _bare, _lines, _fields, _addresses, _dates, _words, _charsets, _parameters,
        _boundaries, _multiparts, _floods, _encodings, _enclosed, _html, _noise,
    )  # fmt: skip
    return [
        (f"{group.__name__.strip('_')}: {name}", octets)
        for group in groups
        for name, octets in group()
    ]


def _bare() -> Iterator[Named]:
    yield "empty", b""
    yield "one CRLF", b"\r\n"
    yield "one LF", b"\n"
    yield "one CR", b"\r"
    yield "one NUL", b"\0"
    yield "one dot", b"."
    yield "one dot line", b".\r\n"
    yield "only dots", b".\r\n" * 1000
    yield "dot stuffing", HEAD + b"\r\n.\r\n..\r\n...\r\n.x\r\n"
    yield "one space", b" "
    yield "one colon", b":"
    yield "only colons", b":" * 5000
    yield "no header", b"Hello, this is no header.\r\nNor is this.\r\n"
    yield "no header, empty line first", b"\r\nSubject: in the body\r\n"
    yield "only a header", HEAD
    yield "no end of the last line", HEAD + b"\r\nno end"
    yield "header cut in a name", b"From: a@example.com\r\nSubj"
    yield "header cut in a fold", b"Subject: a\r\n "
    yield "first line folded", b" folded\r\nSubject: x\r\n\r\n"
    yield "mbox From", b"From ann Sun Nov 22 23:00:00 2026\r\n" + HEAD + BODY
    yield "quoted mbox From", b">From ann Sun Nov 22\r\n" + HEAD + BODY
    yield "UTF-8 mark first", b"\xef\xbb\xbf" + HEAD + BODY
    yield "UTF-16", (HEAD + BODY).decode().encode("utf-16")
    yield "EBCDIC", (HEAD + BODY).decode().encode("cp037")
    yield "every octet", HEAD + b"\r\n" + bytes(range(256))
    yield "every octet, no header", bytes(range(256)) * 4
    yield "gzip", zlib.compress(HEAD * 10)
    yield "SMTP in the body", HEAD + b"\r\n\r\n.\r\r\nMAIL FROM:<x@y>\r\nQUIT\r\n"
    yield "HTTP", b"GET / HTTP/1.1\r\nHost: localhost:1025\r\n\r\n"
    yield "TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)


def _lines() -> Iterator[Named]:
    mail = HEAD + BODY + b"Line\r\nLine\r\n"
    yield "bare LF", mail.replace(b"\r\n", b"\n")
    yield "bare CR", mail.replace(b"\r\n", b"\r")
    yield "LF CR", mail.replace(b"\r\n", b"\n\r")
    yield "CR CR LF", mail.replace(b"\r\n", b"\r\r\n")
    yield (
        "mixed ends",
        HEAD.replace(b"\r\n", b"\n", 2).replace(b"\r\n", b"\r", 1) + BODY,
    )
    yield "smuggled dot LF", HEAD + b"\r\nx\n.\nMAIL FROM:<a@b>\n"
    yield "smuggled dot CR", HEAD + b"\r\nx\r.\rMAIL FROM:<a@b>\r"
    yield "smuggled LF dot CRLF", HEAD + b"\r\nx\n.\r\nMAIL FROM:<a@b>\r\n"
    yield "smuggled CRLF dot CR", HEAD + b"\r\nx\r\n.\rMAIL FROM:<a@b>\r\n"
    yield "only CR", b"\r" * 70_000
    yield "only LF", b"\n" * 70_000
    yield "LF after CR flood", HEAD + b"\r\n" + b"\r" * 50_000 + b"\n"
    yield "vertical tab and form feed", HEAD + b"X:\v\f\x1c\x1d\x1e\x85\r\n\r\n\v\f"
    yield "NEL and line separator", HEAD + b"X: \xc2\x85\xe2\x80\xa8y\r\n\r\nx"
    yield "NUL in the header", b"Sub\0ject: x\0y\r\n\0: z\r\n" + HEAD + BODY
    yield "NUL in the body", HEAD + b"\r\na\0b\0\r\n\0"
    yield "NULs", HEAD + b"\r\n" + b"\0" * 100_000
    yield "controls", HEAD + b"X: " + bytes(range(1, 9)) + b"\x1b[31m\x7f" + BODY
    yield "endless line", HEAD + b"\r\n" + b"x" * 10_000_000
    yield "endless field", b"Subject: " + b"x" * 3_000_000 + b"\r\n" + HEAD + BODY
    yield "endless name", b"x" * 1_000_000 + b": y\r\n" + BODY
    yield "endless fold", b"Subject: a\r\n" + b" b\r\n" * 100_000 + HEAD + BODY
    yield "folds of white space", b"Subject: a\r\n" + b" \r\n" * 5000 + HEAD + BODY
    yield "white space", HEAD + b"X:" + b" \t" * 100_000 + BODY
    yield "lines of 998", HEAD + b"\r\n" + (b"x" * 998 + b"\r\n") * 20
    yield "lines of 999", HEAD + b"\r\n" + (b"x" * 999 + b"\r\n") * 20
    yield "many short lines", HEAD + b"\r\n" + b"x\r\n" * 200_000


def _fields() -> Iterator[Named]:
    yield "bomb of fields", b"A: b\r\n" * 100_000 + HEAD + BODY
    yield "bomb of names", b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + BODY
    yield "bomb of Received", b"Received: from a by b\r\n" * 10_000 + HEAD + BODY
    yield "empty bodies", b"From:\r\nTo:\r\nSubject:\r\nDate:\r\nMessage-ID:\r\n\r\n"
    yield "empty names", b": a\r\n: b\r\n" + HEAD + BODY
    yield "space before colon", b"Subject : a\r\nFrom\t: b@c\r\n\r\n"
    yield "everything twice", HEAD + HEAD + BODY
    yield "thousand subjects", b"Subject: s\r\n" * 1000 + BODY
    yield "a line in between", HEAD + b"this is no field\r\nX: y\r\n" + BODY
    yield "8-bit latin", b"Subject: caf\xe9 \xdf\r\nFrom: J\xfcrg <j@x>\r\n" + BODY
    yield "8-bit UTF-8", "Subject: żółw 🐢\r\nFrom: Żółw <ż@ł.pl>\r\n\r\n".encode()
    yield "8-bit name", b"Subj\xe9ct: x\r\n\xff\xfe: y\r\n" + HEAD + BODY
    yield "broken UTF-8", b"Subject: \xc3\x28 \xe2\x82 \xf0\x9f \xff\r\n" + BODY
    yield "overlong UTF-8", b"Subject: \xc0\xaf \xe0\x80\xaf\r\n" + BODY
    yield "lone surrogates", b"Subject: \xed\xa0\x80 \xed\xbf\xbf\r\n" + BODY
    yield "surrogates everywhere", b"\xed\xa0\x80: \xed\xa0\x80\r\n\r\n\xed\xa0\x80"
    yield "beyond Unicode", b"Subject: \xf4\x90\x80\x80 \xf7\xbf\xbf\xbf\r\n" + BODY
    yield "noncharacters", "Subject: \uffff\ufffe\U0010ffff\r\n\r\n\uffff".encode()
    yield "turned text", "Subject: \u202egnp.exe\u2066\u200f\r\n\r\n\u202e".encode()
    yield "zalgo", ("Subject: a" + "\u0335" * 5000 + "\r\n\r\nx").encode()
    yield (
        "tags",
        b"Subject: <script>alert(1)</script><img src=x onerror=alert(1)>\r\n\r\n",
    )
    yield "template", b"Subject: {{7*7}}{% debug %} ${7*7} %s %n\r\n\r\n{{7*7}}"
    yield "SQL", b"Subject: '; DROP TABLE inbox_message; --\r\n\r\n'"
    yield "Message-ID <", b"Message-ID: <\r\n" + BODY
    yield "Message-ID odd", b"Message-ID: <<a@b>> <c@d>\r\nContent-ID: >\r\n" + BODY
    yield "backslashes", b"Subject: \\x00 \\n \\\\ \\u0000 \\ud800\r\n" + BODY


def _addresses() -> Iterator[Named]:
    for number, value in enumerate(
        (
            b"<", b">", b"<>", b"<<>>", b"a@[", b"a@[127.0.0.1", b"@", b"@@@", b",",
            b",,,,;;;", b'"', b'"\\', b'"a', b"(", b")", b"(((", b"(\\", b":", b";",
            b"a:b:c:d;", b"group: a@b, c@d;", b"undisclosed-recipients:;", b"[", b"]",
            b"<@a,@b:c@d>", b"<@a,@b:c@d", b"Ann <ann", b"Ann ann@b>", b"a b c@d e",
            b'"a@b" <c@d>', b'"a" "b" <c@d> <e@f>', b"=?utf-8?q?a=40b=2C?= <c@d>",
            b"=?utf-8?b?PGFAYj4s?=", b"a@b\0c", b"\xed\xa0\x80@\xed\xa0\x80", b"\xff@\xfe",
            b"a" * 20_000 + b"@b", b"a@" + b"b." * 20_000, b"  ", b"a@b (c (d (e",
        )
    ):  # fmt: skip
        yield (
            f"{number}",
            b"From: " + value + b"\r\nTo: " + value + b"\r\nCc: " + value + BODY,
        )
    yield "100,000", b"To: " + b"a@example.org,\r\n " * 100_000 + b"z@b\r\n" + BODY
    yield "quotes", b"To: " + b'"' * 60_001 + BODY
    yield "escapes", b"To: " + b'\\"' * 30_000 + BODY
    yield "parentheses", b"To: " + b"(" * 60_000 + BODY
    yield "angles", b"To: " + b"<" * 60_000 + BODY
    yield "brackets", b"To: " + b"[" * 60_000 + BODY
    yield "groups", b"To: " + b"a:" * 30_000 + BODY
    yield "To, thousands of times", b"To: a@b\r\n" * 9000 + BODY


def _dates() -> Iterator[Named]:
    for value in (
        "", "x", "now", "0", "-1", "99999999999999999999", "Sun", "Sun,", "1 Jan",
        "0 Jan 2026 00:00:00 +0000", "32 Jan 2026 00:00:00 +0000",
        "29 Feb 2025 00:00:00 +0000", "1 Jan 0000 00:00:00 +0000",
        "1 Jan 0001 00:00:00 +2359", "31 Dec 9999 23:59:59 -2359",
        "1 Jan 99999 00:00:00 +0000", "1 Jan 26 24:61:61 +9999",
        "1 Jan 2026 00:00:60 Z", "1 Foo 2026 00:00:00 GMT",
        "1 Jan 2026 00:00:00 " + "+" * 1000, "\u0661 Jan 2026 00:00:00 +\u0660000",
        "(" * 1000, "2026-11-22T23:00:00Z", "Sun Nov 22 23:00:00 2026",
    ):  # fmt: skip
        yield f"{value[:40]!r}", f"Date: {value}\r\nFrom: a@b\r\n\r\nx".encode()
    yield "spaces", b"Date: 1" + b" " * 60_000 + b"Jan" + BODY


def _words() -> Iterator[Named]:
    for value in (
        "=?", "=?=", "=??=", "=?a?=", "=?a?b?=", "=?utf-8?q?", "=?utf-8?b?=?=",
        "=?utf-8?x?y?=", "=??q?a?=", "=?utf-8?q?=?=", "=?utf-8?q?=ZZ=A?=",
        "=?utf-8?b?!!!?=", "=?utf-8?b?Y?=", "=?utf-8?b?YQ=a=?=", "=?utf-8?b?YWI=YWI=?=",
        "=?utf-8?q?=00=0A=0D=1B?=", "=?utf-8?q?=ED=A0=80?=", "=?utf-7?q?+2AA-?=",
        "=?utf-16?b?2AA=?=", "=?utf-32?b?AAA=?=", "=?nope?q?=FF?=", "=?zlib?b?eJw=?=",
        "=?rot13?q?uryyb?=", "=?punycode?q?a-" + "b" * 2000 + "?=", "=?idna?q?xn--a?=",
        "=?unicode_escape?q?=5Cud800?=", "=?undefined?q?a?=", "=?hex?q?zz?=",
        "=?utf-8*en?q?a?=", "=?../../etc/passwd?q?a?=", "=?os?q?a?=", "=?a.b?q?c?=",
        "=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "=?utf-8?q?what?_is_it??=",
        "=?iso-2022-jp?b?GyRCGyRC?=", "=?hz?q?~{~{~?=",
        "=?utf-8?q?" + "=41" * 20_000 + "?=", "=?" + "a" * 5000 + "?q?b?=",
    ):  # fmt: skip
        octets = value.encode()
        yield (
            value[:32],
            b"Subject: " + octets + b"\r\nFrom: " + octets + b" <a@b>" + BODY,
        )
    yield "starts", b"Subject: " + b"=?a?q?" * 10_000 + BODY
    yield "ends", b"Subject: " + b"?=" * 30_000 + BODY
    yield "questions", b"Subject: =?a?q?" + b"?" * 60_000 + BODY
    yield "thousands", b"Subject: " + b"=?utf-8?q?a?=\r\n " * 20_000 + b"x" + BODY
    made_up = b"".join(b"=?x-%d?q?a?= " % n for n in range(4000))
    yield "made up charsets", b"Subject: " + made_up + BODY


def _charsets() -> Iterator[Named]:
    for name in (
        "", "x", "nope", "utf8", "utf-7", "utf-16", "utf-32", "utf-8-sig", "cp0",
        "rot13", "zlib", "bz2", "hex", "base64", "idna", "punycode", "undefined",
        "unicode_escape", "raw_unicode_escape", "../x", "a.b", "os", "\x00", "a" * 9000,
        "us-ascii", "iso-2022-jp", "iso-2022-kr", "hz", "gb18030", "big5", "shift_jis",
        "euc-jp", "koi8-r", "windows-1252", "x-user-defined", "binary", "ebcdic-cp-us",
    ):  # fmt: skip
        kind = f"Content-Type: text/plain; charset={name}\r\n\r\n".encode()
        text = b"\x1b$B\xff\xfe\x00\xd8~{+2AA-\\ud800 caf\xe9 \xe2\x82\xac \x80\x81\r\n"
        yield name[:24], HEAD + kind + text


def _parameters() -> Iterator[Named]:
    for number, value in enumerate(
        (
            b"", b";", b"text", b"/", b"text/", b"/plain", b"text/plain/x", b"text plain",
            b"a" * 5000 + b"/b", b"text/plain;", b"text/plain; =", b"text/plain; a",
            b"text/plain; charset", b"text/plain; charset=", b'text/plain; charset="',
            b'text/plain; charset="\\', b"text/plain; charset=a; charset=b",
            b"text/plain; charset*=x", b"text/plain; charset*='", b"text/plain; charset*=''",
            b"text/plain; charset*0*=utf-8'en'a%; charset*1=b",
            b"text/plain; name*999999999999999999999999=x", b"text/plain; name**=x",
            b"text/plain; name*-1=x", b"text/plain; name*1=b; name*0=a; name*0=z",
            b"text/plain; name*=nope'x'%ff%00", b"text/plain; name*=utf-8''%ED%A0%80",
            b"text/plain; name*=punycode''%61-b", b"text/plain; name=../../etc/passwd",
            b'text/plain; name="C:\\\\x\\\\a.exe"', b"text/plain; name=..", b"(a)text/plain",
            "text/plain; name=\u202egpj.exe".encode(), b"text/plain; name=a\0b",
            b"text/plain; name==?utf-8?q?=2F=2E=2E?=", b"text/plain" + b";a=b" * 20_000,
            b"text/plain; name=" + b"x" * 100_000, b"multipart/mixed" + b";" * 50_000,
            b"text/plain; " + b"".join(b"n*%d*=x; " % n for n in range(3000)),
            b'text/plain; name="' + b"\\" * 50_000, b"text/plain; a" + b" " * 50_000,
        )
    ):  # fmt: skip
        yield f"{number} type", HEAD + b"Content-Type: " + value + BODY
        if b"name" in value:
            disposition = value.replace(b"text/plain", b"attachment", 1)
            disposition = disposition.replace(b"name", b"filename")
            yield f"{number} file", HEAD + b"Content-Disposition: " + disposition + BODY


def _boundaries() -> Iterator[Named]:
    for name, boundary in {
        "empty": b"", "space": b" ", "ends in space": b"b ", "colon": b"a:b",
        "dashes": b"--", "many dashes": b"-" * 70, "quote": b"\\\"", "huge": b"b" * 5000,
        "very huge": b"b" * 200_000, "NUL": b"a\0b", "8-bit": b"\xe9", "UTF-8": "é".encode(),
        "encoded word": b"=?utf-8?q?b?=", "pattern": b".*(a+)+$[", "tab": b"a\tb",
    }.items():  # fmt: skip
        kind = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
        parts = b"--" + boundary + b"\r\n\r\none\r\n--" + boundary + b"--\r\n"
        yield name, HEAD + kind + parts
    yield (
        "none",
        HEAD + b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
    )
    yield "never there", MIXED + b"no parts here\r\n"
    yield "only closed", MIXED + b"--b--\r\n"
    yield "closed twice", MIXED + b"--b\r\n\r\nx\r\n--b--\r\n--b--\r\n--b\r\n\r\ny\r\n"
    yield "not closed", MIXED + b"--b\r\n\r\nx"
    yield "cut in the delimiter", MIXED + b"--b\r\n\r\nx\r\n--"
    yield "in a header", MIXED + b"--b\r\nContent-Type: text/plain\r\n--b\r\n\r\nx\r\n"
    yield "prefix", MIXED + b"--bb\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b-\r\n--b--x\r\n"
    yield "white space after", MIXED + b"--b \t \r\n\r\nx\r\n--b-- \r\n"
    yield "bare LF", MIXED + b"--b\n\nx\n--b--\n"
    yield "bare CR", MIXED + b"--b\r\rx\r--b--\r"
    yield (
        "used inside too",
        MIXED + b"--b\r\n" + MIXED + b"--b\r\n\r\nx\r\n--b--\r\n--b--\r\n",
    )
    yield "inner ends in --", MIXED + (
        b'--b\r\nContent-Type: multipart/mixed; boundary="b--"\r\n\r\n--b--\r\n\r\nx\r\n--b----\r\n'
    )  # fmt: skip
    yield (
        "two in one field",
        HEAD
        + (
            b"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nx\r\n--b--\r\n"
        ),
    )


def _multiparts() -> Iterator[Named]:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    yield (
        "encoded",
        HEAD
        + (
            b"Content-Type: multipart/mixed; boundary=b\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + part + b"--b--\r\n"
        ),
    )
    yield "empty parts", MIXED + b"--b\r\n" * 50 + b"--b--\r\n"
    yield (
        "preamble and epilogue",
        MIXED + b"pre\r\n" * 99 + part + b"--b--\r\n" + b"post\r\n" * 99,
    )
    for kind in (b"alternative", b"related", b"digest", b"signed", b"report", b"nope"):
        head = HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n"
        yield f"{kind.decode()}, no parts", head
        yield (
            f"{kind.decode()}, odd parts",
            head
            + (
                b"--b\r\nContent-Type: x\r\n\r\n\r\n--b\r\n\r\nSubject: d\r\n\r\nd\r\n"
                + part
            ),
        )
    yield (
        "related to nothing",
        HEAD
        + (b"Content-Type: multipart/related; boundary=b; start=<nope>\r\n\r\n" + part),
    )
    yield "message/rfc822 empty", HEAD + b"Content-Type: message/rfc822\r\n\r\n"
    yield (
        "message/partial",
        HEAD + b"Content-Type: message/partial; id=x; number=1\r\n\r\nx",
    )
    yield (
        "message/external-body",
        HEAD
        + (
            b'Content-Type: message/external-body; access-type=URL; URL="file:///etc/passwd"\r\n\r\n'
        ),
    )
    yield "one cid for all", MIXED + b"--b\r\nContent-ID: <a>\r\n\r\nx\r\n" * 500


def _floods() -> Iterator[Named]:
    def nested(levels: int, close: bool) -> bytes:
        opening = b"".join(
            b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (n, n)
            for n in range(levels)
        )
        closing = b"".join(b"--n%d--\r\n" % n for n in reversed(range(levels)))
        return HEAD + opening + b"\r\nx\r\n" + (closing if close else b"")

    yield "1,000 nested", nested(1000, True)
    yield "1,000 nested, not closed", nested(1000, False)
    yield "100 nested", nested(100, True)
    yield "20,000 nested", nested(20_000, False)
    yield "1,000 messages nested", HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1000
    same = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    yield "one boundary, 5,000 times", HEAD + same * 5000
    yield "200,000 parts", MIXED + b"--b\r\n\r\nx\r\n" * 200_000 + b"--b--\r\n"
    yield "200,000 delimiters", MIXED + b"--b\r\n" * 200_000
    yield (
        "10,001 attachments",
        MIXED
        + (b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n" * 10_001),
    )
    yield "300,000 dashes", MIXED + b"--\r\n" * 300_000
    yield "a run of dashes", MIXED + b"-" * 1_000_000
    yield "header bombs in parts", MIXED + (b"--b\r\n" + b"A: b\r\n" * 500) * 300
    yield (
        "delimiters in turns",
        nested(90, False)
        + b"".join(b"--n%d\r\n" % (89 - n % 90) for n in range(20_000)),
    )


def _encodings() -> Iterator[Named]:
    bodies = {
        "empty": b"", "padding": b"====", "one letter": b"Y", "five letters": b"YWJjZ",
        "no alphabet": b"!$%&()", "8-bit": b"YW\xff\xfeJj", "several": b"YQ==Yg==Yw==",
        "paddings": b"Y=" * 20_000, "a line": base64.b64encode(bytes(3000)),
        "=": b"=", "= at the end": b"a=", "bad pairs": b"=ZZ=4=G1=", "soft ends": b"=\r\n" * 999,
        "spaces": b"x" + b" " * 50_000 + b"\r\n", "uu": b"begin 644 x\r\n#86)C\r\n`\r\nend\r\n",
        "uu long": b"begin 644 x\r\nM\xff\xff\r\n~~~\r\n", "uu name": b"begin 644 ../x\r\n",
    }  # fmt: skip
    for encoding in (b"base64", b"quoted-printable", b"x-uuencode", b"7bit", b"nope"):
        for name, body in bodies.items():
            kind = b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n"
            yield f"{encoding.decode()}, {name}", HEAD + kind + body + b"\r\n"
    yield (
        "gzip in base64 in a text",
        HEAD
        + (
            b"Content-Type: text/plain; charset=utf-16\r\n"
            b"Content-Transfer-Encoding: BASE64 (sic)\r\n\r\n"
            + base64.encodebytes(zlib.compress(bytes(100_000)))
        ),
    )
    yield (
        "binary",
        HEAD + b"Content-Transfer-Encoding: binary\r\n\r\n" + bytes(range(256)) * 40,
    )


def _enclosed() -> Iterator[Named]:
    """Messages within messages, encoded."""
    inner = HEAD + b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx\r\n"
    for name, encoding, body in (
        ("base64", b"base64", base64.encodebytes(inner)),
        ("base64 cut off", b"base64", base64.encodebytes(inner)[:-9]),
        ("quoted-printable", b"quoted-printable", inner.replace(b"=", b"=3D")),
        ("uuencoded, that is none", b"x-uue", inner),
        ("not base64 at all", b"base64", inner),
        ("empty", b"base64", b""),
    ):
        fields = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: "
        yield f"enclosed in {name}", HEAD + fields + encoding + b"\r\n\r\n" + body
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield "1,000 messages nested in quoted-printable", HEAD + head * 1000
    deep = inner
    for _ in range(20):
        deep = (
            HEAD
            + head.replace(b"quoted-printable", b"base64")
            + base64.encodebytes(deep)
        )
    yield "20 messages nested in base64", deep
    file = b"--b\r\nContent-Type: application/octet-stream; name=a.EML\r\n\r\nA: b\r\n\r\nx\r\n"
    yield "3,000 files that are messages", MIXED + file * 3000


def _html() -> Iterator[Named]:
    head = HEAD + b"Content-Type: text/html\r\n\r\n"
    for name, octets in {
        "deep": b"<div>" * 60_000, "deep tables": b"<table><tr><td>" * 20_000,
        "deep formatting": b"<b><i><p>" * 20_000, "open tags": b"<a " * 50_000,
        "open comment": b"<!--" * 20_000, "open quote": b'<a href="' * 20_000,
        "references": b"&#99999999999;&#xd800;&#0;&" * 999, "long number": b"&#" + b"9" * 9000,
        "script": b"<script>fetch('/api/v3/messages',{method:'DELETE'})</script>",
        "reaching out": b"<base href=//x><link rel=stylesheet href=//x><meta http-equiv=refresh"
                        b" content='0;url=//x'><img src=//x><iframe src=//x></iframe>",
        "cid": b"<img src=cid:><img src='cid:%00%ff'><p style='background:url(cid:\"x)'>",
        "cid flood": b"<img src=cid:a>" * 20_000, "plaintext": b"<plaintext><b>x",
        "NUL": b"<im\0g src=\0x>\0", "meta charset": b"<meta charset=utf-7>+ADw-b+AD4-",
        "meta odd": b"<meta charset=" + b"x" * 2000 + b">\xff",
        "svg": b"<svg><style><img src=cid:x></style><![CDATA[<base>]]></svg>",
        "large": b"<p>Hello, <b>world</b></p>\r\n" * 30_000,
    }.items():  # fmt: skip
        yield name, head + octets


def _noise() -> Iterator[Named]:
    noise = random.Random(2026)
    mail = (
        MIXED + b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n--b--\r\n"
    )
    for number in range(20):
        yield f"random {number}", noise.randbytes(noise.randrange(1, 3000))
        octets = bytearray(mail)
        for _ in range(1 + number):
            octets[noise.randrange(len(octets))] = noise.randrange(256)
        yield f"changed {number}", bytes(octets)
        yield (
            f"cut {number}",
            mail[: noise.randrange(len(mail))] + noise.randbytes(number),
        )
