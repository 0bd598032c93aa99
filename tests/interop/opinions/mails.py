"""Sixty messages that are easy to read wrongly, each under a name of its own."""

from __future__ import annotations

import base64

_HEAD = {
    "From": "Kim <kim@shop.test>",
    "To": "lee@example.com",
    "Subject": "s",
    "Date": "Wed, 2 Dec 2026 09:15:00 +0000",
    "MIME-Version": "1.0",
}


def mail(body: bytes | str = "x", **fields: str | bytes) -> bytes:
    """Return a message; a field's name has _ for each hyphen."""
    given: dict[str, str | bytes] = dict(_HEAD)
    given |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [name.encode() + b": " + _octets(value) for name, value in given.items()]
    return b"\r\n".join([*lines, b"", _octets(body).replace(b"\n", b"\r\n"), b""])


def parts(kind: str, *each: str) -> bytes:
    """Return a multipart of the parts, whose headers end in an empty line."""
    body = "".join(f"--b\n{part}\n" for part in each) + "--b--"
    return mail(body, Content_Type=f'multipart/{kind}; boundary="b"')


def _octets(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _base64(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


def _encoded(charset: str, text: str) -> bytes:
    kind = f"text/plain; charset={charset}"
    return mail(
        _base64(text, charset), Content_Type=kind, Content_Transfer_Encoding="base64"
    )


def _file(disposition: str, kind: str = "application/pdf") -> bytes:
    text = "Content-Type: text/plain\n\nbody"
    return parts(
        "mixed", text, f"Content-Type: {kind}\nContent-Disposition: {disposition}\n\nx"
    )


_TEXT = "Content-Type: text/plain\n\nplain words"
_HTML = "Content-Type: text/html\n\n<p>html words</p>"
_FLOWED = "text/plain; format=flowed"

MAILS: dict[str, bytes] = {
    # subjects
    "subject-q": mail(Subject="=?utf-8?q?caf=C3=A9_ol=C3=A9?="),
    "subject-b": mail(Subject="=?utf-8?b?" + _base64("naïve") + "?="),
    "subject-adjacent": mail(Subject="=?utf-8?q?one_?= =?utf-8?q?two?="),
    "subject-folded": mail(Subject="one\r\n two\r\n\tthree"),
    "subject-latin": mail(Subject="=?iso-8859-1?q?Gr=FC=DFe?="),
    "subject-japanese": mail(Subject="=?iso-2022-jp?b?" + _base64("会議の件", "iso-2022-jp") + "?="),
    "subject-split-character": mail(Subject="=?utf-8?q?a=C3?= =?utf-8?q?=BCb?="),
    "subject-raw-utf8": mail(Subject="Grüße"),
    "subject-language": mail(Subject="=?utf-8*de?q?Gr=C3=BC=C3=9Fe?="),
    "subject-empty": mail(Subject=""),
    # addresses
    "to-list": mail(To="Ann <ann@a.test>, bob@b.test"),
    "to-quoted-comma": mail(To='"Doe, Ann" <ann@a.test>, bob@b.test'),
    "to-comments": mail(To="Ann(boss) <ann(x)@a.test(y)>"),
    "to-comment-name": mail(To="ann@a.test (Ann Lee)"),
    "to-blanks": mail(To="ann @ a . test"),
    "to-group": mail(To="all: Ann <ann@a.test>, bob@b.test;"),
    "to-empty-group": mail(To="undisclosed-recipients:;"),
    "to-route": mail(To="<@r.test:ann@a.test>"),
    "to-encoded-name": mail(To="=?utf-8?q?J=C3=B6rg?= <jo@a.test>"),
    "to-quoted-name-only": mail(To='"Ann at work" ann@a.test'),
    "to-open-quote": mail(To='"Ann <ann@a.test>, Bob <bob@b.test>'),
    "to-stray-bracket": mail(To="<ann@a.test, bob@b.test>"),
    "to-semicolon": mail(To="ann@a.test; bob@b.test"),
    "to-literal": mail(To="ann@[192.0.2.1]"),
    "to-quoted-local": mail(To='"ann lee"@a.test'),
    # dates
    "date-offset": mail(Date="Wed, 2 Dec 2026 09:15:00 -0530"),
    "date-comment": mail(Date="Wed, 2 Dec 2026 (day) 09:15:00 +0100 (CET)"),
    "date-gmt-offset": mail(Date="Wed, 02 Dec 2026 09:15:00 GMT+0200"),
    "date-pm": mail(Date="Wed, 2 Dec 2026 9:15:00 PM -0500"),
    "date-asctime": mail(Date="Wed Dec  2 09:15:00 2026"),
    "date-month-first": mail(Date="Dec 2, 2026 09:15:00 -0500"),
    "date-est": mail(Date="Wed, 2 Dec 2026 09:15:00 EST"),
    "date-two-digits": mail(Date="2 Dec 26 09:15:00 GMT"),
    "date-iso": mail(Date="2026-12-02T09:15:00+01:00"),
    "date-no-plus": mail(Date="Wed, 2 Dec 2026 09:15:00 0100"),
    "date-nonsense": mail(Date="yesterday"),
    # texts
    "text-latin1": _encoded("iso-8859-1", "Größe"),
    "text-cp1251": _encoded("windows-1251", "Привет"),
    "text-japanese": _encoded("iso-2022-jp", "会議の資料"),
    "text-sjis": _encoded("shift_jis", "会議の資料"),
    "text-gb": _encoded("gb18030", "会议资料"),
    "text-korean": _encoded("euc-kr", "회의"),
    "text-qp": mail("a=3Db =C3=BC soft=\nbreak", Content_Type="text/plain; charset=utf-8",
                    Content_Transfer_Encoding="quoted-printable"),
    "text-flowed": mail("one \ntwo\n\n stuffed", Content_Type=_FLOWED),
    "text-delsp": mail("mid \ndle", Content_Type=f"{_FLOWED}; delsp=yes"),
    "text-flowed-quote": mail("> one \n> two", Content_Type=_FLOWED),
    "text-bad-utf8": mail(b"caf\xc3\xa9 \xff bar", Content_Type="text/plain; charset=utf-8",
                          Content_Transfer_Encoding="8bit"),
    # structures
    "alternative": parts("alternative", _TEXT, _HTML),
    "mixed-text-html": parts("mixed", _TEXT, _HTML),
    "two-texts": parts("mixed", _TEXT, "Content-Type: text/plain\n\nfooter"),
    "empty-alternative": parts("alternative", _TEXT, "Content-Type: text/plain\n\n"),
    "whole-attachment": mail("a;b", Content_Type="text/csv",
                             Content_Disposition="attachment; filename=a.csv"),
    "blanks-in-type": mail("<p>hi</p>", Content_Type="text / html"),
    "enclosed": parts("mixed", _TEXT, "Content-Type: message/rfc822\n\nSubject: in\n\nwithin"),
    # file names
    "file-plain": _file("attachment; filename=plain.pdf"),
    "file-2231": _file("attachment; filename*=utf-8''%E2%82%AC.pdf"),
    "file-sections": _file('attachment; filename*0="long "; filename*1="name.pdf"'),
    "file-2047": _file('attachment; filename="=?utf-8?q?f=C3=BCr.pdf?="'),
    "file-2047-in-2231": _file(
        'attachment; filename*0="=?utf-8?q?one_?="; filename*1=" =?utf-8?q?two.pdf?="'),
    "file-by-name": _file("attachment", 'application/pdf; name="by name.pdf"'),
}  # fmt: skip
