"""What the transcripts cannot tell of commands: profiles, lengths, flags."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from mailsink.smtp.commands.extensions import EXTENSIONS
from mailsink.smtp.commands.table import COMMANDS
from mailsink.smtp.profile import Profile
from tests.smtp import tls_client
from tests.smtp.harness import Session, play, ready


def test_nothing_but_quit_closes() -> None:
    session = Session()
    for _ in range(100):
        session.send(b"FOO\r\n")
    assert not session.ended
    session.send(b"QUIT\r\n")
    assert session.ending == "quit"


def test_size_without_limit() -> None:
    session = Session(Profile(max_message_size=0))
    assert "250-SIZE" in session.send(b"EHLO x\r\n")
    assert session.send(b"MAIL FROM:<a@b> SIZE=99999999999999999999\r\n") == [
        "250 2.1.0 Sender ok"
    ]


@pytest.mark.parametrize(("size", "code"), [(1000, "250"), (1001, "452")])
def test_more_is_announced_than_the_disk_can_take(size: int, code: str) -> None:
    session = ready(room=1000)
    (reply,) = session.send(b"MAIL FROM:<a@b> SIZE=%d\r\n" % size)
    assert reply.startswith(code)
    if code == "452":
        assert reply.startswith("452 4.3.1 The disk has no room")
        assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]


def test_hidden_extensions_are_not_there() -> None:
    hidden = frozenset({"SIZE", "AUTH", "ENHANCEDSTATUSCODES", "SMTPUTF8"})
    play(
        """
        C: EHLO x
        S: 250-localhost greets x
        S: 250-8BITMIME
        S: 250-PIPELINING
        S: 250-CHUNKING
        S: 250-BINARYMIME
        S: 250-DSN
        S: ...
        C: AUTH PLAIN
        S: 502 AUTH is not offered here
        C: MAIL FROM:<a@b> SIZE=1
        S: 555 The parameter SIZE is not offered here
        C: MAIL FROM:<a@b>
        S: 250 Sender ok
        """,
        profile=Profile(hidden=hidden),
    )


def test_too_many_recipients() -> None:
    session = play(
        """
        C: HELO x
        S: 250 localhost
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<1@b>
        C: RCPT TO:<2@b>
        C: RCPT TO:<3@b>
        S: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        S: 452 4.5.3 More than 2 recipients; send the rest again
        C: DATA
        S: 354 *
        C: .
        S: 250 2.0.0 Ok: queued as *
        """,
        profile=Profile(max_recipients=2),
    )
    assert len(session.arrivals) == 1


LONG = b"NOOP " + b"x" * 12288 + b"\r\n"


@pytest.mark.parametrize("pieces", [1, 7, 12288])
def test_a_line_too_long_is_drained(pieces: int) -> None:
    session = Session()
    session.read()
    size = len(LONG) // pieces + 1
    heard: list[str] = []
    for at in range(0, len(LONG), size):
        heard += session.send(LONG[at : at + size])
    assert heard == ["500 5.5.2 The line is too long"]
    assert session.last.opened.octets == len(LONG)
    assert len(session.last.line) == 12288
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_the_longest_line_is_taken() -> None:
    session = Session()
    session.read()
    assert session.send(b"NOOP " + b"x" * (12288 - 7) + b"\r\n") == ["250 2.0.0 Ok"]
    assert session.send(b"NOOP " + b"x" * (12288 - 6) + b"\r\n") == [
        "500 5.5.2 The line is too long"
    ]


def test_a_bare_lf_ends_a_command_and_is_flagged() -> None:
    session = Session()
    session.read()
    assert session.send(b"NOOP\n") == ["250 2.0.0 Ok"]
    assert session.last.flags == {"bare_lf_command"}


def test_a_bare_lf_is_refused_where_wanted() -> None:
    session = Session(Profile(bare_newlines="reject"))
    session.read()
    assert session.send(b"NOOP\nNOOP\r\n") == [
        "500 5.5.2 The line ended in a bare LF; lines end in CRLF",
        "250 2.0.0 Ok",
    ]


LENIENT = {
    "MAIL FROM: <a@b>": "lenient_path",
    "MAIL FROM:a@b": "lenient_path",
    "MAIL FROM:<a@docker_host>": "underscore_domain",
    "MAIL FROM:<root>": "unqualified_address",
    "MAIL FROM:<postmaster>": "unqualified_address",
    "MAIL FROM:<a@[x400:b]>": "unknown_literal",
    f"MAIL FROM:<{'a' * 65}@b>": "long_path",
}


@pytest.mark.parametrize("line", LENIENT)
def test_a_little_off_is_taken_and_flagged(line: str) -> None:
    session = Session()
    session.send(b"HELO x\r\n")
    assert session.send(line.encode() + b"\r\n") == ["250 2.1.0 Sender ok"]
    assert session.last.flags == {LENIENT[line]}


@pytest.mark.parametrize("line", LENIENT)
def test_a_little_off_is_refused_by_a_strict_profile(line: str) -> None:
    session = Session(Profile(lenient=False))
    session.send(b"HELO x\r\n")
    (reply,) = session.send(line.encode() + b"\r\n")
    assert reply.startswith("501 5.1.7 Bad sender: ")


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("RCPT TO:<@relay.test:a@b>", {"source_route"}),
        ("RCPT TO:<PostMaster>", set()),
        ("RCPT TO: postmaster", {"lenient_path"}),
        ("RCPT TO:<root>", {"unqualified_address"}),
    ],
)
def test_what_is_noted_of_a_recipient(line: str, flags: set[str]) -> None:
    session = ready()
    session.send(b"MAIL FROM:<>\r\n")
    assert session.send(line.encode() + b"\r\n") == ["250 2.1.5 Recipient ok"]
    assert session.last.flags == flags
    assert session.last.line == line


@pytest.mark.parametrize(
    ("network", "text"),
    [
        ("192.0.2.0/24", "502 5.5.1 No messages are waiting for you"),
        ("198.51.100.0/24", "502 5.5.1 TURN is not offered here"),
    ],
)
def test_turn_for_networks(network: str, text: str) -> None:
    session = Session(Profile(turn=(ip_network(network),)))
    offered = session.send(b"EHLO x\r\n")
    assert ("250-TURN" in offered) == ("waiting" in text)
    assert session.send(b"TURN\r\n") == [text]


def test_a_421_ends_the_session() -> None:
    session = ready(profile=Profile(max_transactions=1))
    session.send(b"MAIL FROM:<>\r\nRSET\r\n")
    assert session.send(b"MAIL FROM:<>\r\nNOOP\r\n") == [
        "421 4.5.3 More than 1 messages in a session; connect again"
    ]
    assert session.ending == "refused"


LISTENERS = {
    "plain": Profile(),
    "everything": Profile(
        turn="authenticated",
        tls=tls_client.server(),
        xclient_from=(ip_network("192.0.2.0/24"),),
    ),
    "submission": Profile(submission=True),
    "lmtp": Profile(protocol="lmtp"),
    "bare": Profile(hidden=frozenset(EXTENSIONS) - {"HELP"}),
}


def _helped(profile: Profile) -> set[str]:
    """The commands that HELP lists."""
    session = Session(profile)
    session.read()
    lines = [line.removeprefix("214-").split() for line in session.send(b"HELP\r\n")]
    return {next(word for word in words if word.isalpha()) for words in lines[1:-1]}


@pytest.mark.parametrize("name", LISTENERS)
def test_help_lists_what_is_spoken_and_nothing_else(name: str) -> None:
    listed = _helped(LISTENERS[name])
    for verb in COMMANDS:
        session = Session(LISTENERS[name])
        session.read()
        argument = " 0" if verb == "BDAT" else ""  # without, it cannot stay in step
        (reply, *_) = session.send(f"{verb}{argument}\r\n".encode())
        assert (reply[:3] in ("500", "502", "550")) == (verb not in listed), verb
        told = session.send(f"HELP {verb}\r\n".encode()) if not session.ended else []
        if told:
            assert told[0][:3] == ("214" if verb in listed else "504")


def test_help_names_every_command_somewhere() -> None:
    assert set.union(*map(_helped, LISTENERS.values())) == COMMANDS.keys()
