"""No password leaves the engine, in whatever protocol and order it comes."""

from __future__ import annotations

from time import process_time

import pytest

from mailsink.smtp.protocol.masking import redacted, redacted_response
from tests.smtp.harness import Session, ready
from tests.smtp.ways import ENCODED, PLAIN, WAYS, traces


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_password_is_never_told(way: str, good: bool) -> None:
    session = Session(credentials=lambda offered: good)
    for line in WAYS[way]:
        session.send(line + b"\r\n")
    session.send(b"QUIT\r\n")
    assert traces(repr(session.events) + repr(session.writes)) == []


def test_redaction_ends_with_the_next_mail() -> None:
    session = ready()
    for line in (b"AUTH PLAIN " + PLAIN, b"XYZ", b"*", b"MAIL FROM:<a@b.test>", b"XYZ"):
        session.send(line + b"\r\n")
    lines = [each.line for each in session.exchanges[2:]]
    assert lines == [
        "AUTH PLAIN ********",
        "********",
        "*",
        "MAIL FROM:<a@b.test>",
        "XYZ",
    ]
    assert session.last.replied is not None
    assert session.last.replied.reply[0].startswith(
        '500 5.5.2 There is no command "XYZ"'
    )


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


def test_an_argument_of_a_command_is_no_login() -> None:
    assert redacted(b"VRFY Login", is_command=True).text == "VRFY Login"


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
    "filler", ["=", " ", "= ", "A", "\0", "\r", "! ", "PASS", "A ", "a1 "]
)
def test_no_line_takes_long_to_mask(filler: str) -> None:
    began = process_time()
    for line in (filler * 12_000, f"{filler * 12_000}LOGIN", f"PASS{filler * 12_000} "):
        redacted(line.encode())
        redacted_response(line.encode())
    assert process_time() - began < 1
