"""No password leaves the engine, in whatever protocol and order it comes."""

from __future__ import annotations

from time import process_time

import pytest

from mailsink.smtp.commands.sasl.credential_flags import redacted_username
from mailsink.smtp.protocol.masking import MASK, redacted, redacted_response
from tests.smtp.harness import Session, ready
from tests.smtp.ways import BASIC, ENCODED, PLAIN, WAYS, traces


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_password_is_never_told(way: str, good: bool) -> None:
    session = Session(credentials=lambda offered: good)
    for line in [*WAYS[way], b"QUIT"]:
        if not session.ended:
            session.send(line + b"\r\n")
    assert traces(repr(session.events) + repr(session.writes)) == []


def test_redaction_ends_with_the_next_mail() -> None:
    session = ready()
    for line in (
        b"AUTH PLAIN " + PLAIN,
        b"XYZ",
        b"*",
        b"MAIL FROM:<a@b.test>",
        b"XYZ",
        b"RCPT TO:<c@b.test>",
        b"XYZ",
    ):
        session.send(line + b"\r\n")
    lines = [each.line for each in session.exchanges[2:]]
    assert lines == [
        "AUTH PLAIN ********",
        "********",
        "*",
        "MAIL FROM:<a@b.test>",
        "********",
        "RCPT TO:<c@b.test>",
        "XYZ",
    ]
    assert session.last.replied is not None
    assert session.last.replied.reply[0].startswith(
        '500 5.5.2 There is no command "XYZ"'
    )


@pytest.mark.parametrize(
    "line",
    [
        b"RCPT TO:<auth+x@b.test> ORCPT=rfc822;auth+2Bx@b.test",
        b"RCPT TO:auth+x@b.test",
        b"RCPT TO:<a@b.test> ORCPT=rfc822;auth.plain@b.test NOTIFY=NEVER",
    ],
)
def test_an_address_that_names_auth_is_accepted_whole(line: bytes) -> None:
    session = ready()
    session.send(b"MAIL FROM:<a@b.test>\r\n" + line + b"\r\n")
    assert session.exchanges[-1].line == line.decode()
    assert session.last.replied is not None
    assert session.last.replied.code == 250


@pytest.mark.parametrize(
    ("line", "expected", "login"),
    [
        ("AUTH scram-sha-512-plus", "AUTH scram-sha-512-plus", True),
        ("AUTH hunter2", "AUTH ********", True),
        ("PASS", "PASS", True),
        ("pass word", "pass ********", True),
        ("a1 LOGIN ann secret", "a1 LOGIN ********", True),
        ("hunter2 LOGIN ann", "********", True),
        ("* login ann secret", "login ********", True),
        ("EHLO a.test\rAUTH LOGIN\rx", "EHLO a.test\\x0d********", True),
        ("HELP\rme", "HELP\\x0dme", False),
        ("FROB nicate", "FROB nicate", False),
        ("Zm9vYmFyYmF6", "Zm9vYmFyYmF6", False),
    ],
)
def test_what_is_told_of_a_line(line: str, expected: str, login: bool) -> None:
    assert redacted(line.encode()) == (expected, login)


@pytest.mark.parametrize(
    "line",
    [
        "VRFY Login",
        "VRFY auth",
        "VRFY <auth plain@x.test>",
        "HELP AUTH",
        "VRFY authors of it",
        "EHLO auth.b.test",
        "EHLO user-pc",
        "EHLO plain-auth",
        "MAIL FROM:<auth plain@x>",
        'MAIL FROM:<"the auth plain > x"@b.test> SIZE=3',
        "MAIL FROM:<a@b.test> AUTH=plain SIZE=3",
        "MAIL FROM:<a@b.test> AUTH=<> BODY=8BITMIME",
        "MAIL FROM:<a@b.test> AUTH=ann+2Bx@b.test",
        "MAIL FROM:a@b.test",
        "RCPT TO:a@b.test ORCPT=rfc822;compass+3Dx@b.test",
        "EHLO [IPv6:2001:db8::1]",
        "EHLO monkey.b.test",
        "MAIL FROM:<bounce+AAAAAAAAAAAAAAAAAAAA@b.test>",
        "RCPT TO:<auth@b.test> NOTIFY=NEVER",
        "XCLIENT HELO=auth PORT=25",
    ],
)
def test_an_argument_of_a_command_is_no_login(line: str) -> None:
    assert redacted(line.encode(), is_command=True) == (line, False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("NOOP AUTH PLAIN x", "NOOP AUTH PLAIN ********"),
        ("EHLO b.test AUTH PLAIN x y", "EHLO b.test AUTH PLAIN ********"),
        ("HELP AUTH LOGIN", "HELP AUTH LOGIN"),
        ("EHLO smtp://ann:pw@b.test", "EHLO smtp://ann:********@b.test"),
        ("VRFY auth team", "VRFY auth ********"),
        (f"HELP {PLAIN.decode()} me", "HELP ******** me"),
    ],
)
def test_a_login_behind_a_command_is_masked_alone(line: str, expected: str) -> None:
    assert redacted(line.encode(), is_command=True).text == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Subject: AUTH LOGIN", "Subject: AUTH LOGIN"),
        ("Keywords: a, b", "Keywords: a, b"),
        ("MAILFROM:a@b.test", "MAILFROM:a@b.test"),
        ("RCPT-TO:<a@b.test>", "RCPT-TO:<a@b.test>"),
        ("Message-ID:a@b.test", "Message-ID:a@b.test"),
        ("mailto:a@b.test", "mailto:a@b.test"),
        ("at 12:30 a@b.test", "at 12:30 a@b.test"),
        ("see robin:x@b.test", "see robin:********@b.test"),
        ("see https://b.test/", "see https://b.test/"),
        ("smtp://ann:pw%3A1@b.test:25", "smtp://ann:********@b.test:25"),
        ("smtp://ann:p@ss:w@b.test", "smtp://ann:********@b.test"),
        ("try imap://:pw@b.test/in ok", "try imap://:********@b.test/in ok"),
        (
            "see http://b.test:80/a@c http://ann@b",
            "see http://b.test:80/a@c http://ann@b",
        ),
        ("Cookie: a=b", "Cookie: ********"),
        ("x-api-key:abc", "x-api-key: ********"),
        ("GET /?q=1 HTTP/1.1", "GET /?********"),
        ("HELLO 3 AUTH default x", "HELLO 3 AUTH ********"),
        ("OPER ann x", "OPER ********"),
        ("operator ann x", "operator ann x"),
        ("DB_PASSWORD = 'x y'", "DB_PASSWORD = '********"),
        ("<a:Password>x</a:Password>", "<a:Password>********"),
        ("a\tb", "a\\x09b"),
        ("a\x01b", "a\\x01********"),
    ],
)
def test_what_is_told_of_other_protocols(line: str, expected: str) -> None:
    assert redacted(line.encode()).text == expected


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        (b"robin", "robin"),
        (b"robin:", "robin:"),
        (b"robin:x:y", "robin:********"),
        (BASIC, "********"),
    ],
)
def test_what_is_told_of_a_user_name(username: bytes, expected: str) -> None:
    assert redacted_username(username) == expected


@pytest.mark.parametrize(
    ("username", "secret", "expected"),
    [
        (b"joe", b"joe", "********"),
        (b"joe", b" joe\n", "********"),
        (b"joe", b"joejoejoe", "joe"),
        (b"a@joe", b"joe", "a@joe"),
        (b"key-9a4d1c02@b.test", b"9a4d1c02", "********"),
        (b"Bearer 9a4d1c02", b"", "********"),
        (b"basic YTpi", b"x", "********"),
        (b"bearer", b"x", "bearer"),
        (b"eyJhbGciOiJI.eyJzdWIiOiJ4In0.9a4d1c", b"x", "********"),
        (b"eyJoe", b"", "eyJoe"),
    ],
)
def test_a_user_name_that_shows_the_secret_is_masked(
    username: bytes, secret: bytes, expected: str
) -> None:
    assert redacted_username(username, secret) == expected


@pytest.mark.parametrize(
    "line", [b"get / http/1.1", b"GET /" + b"a" * 13_000 + b" HTTP/1.1"]
)
def test_an_http_request_ends_the_session(line: bytes) -> None:
    session = Session()
    session.send(line + b"\r\n")
    assert session.ended
    assert "http_on_smtp" in session.last.flags


def test_a_mail_from_an_address_that_reads_like_a_login_is_taken() -> None:
    session = ready()
    session.send(b'MAIL FROM:<"auth plain x"@b.test>\r\n')
    assert session.last.line == 'MAIL FROM:<"auth plain x"@b.test>'
    assert session.last.replied is not None
    assert session.last.replied.code == 250


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (b"*", "*"),
        (b"AUTH LOGIN", "AUTH LOGIN"),
        (b"auth plain " + PLAIN, "AUTH plain ********"),
        (b"AUTH", "********"),  # three octets in base64
        (b"AUTHword", "********"),
        (b"QUIT", "********"),
        (b"* ", "********"),
        (ENCODED, "********"),
    ],
)
def test_what_is_told_of_a_response(response: bytes, expected: str) -> None:
    assert redacted_response(response) == expected


@pytest.mark.parametrize(
    "filler",
    [
        "=",
        " ",
        "= ",
        "A",
        "\0",
        "\r",
        "! ",
        "PASS",
        "A ",
        "a1 ",
        "AUTH",
        " AUTH",
        " AUTH=",
        '"\\',
        "AUTH\0",
        "a:",
        "(a",
        "KEY",
        "KEY-",
        " AUTH=a",
        "AUTH=",
        "AUTH=a@b",
    ],
)
def test_no_line_takes_long_to_mask(filler: str) -> None:
    began = process_time()
    for line in (filler * 12_000, f"{filler * 12_000}LOGIN", f"PASS{filler * 12_000} "):
        redacted(line.encode())
        redacted_response(line.encode())
        for command in ("NOOP ", "MAIL FROM:<", "EHLO ", 'RCPT TO:<"'):
            redacted((command + line).encode(), is_command=True)
    assert process_time() - began < 1


@pytest.mark.parametrize(
    "before", [b"x", b"NOOP", b"a\r" * 3000 + b"a", b"\x7f\r" * 3000]
)
def test_a_login_behind_many_line_ends_is_masked(before: bytes) -> None:
    shown = redacted(before + b"\rPASS hunter2\rx").text
    assert "hunter2" not in shown
    assert shown.endswith(MASK)
