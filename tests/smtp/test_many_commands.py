"""What a session stores is bounded, lines and octets, in whatever state they come."""

from __future__ import annotations

import re

import pytest

from mailsink.smtp.profile import Profile
from tests.smtp.harness import Session

TOO_MANY = "421 4.7.0 More than 5 commands in a session; connect again"
MAIL = b"MAIL FROM:<a@shop.test>\r\nRCPT TO:<b@shop.test>\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        b"NOOP\r\n" * 5,
        b"\r\n" * 5,
        b"NOOP\n" * 5,
        b"NOOP " + b"x" * 20_000 + b"\r\n" + b"NOOP\r\n" * 4,
        b"AUTH LOGIN\r\n*\r\n" * 3,  # the line too many is one of the dialogue
        MAIL + b"BDAT 3\r\nx\r\n" * 3,
        MAIL + b"DATA\r\nx\r\n.\r\nNOOP\r\nNOOP\r\n",
    ],
)
def test_a_line_too_many_ends_the_session(lines: bytes) -> None:
    session = Session(Profile(max_commands=5))
    sent = session.send(b"EHLO app.test\r\n" + lines)
    assert sent[-1] == TOO_MANY
    assert sent.count(TOO_MANY) == 1
    assert session.ended
    assert session.ending == "refused"
    assert session.last.line == "The client sent more than 5 commands in this session."


def test_lines_of_a_message_are_no_commands() -> None:
    session = Session(Profile(max_commands=5))
    body = b"line\r\n" * 50
    sent = session.send(
        b"EHLO app.test\r\n" + MAIL + b"DATA\r\n" + body + b".\r\nQUIT\r\n"
    )
    assert sent[-1] == "221 2.0.0 Bye"
    assert session.ending == "quit"


def test_0_is_no_limit() -> None:
    session = Session(Profile(max_commands=0))
    session.send(b"NOOP\r\n" * 300)
    assert session.send(b"QUIT\r\n") == ["221 2.0.0 Bye"]


MOST = 64 * 1024
TOO_LONG = f"421 4.7.0 More than {MOST} octets of transcript in a session; reconnect"


def stored(session: Session) -> int:
    """Return the octets of a session's lines and replies, as a recorder has them."""
    return sum(
        len(
            "\n".join(
                (each.line, *(each.replied.reply if each.replied else ()))
            ).encode()
        )
        for each in session.exchanges
    )


@pytest.mark.parametrize(
    ("lines", "protocol"),
    [
        (b"NOOP " + b"x" * 12_000 + b"\r\n", "smtp"),
        (b"x" * 300_000 + b"\r\n", "smtp"),  # 12 KiB are kept of it
        (b"NOOP " + b"\xff" * 3_000 + b"\r\n", "smtp"),  # each of them as \xff
        (("NOOP " + "é" * 3_000 + "\r\n").encode(), "smtp"),
        (b"\x01\x02" * 100 + b"\r\n", "smtp"),
        (b"NOOP\r\n", "smtp"),
        (b"HELP\r\n", "smtp"),
        (b"AUTH PLAIN AHUAcA==\r\nNOOP\r\n", "smtp"),
        (MAIL + b"BDAT 1\r\nx" * 40 + b"RSET\r\n", "smtp"),
        (MAIL.replace(b"b@", b"b" * 5_000 + b"@") + b"RSET\r\n", "smtp"),
        (MAIL + b"RCPT TO:<c@shop.test>\r\nDATA\r\nx\r\n.\r\n", "lmtp"),
    ],
)
def test_octets_too_many_end_the_session(lines: bytes, protocol: str) -> None:
    session = Session(Profile(max_transcript=MOST, protocol=protocol))
    session.send(b"LHLO app.test\r\n" if protocol == "lmtp" else b"EHLO app.test\r\n")
    hello = stored(session)
    session.send(lines)
    once = stored(session) - hello
    while not session.ended:
        sent = session.send(lines)
    assert sent[-1] == TOO_LONG
    assert sent.count(TOO_LONG) == 1
    assert session.ending == "refused"
    assert (
        session.last.line
        == f"The transcript of this session has more than {MOST} octets."
    )
    # Replies count with their line ends.
    assert 0.9 * MOST < stored(session) < MOST + once + 200


def test_octets_of_messages_are_none_of_the_transcript() -> None:
    session = Session(Profile(max_transcript=MOST))
    session.send(b"EHLO app.test\r\n")
    for _ in range(20):
        session.send(MAIL + b"DATA\r\n" + b"line\r\n" * 5_000 + b".\r\n")
        session.send(MAIL + b"BDAT 30000 LAST\r\n" + b"x" * 30_000)
    assert session.send(b"QUIT\r\n") == ["221 2.0.0 Bye"]


def test_0_octets_are_no_limit() -> None:
    session = Session(Profile(max_transcript=0))
    session.send((b"NOOP " + b"x" * 12_000 + b"\r\n") * 30)
    assert session.send(b"QUIT\r\n") == ["221 2.0.0 Bye"]


def test_little_is_read_of_a_client_that_is_gone() -> None:
    session = Session()
    session.machine.receive(
        b"EHLO app.test\r\n" + MAIL + b"DATA\r\nx\r\n.\r\n" + b"NOOP\r\n" * 100_000
    )
    session.drop()
    assert len(session.arrivals) == 1
    assert session.ending == "dropped"
    assert len(session.exchanges) < 150
    assert re.fullmatch(
        r"The connection was lost; 599\d{3} octets before that were not read\.",
        session.last.line,
    )
