"""The lines of a session are bounded, in whatever state they come."""

from __future__ import annotations

import pytest

from mailsink.smtp.profile import Profile
from tests.smtp.harness import Session

TOO_MANY = "421 4.7.0 More than 5 commands in a session; connect anew"
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
