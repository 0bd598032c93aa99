"""How sessions end: time, shutdown, refusal, errors; and who knocks at the wrong port."""

from __future__ import annotations

import pytest

from mailsink.ids import parse_short_id
from mailsink.smtp.commands import table as commands
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import SessionClosed, SessionOpened, TransactionEnded
from tests.smtp.harness import (
    ENVELOPE,
    SESSION,
    Session,
    in_data,
    ready,
)

URL = "http://127.0.0.1:8025"
HELLO = bytes.fromhex("1603010200010001fc0303") + b"\n" * 40 + bytes(range(256))


def test_a_session_is_told_from_end_to_end() -> None:
    session = ready()
    session.send(b"QUIT\r\n")
    first, *_, last = session.events
    assert first == SessionOpened(
        SESSION, "127.0.0.1:1025", "192.0.2.7", 4711, 1_700_000_000.0
    )
    assert last == SessionClosed(SESSION, 0, "quit")
    assert [each.opened.seq for each in session.exchanges] == [1, 2, 3]
    connect = session.exchanges[0]
    assert (connect.opened.kind, connect.line, connect.code) == ("connect", "", 220)


class TestTime:
    def test_idle(self) -> None:
        session = ready()
        assert session.tick(299) == []
        assert session.tick(2) == [
            "421 4.4.2 Nothing came for 300 seconds, closing",
        ]
        assert session.ending == "timeout"
        assert session.last.opened.kind == "notice"
        assert session.last.line == "The client was silent for 300 seconds."

    def test_part_of_a_line_does_not_wind_the_clock(self) -> None:
        session = ready()
        for _ in range(5):
            session.tick(55)
            session.send(b"N")
        assert session.tick(30) == [
            "421 4.4.2 No end of the line came for 300 seconds, closing"
        ]
        assert (
            session.last.line == "The client did not end its line within 300 seconds."
        )

    def test_each_command_winds_it(self) -> None:
        session = ready()
        for _ in range(5):
            session.tick(200)
            assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    def test_in_a_body_each_octet_winds_it(self) -> None:
        session = in_data()
        for _ in range(5):
            assert session.tick(200) == []
            session.send(b"x")
        assert session.tick(301)[0].startswith("421 4.4.2")
        (event,) = session.told(TransactionEnded)
        assert (event.outcome, event.code) == ("abandoned", 421)
        assert event.body is not None
        assert event.body.content == b"xxxxx"
        assert (session.last.opened.kind, session.last.code) == ("body", 421)
        assert session.ending == "timeout"

    def test_the_whole_session(self) -> None:
        session = ready(profile=Profile(session_timeout=1000))
        heard: list[str] = []
        for _ in range(5):
            heard += session.tick(199)
            heard += session.send(b"NOOP\r\n")
        assert session.tick(10) == [
            "421 4.4.2 The session lasted 1000 seconds, closing"
        ]
        assert len(heard) == 5

    def test_the_whole_session_of_who_never_pauses(self) -> None:
        session = ready(profile=Profile(session_timeout=10))
        session.now = 11.0
        heard = session.send(b"NOOP\r\n" * 200)
        assert heard[-1].startswith("421 4.4.2 The session lasted 10 seconds")
        assert len(heard) < 100

    def test_the_whole_session_in_a_body_without_a_pause(self) -> None:
        session = in_data(profile=Profile(session_timeout=10))
        session.now = 11.0
        (heard,) = session.send(b"x" * 10_000_000)
        assert heard.startswith("421 4.4.2 The session lasted 10 seconds")
        (event,) = session.told(TransactionEnded)
        assert event.body is not None
        assert event.body.size < 1_000_000

    def test_no_limit(self) -> None:
        session = ready(profile=Profile(idle_timeout=0))
        assert session.tick(1e7) == []
        assert not session.ended


class TestShutdown:
    def test_the_idle_are_told_at_once(self) -> None:
        session = ready()
        session.machine.drain()
        assert session.wake() == [
            "421 4.3.2 Mailsink is stopping, closing the connection"
        ]
        assert session.ending == "shutdown"

    def test_no_transaction_begins_that_was_in_the_pipeline(self) -> None:
        session = in_data()
        session.machine.drain()
        heard = session.send(b"x\r\n.\r\nMAIL FROM:<c@example.com>\r\n")
        assert [line[:9] for line in heard] == ["250 2.0.0", "421 4.3.2"]
        assert session.ending == "shutdown"

    def test_the_busy_may_finish(self) -> None:
        session = in_data()
        session.machine.drain()
        assert session.wake() == []
        first, second = session.send(b"x\r\n.\r\n")
        assert first.startswith("250 2.0.0 Ok: queued as ")
        assert second.startswith("421 4.3.2 ")
        assert session.ending == "shutdown"

    def test_between_the_commands_of_a_transaction_too(self) -> None:
        session = ready()
        session.send(ENVELOPE)
        session.machine.drain()
        assert session.wake() == []
        assert session.send(b"DATA\r\n")[0].startswith("354 ")
        assert session.send(b".\r\n")[1].startswith("421 4.3.2 ")

    @pytest.mark.parametrize("where", ["idle", "transaction", "body", "auth"])
    def test_the_time_is_up(self, where: str) -> None:
        session = in_data() if where == "body" else ready()
        if where == "transaction":
            session.send(ENVELOPE)
        if where == "auth":
            session.send(b"AUTH LOGIN\r\n")
        session.machine.stop()
        (reply,) = session.wake()
        assert reply.startswith("421 4.3.2 ")
        assert session.ending == "shutdown"


def test_a_refused_connection() -> None:
    session = Session(refusal=replies.TOO_MANY_CONNECTIONS)
    assert session.read() == ["421 4.3.2 Too many connections, try again later"]
    assert session.ending == "refused"
    assert session.last.opened.kind == "connect"


def test_a_handler_that_raises(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(machine: object, argument: str) -> None:
        raise RuntimeError("s3cret detail")

    monkeypatch.setitem(commands.COMMANDS, "NOOP", commands.Command(fail, "", ""))  # type: ignore[arg-type]
    session = ready()
    assert session.send(b"NOOP\r\nRSET\r\n") == [
        "451 4.3.0 Internal error, nothing was done; see the log",
        "250 2.0.0 Ok, forgotten",
    ]
    assert "s3cret" not in repr(session.events)
    assert [record.getMessage() for record in caplog.records] == [
        f"session {SESSION}: NOOP failed"
    ]


def test_a_machine_that_fails_says_so_and_closes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("s3cret detail")

    session = ready()
    monkeypatch.setattr("mailsink.smtp.dispatch._words", fail)
    assert session.send(b"NOOP\r\n") == [
        "421 4.3.0 Internal error, closing the connection"
    ]
    assert session.ending == "error"
    assert len(caplog.records) == 1


class TestWrongPort:
    @pytest.mark.parametrize("pieces", [1, 3, 300])
    def test_tls(self, pieces: int) -> None:
        session = Session(Profile(public_url=URL))
        session.read()
        session.send(HELLO[:pieces])
        assert session.ending == "refused"
        assert session.last.flags == {"tls_on_plain"}
        assert "secure: false" in session.last.line
        assert session.last.opened.octets == min(pieces, len(HELLO))
        assert session.last.code == 554
        assert len(session.exchanges) == 2

    def test_tls_before_the_greeting_is_told_as_tls_only(self) -> None:
        session = Session(early=HELLO)
        assert [each.flags for each in session.exchanges] == [set(), {"tls_on_plain"}]

    def test_tls_after_starttls_was_refused(self) -> None:
        session = ready()
        session.send(b"STARTTLS\r\n" + HELLO)
        assert "tls_on_plain" in session.last.flags
        assert session.ending == "refused"

    @pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PRI"])
    def test_http(self, method: str) -> None:
        session = Session(Profile(public_url=URL))
        session.read()
        heard = session.send(
            f"{method} / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b>\r\n".encode()
        )
        assert heard[:4] == [
            "HTTP/1.1 400 Bad Request",
            "Content-Type: text/plain; charset=utf-8",
            "Connection: close",
            "",
        ]
        assert URL in heard[4]
        assert session.ending == "refused"
        assert session.last.flags == {"http_on_smtp"}
        assert URL in session.last.line
        assert session.last.opened.verb == method
        assert session.last.code == 400
        assert len(session.exchanges) == 2

    def test_smtp_that_looks_like_http_later_is_only_unknown(self) -> None:
        session = ready()
        assert session.send(b"GET / HTTP/1.1\r\n")[0].startswith("500 5.5.2 ")


class TestLinks:
    def _link(self, reply: str) -> str:
        assert reply.endswith(")")
        return reply.rpartition(" (why: ")[2][:-1]

    def test_a_refusal_carries_its_link(self) -> None:
        session = Session(Profile(public_url=URL + "/"))
        session.read()
        (reply,) = session.send(b"FOO\r\n")
        link = self._link(reply)
        assert link.startswith(URL + "/s/")
        first, last, seq = parse_short_id(link.rpartition("/")[2])
        assert first <= SESSION <= last
        assert seq == session.last.opened.seq
        assert session.last.replied is not None
        assert session.last.replied.reply == (reply,)

    def test_every_refusal_does(self) -> None:
        profile = Profile(public_url=URL, max_message_size=10)
        session = in_data(profile=profile)
        assert self._link(session.send(b"x" * 20 + b"\r\n.\r\n")[0])
        assert self._link(session.tick(301)[0])
        refused = Session(profile, refusal=replies.CONGESTED)
        assert self._link(refused.read()[0])

    @pytest.mark.parametrize(("links", "linked"), [("errors", False), ("all", True)])
    def test_success_only_where_wanted(self, links: str, linked: bool) -> None:
        profile = Profile(public_url=URL, links=links)  # type: ignore[arg-type]
        session = in_data(profile=profile)
        (reply,) = session.send(b"x\r\n.\r\n")
        assert ("(why: " in reply) is linked
        assert "(why: " not in session.send(b"NOOP\r\n")[0]

    def test_off(self) -> None:
        session = Session(Profile(public_url=URL, links="off"))
        session.read()
        assert "why" not in session.send(b"FOO\r\n")[0]

    def test_a_long_reply_makes_room(self) -> None:
        session = Session(Profile(public_url=URL))
        session.send(b"HELO x\r\n")
        long = b"MAIL FROM:<" + b"a" * 200 + b"\x01@b>\r\n"
        assert all(len(line) <= 510 for line in session.send(long))
        profile = Profile(public_url="http://" + "x" * 440)
        session = Session(profile)
        session.read()
        (reply,) = session.send(b"QUIT x" * 5 + b"\r\n")
        assert len(reply) <= 510
        assert self._link(reply)
