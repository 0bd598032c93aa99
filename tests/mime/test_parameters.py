"""Bodies of Content-Type and Content-Disposition, as they are written and miswritten."""

from __future__ import annotations

import time

import pytest

from mailsink.mime.header_parameters import parse


@pytest.mark.parametrize(
    ("body", "value", "parameters"),
    [
        ("text/html; charset=utf-8", "text/html", {"charset": "utf-8"}),
        ("text / html ;charset=utf-8", "text/html", {"charset": "utf-8"}),
        ("TEXT /\t html", "text/html", {}),
        ("text (a (b) \\) c)/(d) html(e); (f) charset=x", "text/html", {"charset": "x"}),
        ('"text/html"; charset=x', "text/html", {"charset": "x"}),
        ('multipart/mixed\t boundary="a;b"', "multipart/mixed", {"boundary": "a;b"}),
        ("text/plain charset=utf-8 format=flowed", "text/plain", {"charset": "utf-8", "format": "flowed"}),
        ("text/plain; charset=utf-8 boundary = x", "text/plain", {"charset": "utf-8", "boundary": "x"}),
        ("text/plain, charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ("attachment filename=a b (1).pdf", "attachment", {"filename": "a b (1).pdf"}),
        ('"base64"', "base64", {}),
        ("(as ever) base64 (again)", "base64", {}),
        ("Quoted-Printable;", "quoted-printable", {}),
        ("text/ charset=x", "text/", {}),
        ("", "", {}),
        ("(", "", {}),
        ("(never closed", "never", {}),
    ],
)  # fmt: skip
def test_parse(body: str, value: str, parameters: dict[str, str]) -> None:
    assert parse(body) == (value, parameters)


@pytest.mark.parametrize(
    ("sections", "name"),
    [
        # an encoded word that goes on, and that begins again, in the next section
        ('*0="=?utf-8?Q?Gr=C3"; filename*1="=BC=C3=9Fe.txt?="', "Grüße.txt"),
        ('*1="?="; filename*0="=?koi8-r?B?8NLJ18XU"', "Привет"),
        ('*0="=?utf-8?q?a?="; filename*1="=?utf-8?q?b?="', "ab"),
        ('*0="=?utf-8?B?w6"; filename*1="k=?= =?utf-8?B?LnBuZw==?="', "é.png"),
        ("*0*=utf-8''%E2%82; filename*1*=%AC; filename*2=' 5'", "€' 5'"),
        ("*0*=utf-8''%E2%8; filename*1*=2%AC", "€"),
        ("*0*=gbk'zh'%C4; filename*1*=%E3; filename*2=%20", "你%20"),
        ('*0="plain"; filename*1=".txt"', "plain.txt"),
    ],
)
def test_names_in_sections(sections: str, name: str) -> None:
    assert parse(f"attachment; filename{sections}")[1] == {"filename": name}


@pytest.mark.parametrize(
    "piece",
    [";", "(", ";(", "; a=", " charset", '; a="', "\\", "; a*0=b", "(a", " ( ", ",", " /", " name="],
)  # fmt: skip
@pytest.mark.parametrize("head", ["", "text/plain", "a; b="])
def test_time_is_linear(head: str, piece: str) -> None:
    began = time.process_time()
    parse(head + piece * (250_000 // len(piece)))
    assert time.process_time() - began < 2
