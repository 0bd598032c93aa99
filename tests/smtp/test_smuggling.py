"""The ways to end a body that are none: no second message comes out of the first."""

from __future__ import annotations

import pytest

from mailsink.smtp.commands.table import COMMANDS
from mailsink.smtp.profile import Profile
from tests.smtp.harness import ENVELOPE, MESSAGE, Session, in_data, ready

SEQUENCES = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r",
    b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n.\r\r\n",
]  # fmt: skip
HIDDEN = b"MAIL FROM:<admin@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nevil"
QUEUED = f"250 2.0.0 Ok: queued as {MESSAGE}"
REFUSED = "554 5.6.0 The message holds a bare CR or LF; lines end in CRLF"
REJECT = Profile(bare_newlines="reject")

every_sequence = pytest.mark.parametrize("sequence", SEQUENCES)


def send(session: Session, octets: bytes, size: int) -> list[str]:
    heard: list[str] = []
    for at in range(0, len(octets), size):
        heard += session.send(octets[at : at + size])
    return heard


@every_sequence
@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_it_is_one_message(sequence: bytes, size: int) -> None:
    session = in_data()
    body = b"Subject: x\r\n\r\nhello" + sequence + HIDDEN + b"\r\n"
    assert send(session, body + b".\r\nNOOP\r\n", size) == [QUEUED, "250 2.0.0 Ok"]
    (arrival,) = session.arrivals
    # In one of them a dot stands at the beginning of a line, and counts as stuffed.
    assert arrival.body.content == body.replace(b"\r\n.", b"\r\n")
    (told,) = [each for each in session.exchanges if each.opened.kind == "body"]
    assert "smuggling_pattern" in told.flags


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_verb_is_seen(verb: str) -> None:
    session = in_data()
    session.send(b"hello\n.\n" + verb.encode() + b" x\r\n.\r\n")
    assert "smuggling_pattern" in session.last.flags


@every_sequence
def test_it_is_none_at_the_very_beginning(sequence: bytes) -> None:
    session = in_data()
    body = sequence.removeprefix(b"\r\n") + HIDDEN + b"\r\n"
    assert send(session, body + b".\r\nNOOP\r\n", 3) == [QUEUED, "250 2.0.0 Ok"]
    assert len(session.arrivals) == 1


@every_sequence
def test_without_a_verb_it_is_only_odd(sequence: bytes) -> None:
    session = in_data()
    session.send(b"hello" + sequence + b"mailing lists and all\r\n.\r\n")
    assert "smuggling_pattern" not in session.last.flags
    assert session.last.flags & {"bare_lf_data", "bare_cr_data", "nul_octet"}


@every_sequence
def test_refused_where_bare_newlines_are(sequence: bytes) -> None:
    session = in_data(profile=REJECT)
    heard = send(session, b"hello" + sequence + HIDDEN + b"\r\n.\r\nNOOP\r\n", 5)
    bare = {"bare_lf_data", "bare_cr_data"} & session.exchanges[-2].flags
    assert heard == [REFUSED if bare else QUEUED, "250 2.0.0 Ok"]
    assert bool(bare) is (b"\0" not in sequence)


@every_sequence
def test_in_a_chunk_it_is_content(sequence: bytes) -> None:
    session = ready()
    session.send(ENVELOPE)
    body = b"hello" + sequence + HIDDEN + b"\r\n.\r\nQUIT\r\n"
    assert session.send(b"BDAT %d LAST\r\n%sNOOP\r\n" % (len(body), body)) == [
        QUEUED,
        "250 2.0.0 Ok",
    ]
    assert session.arrivals[0].body.content == body


@pytest.mark.parametrize("line", [b"NOOP\n", b"QUIT\n", b"\n"])
def test_a_command_that_ends_in_lf_alone(line: bytes) -> None:
    session = ready(profile=REJECT)
    assert session.send(line + b"NOOP\r\n") == [
        "500 5.5.2 The line ended in a bare LF; lines end in CRLF",
        "250 2.0.0 Ok",
    ]
    assert "bare_lf_command" in session.exchanges[-2].flags
