"""ATRN and TURN: the roles are reversed on one connection, and in one transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import pytest

from mailsink.ports import Decision, MailRequest
from mailsink.smtp.client.hop_values import OutgoingMail
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import events, replies
from mailsink.smtp.protocol.replies import Reply
from tests.smtp import tls_client
from tests.smtp.harness import SESSION, Session, ready
from tests.smtp.hop import BODY, mail
from tests.smtp.test_policy import only

GO = "250 2.0.0 OK, now reversing the connection"
AUTH = b"AUTH PLAIN AGFubgB4\r\n"  # ann, x


def holding(*mails: OutgoingMail, **options: object) -> Session:
    """A session that has logged in, at a server with mail that waits."""

    def held(request: MailRequest) -> Sequence[OutgoingMail]:
        return mails

    session = ready(held=held, **options)
    session.send(AUTH)
    return session


def turned(*mails: OutgoingMail, **options: object) -> Session:
    """The same, once the other side has greeted and been greeted."""
    session = holding(*mails, **options)
    assert session.send(b"ATRN\r\n") == [GO]
    assert session.send(b"220 peer.test ESMTP\r\n") == ["EHLO mx.test"]
    return session


def lines(session: Session) -> list[tuple[str, str, int | None]]:
    """Direction, line and code of each exchange."""
    return [(x.opened.direction, x.line, x.code) for x in session.exchanges]


def test_both_roles_are_in_one_transcript() -> None:
    session = turned(mail())
    heard = session.send(b"250-peer.test\r\n250 SIZE\r\n")
    assert heard == [f"MAIL FROM:<a@example.com> SIZE={len(BODY)}"]
    assert session.send(b"250 ok\r\n") == ["RCPT TO:<b@example.com>"]
    assert session.send(b"250 ok\r\n") == ["DATA"]
    assert session.send(b"354 go\r\n") == ["Subject: Hello", "", "..dot", "."]
    assert session.doubtful  # it was remembered before the dot went out
    assert session.send(b"250 2.0.0 kept\r\n") == ["QUIT"]
    assert session.send(b"221 bye\r\n") == []
    assert session.ended
    assert session.ending == "turned"
    [[result]] = session.reports
    assert (result.state, result.text) == ("delivered", "250 2.0.0 kept")
    assert lines(session) == [
        ("in", "", 220),
        ("in", "EHLO client.test", 250),
        ("in", "AUTH PLAIN ********", 235),
        ("in", "ATRN", 250),
        ("out", "", 220),
        ("out", "EHLO mx.test", 250),
        ("out", f"MAIL FROM:<a@example.com> SIZE={len(BODY)}", 250),
        ("out", "RCPT TO:<b@example.com>", 250),
        ("out", "DATA", 354),
        ("out", "", 250),
        ("out", "QUIT", 221),
    ]
    # The facts of the session are still its client's.
    assert session.changes()["helo"] == "client.test"
    assert session.changes()["protocol"] == "ESMTPA"


def test_we_are_silent_until_the_other_side_has_greeted() -> None:
    session = holding(mail())
    assert session.send(b"ATRN\r\n") == [GO]
    assert session.tick(599) == []
    assert session.send(b"220-peer.test\r\n") == []
    assert session.send(b"220 ready\r\n") == ["EHLO mx.test"]


def test_a_greeting_that_never_comes_ends_it_after_ten_minutes() -> None:
    session = holding(mail())
    session.send(b"ATRN\r\n")
    session.tick(599)
    assert not session.ended
    session.tick(2)
    assert session.ending == "timeout"
    [[result]] = session.reports
    assert result.state == "deferred"


def test_a_greeting_in_the_same_piece_is_read() -> None:
    session = holding(mail())
    heard = session.send(b"ATRN\r\n220 peer.test\r\n")
    assert heard == [GO, "EHLO mx.test"]


@pytest.mark.parametrize("greeting", [b"554 no\r\n", b"421 busy\r\n"])
def test_a_refusal_in_place_of_a_greeting(greeting: bytes) -> None:
    session = holding(mail())
    session.send(b"ATRN\r\n")
    session.send(greeting)
    assert session.ending == "refused"
    assert [result.state for [result] in session.reports] == [
        "failed" if greeting.startswith(b"5") else "deferred"
    ]


def test_nothing_left_is_a_session_all_the_same() -> None:
    session = turned()
    assert session.send(b"250 peer.test\r\n") == ["QUIT"]
    session.send(b"221 bye\r\n")
    assert session.ending == "turned"


@pytest.mark.parametrize("how", ["drop", "half_close"])
def test_a_peer_that_leaves(how: str) -> None:
    session = turned(mail())
    getattr(session, how)()
    assert session.ending == "dropped"
    [[result]] = session.reports
    assert (result.state, result.text) == (
        "deferred",
        "The server closed the connection.",
    )


def test_a_stop_puts_the_message_back() -> None:
    session = turned(mail())
    session.machine.stop()
    session.wake()
    assert session.ending == "shutdown"
    assert [result.state for [result] in session.reports] == ["deferred"]


def test_one_that_gives_nothing_back_is_given_up() -> None:
    session = turned(mail())
    session.send(b"250-peer.test\r\n250 SIZE\r\n")
    session.send(b"250 ok\r\n")
    session.send(b"250 ok\r\n")
    session.machine.block_output(True)
    session.deliver(b"354 go\r\n")
    assert BODY.startswith(session.take())  # a piece of it
    session.tick(700)
    assert session.ending == "timeout"
    assert session.doubtful == []


def test_in_tls_the_same_tls_goes_on() -> None:
    session = ready(
        profile=Profile(hostname="mx.test", tls=tls_client.server()),
        held=lambda request: [mail(require_tls=True)],
    )
    session.send(b"STARTTLS\r\n")
    session.secure()
    session.send(b"EHLO client.test\r\n")
    session.send(AUTH)
    assert session.send(b"ATRN\r\n") == [GO]
    assert session.send(b"220 peer.test\r\n") == ["EHLO mx.test"]
    heard = session.send(b"250-peer.test\r\n250-STARTTLS\r\n250 REQUIRETLS\r\n")
    assert heard == ["MAIL FROM:<a@example.com> REQUIRETLS"]


def test_turn_takes_no_login_of_a_trusted_network() -> None:
    session = ready(
        profile=Profile(hostname="mx.test", turn=(ip_network("192.0.2.0/24"),)),
        held=lambda request: [mail()],
    )
    assert session.send(b"TURN\r\n") == [GO]
    [request] = session.requests
    assert request == MailRequest("TURN", SESSION, "192.0.2.7", "client.test", None, ())


@pytest.mark.parametrize(
    ("line", "nodes"),
    [
        (b"ATRN", ()),
        (b"atrn Example.COM", ("example.com",)),
        (b"ATRN a.test,b.test", ("a.test", "b.test")),
        (b"ETRN Example.com", ("example.com",)),
        (b"ETRN @example.com", ("@example.com",)),
        (b"ETRN #Staging", ("#staging",)),
    ],
)
def test_what_is_asked_for(line: bytes, nodes: tuple[str, ...]) -> None:
    refusal = Reply(451, "4.3.0", ("not now",))
    session = ready(held=lambda request: refusal)
    session.send(AUTH)
    assert session.send(line + b"\r\n") == ["451 4.3.0 not now"]
    [request] = session.requests
    assert (request.verb, request.user) == (line[:4].decode().upper(), "ann")
    assert request.nodes == nodes
    assert not session.ended


@pytest.mark.parametrize("code", [250, 354, 450])
def test_a_policy_decides_about_the_reversal(code: int) -> None:
    decision = Decision(Reply(code, "", ("decided",)))
    session = holding(mail(), **only("any", decision))
    heard = session.send(b"ATRN\r\n")
    assert heard == [f"{code} decided"]
    assert session.machine.session.turned is (code == 250)
    assert len(session.requests) == (code == 250)
    if code != 250:
        assert session.send(b"RSET\r\n")[0].startswith("250 ")


def test_too_many_domains_are_refused() -> None:
    session = holding(mail())
    names = ",".join(f"d{n}.test" for n in range(101)).encode()
    (reply,) = session.send(b"ATRN " + names + b"\r\n")
    assert reply.startswith("501 5.5.4 Bad domain: there are more than 100")
    assert session.requests == []


def test_a_queue_that_fails_is_a_451() -> None:
    def held(request: MailRequest) -> Reply:
        raise OSError("no database")

    session = ready(held=held)
    session.send(AUTH)
    assert session.send(b"ATRN\r\n") == [str_of(replies.LOCAL_ERROR)]
    assert not session.ended


def str_of(reply: Reply) -> str:
    [line] = reply.lines()
    return line


def test_a_courier_that_fails_ends_the_session_without_a_word() -> None:
    def broken() -> Iterator[OutgoingMail]:
        raise OSError("no database")
        yield

    session = ready(held=lambda request: broken())  # type: ignore[arg-type]
    session.send(AUTH)
    assert session.send(b"ATRN\r\n") == [GO]
    assert session.ending == "error"


def test_the_octets_of_the_peer_are_no_commands() -> None:
    """MAIL from the former client is no reply: the session ends, and stores nothing."""
    session = turned(mail())
    session.send(b"MAIL FROM:<evil@example.com>\r\n")
    assert session.ending == "error"
    assert session.told(events.TransactionStarted) == []
