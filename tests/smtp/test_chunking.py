"""CHUNKING and BINARYMIME (RFC 3030): how chunks are stored and answered, however they come."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.ports import Consult, Decision
from mailsink.smtp.body.spool import Spool
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import Body, TransactionEnded, TransactionStarted
from tests.smtp.harness import MESSAGE, Session, ready, small_spool

QUEUED = f"250 2.0.0 Ok: queued as {MESSAGE}"
BINARY = b"MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<a@b>\r\n"
TEXT = b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n"
URL = "http://127.0.0.1:8025"


def opened(envelope: bytes = TEXT, **options: object) -> Session:
    """A session whose next command may be BDAT."""
    session = ready(**options)
    session.send(envelope)
    return session


def chunk(octets: bytes, last: bool = False) -> bytes:
    return b"BDAT %d%s\r\n%s" % (len(octets), b" LAST" if last else b"", octets)


def ended(session: Session) -> TransactionEnded:
    (event,) = session.told(TransactionEnded)
    return event


def stored(session: Session) -> bytes | None:
    (arrival,) = session.arrivals
    assert arrival.body.complete
    return arrival.body.content


def body_of(event: TransactionEnded) -> Body:
    assert event.body is not None
    return event.body


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 60))
def test_the_body_is_the_chunks_joined_in_whatever_packets(
    chunks: list[bytes], packet: int
) -> None:
    session = opened(BINARY)
    octets = b"".join(map(chunk, chunks)) + b"BDAT 0 LAST\r\nNOOP\r\n"
    heard: list[str] = []
    for at in range(0, len(octets), packet):
        heard += session.send(octets[at : at + packet])
    assert [line[:3] for line in heard] == ["250"] * (len(chunks) + 2)
    assert heard[-2:] == [QUEUED, "250 2.0.0 Ok"]
    assert stored(session) == b"".join(chunks)
    flags = set().union(*(each.flags for each in session.exchanges))
    assert flags <= {"pipelined", "eightbit_header"}


def test_a_chunk_is_told_as_one_exchange() -> None:
    session = opened()
    session.now = 1.0
    session.machine.receive(b"bdat 5  LAST\r\n")
    session.now = 2.0
    session.send(b"12345")
    told = session.last
    assert (told.opened.kind, told.opened.verb) == ("chunk", "BDAT")
    assert (told.line, told.opened.octets) == ("bdat 5  LAST", 5)
    assert told.opened.received_us == 2_000_000
    (started,) = session.told(TransactionStarted)
    assert told.opened.transaction == started.transaction
    assert told.code == 250
    assert session.arrivals[0].transaction == started.transaction


def test_an_empty_chunk_came_with_its_line() -> None:
    session = opened()
    session.machine.block_output(True)
    session.now = 1.0
    session.send(b"BDAT 0 LAST\r\n")
    session.machine.block_output(False)
    session.now = 2.0
    assert session.wake() == [QUEUED]
    assert session.last.opened.received_us == 1_000_000
    assert session.last.flags == set()


def test_a_whole_transaction_in_one_packet_is_answered_in_one_write() -> None:
    session = ready()
    session.writes.clear()
    session.send(TEXT + chunk(b"one\r\n") + chunk(b"two\r\n"))
    assert len(session.writes) == 1
    assert session.send(chunk(b"", last=True)) == [QUEUED]
    assert [each.flags for each in session.exchanges[-4:]] == [
        {"pipelined"},
        {"pipelined"},
        {"pipelined"},
        set(),
    ]
    assert stored(session) == b"one\r\ntwo\r\n"


def test_a_growing_chunk_is_told_now_and_then() -> None:
    session = opened()
    session.send(b"BDAT 100\r\n")
    for _ in range(10):
        assert session.tick(0.3) == []
        session.send(b"x" * 9)
    assert 60 <= session.last.opened.octets < 90
    assert session.last.line == "BDAT 100"
    session.tick(0.6)
    assert session.last.opened.octets == 90
    assert 4 <= session.last.told <= 9
    assert session.send(b"x" * 10) == ["250 2.0.0 Ok, 100 octets taken, 100 in all"]
    assert session.last.opened.octets == 100


def test_each_octet_winds_the_clock() -> None:
    session = opened()
    session.send(b"BDAT 5 LAST\r\n")
    for _ in range(4):
        assert session.tick(299) == []
        session.send(b"x")
    assert session.tick(301)[0].startswith("421 4.4.2")
    event = ended(session)
    assert (event.outcome, event.code) == ("abandoned", 421)
    assert (body_of(event).content, body_of(event).complete) == (b"xxxx", False)
    assert (session.last.opened.kind, session.last.code) == ("chunk", 421)


class TestWhatIsStoredOfTheRefused:
    def test_cut_off(self) -> None:
        session = opened()
        session.send(chunk(b"first\r\n") + b"BDAT 1000 LAST\r\nsecond")
        session.drop()
        event = ended(session)
        assert event.outcome == "abandoned"
        assert (body_of(event).content, body_of(event).complete) == (
            b"first\r\nsecond",
            False,
        )
        assert session.last.flags == {"pipelined", "aborted_in_data"}
        assert session.last.opened.octets == 6
        assert session.last.replied is None

    @pytest.mark.parametrize(
        ("octets", "outcome"),
        [(b"RSET\r\n", "reset"), (b"HELO x\r\n", "reset"), (b"QUIT\r\n", "abandoned")],
    )
    def test_given_up(self, octets: bytes, outcome: str) -> None:
        session = opened()
        session.send(chunk(b"first"))
        session.send(octets)
        event = ended(session)
        assert (event.outcome, event.code) == (outcome, None)
        assert (body_of(event).content, body_of(event).complete) == (b"first", False)

    def test_dropped_between_chunks(self) -> None:
        session = opened()
        session.send(chunk(b"first"))
        session.drop()
        assert ended(session).outcome == "abandoned"
        assert body_of(ended(session)).content == b"first"

    def test_dropped_behind_the_line_of_the_next(self) -> None:
        session = opened()
        session.send(chunk(b"first") + b"BDAT 5\r\n")
        session.drop()
        assert body_of(ended(session)).content == b"first"

    def test_nothing_came(self) -> None:
        session = opened()
        session.send(b"BDAT 5\r\n")
        session.drop()
        assert ended(session).body is None

    @pytest.mark.parametrize("last", [False, True])
    def test_too_large(self, last: bool) -> None:
        session = opened(profile=Profile(max_message_size=10))
        session.send(chunk(b"1234567"))
        session.send(chunk(b"890abc", last))
        event = ended(session)
        assert (event.outcome, event.code) == ("rejected", 552)
        assert body_of(event).content == b"1234567890abc"
        assert body_of(event).complete is last
        session.send(b"QUIT\r\n")
        assert len(session.told(TransactionEnded)) == 1

    def test_cut_off_while_it_is_discarded(self) -> None:
        session = ready()
        session.send(b"BDAT 1000\r\nsome")
        session.drop()
        assert session.told(TransactionEnded) == []
        assert "aborted_in_data" in session.last.flags
        assert session.last.opened.octets == 4


class TestFlags:
    def _flags(self, *chunks: bytes, envelope: bytes = TEXT) -> list[set[str]]:
        session = opened(envelope)
        for octets in chunks:
            session.send(chunk(octets))
        assert session.send(chunk(b"", last=True)) == [QUEUED]
        assert stored(session) == b"".join(chunks)
        return [each.flags for each in session.exchanges[-1 - len(chunks) :]]

    def test_told_where_they_came_to_light(self) -> None:
        found = self._flags(b"a: b\r\n\r\n\0", b"c\nd", b"\xe9\ne\r\n")
        assert found == [{"nul_octet"}, {"bare_lf_data"}, {"eightbit_in_7bit"}, set()]

    def test_of_a_chunk_that_was_cut_off(self) -> None:
        session = opened()
        session.send(chunk(b"a\nb") + b"BDAT 9\r\n\nc\0")
        session.drop()
        assert session.last.flags == {"pipelined", "aborted_in_data", "nul_octet"}

    def test_crlf_may_be_cut_in_two(self) -> None:
        assert self._flags(b"a\r", b"\nb\r", b"", b"\n") == [set()] * 5

    def test_a_bare_cr_at_the_very_end(self) -> None:
        assert self._flags(b"a\r") == [set(), {"bare_cr_data"}]

    def test_a_line_over_several_chunks(self) -> None:
        assert self._flags(b"x" * 900, b"x" * 98 + b"\r\n") == [set()] * 3
        assert self._flags(b"x" * 900, b"x" * 99 + b"\r\n")[1] == {"long_line"}

    def test_nothing_is_odd_in_what_was_announced_as_binary(self) -> None:
        octets = b"content-transfer-encoding: binary\n\n\0\r\xff" + b"x" * 2000
        assert self._flags(octets, envelope=BINARY) == [set(), set()]

    def test_a_header_beyond_ascii(self) -> None:
        found = self._flags(b"Subject: \xe9\r\n\r\n")
        assert found[0] == {"eightbit_header", "eightbit_in_7bit"}

    def test_but_the_header_is_text(self) -> None:
        found = self._flags(b"Subject: \xe9\r\n", b"\r\n\xe9", envelope=BINARY)
        assert found == [{"eightbit_header"}, set(), set()]

    def test_a_binary_part_that_was_not_announced(self) -> None:
        octets = b"Content-Transfer-Encoding: binary\r\n\r\n"
        assert self._flags(octets)[0] == {"binary_undeclared"}

    def test_more_than_was_announced(self) -> None:
        envelope = b"MAIL FROM:<a@b> SIZE=5\r\nRCPT TO:<a@b>\r\n"
        found = self._flags(b"12345", b"678", b"9", envelope=envelope)
        assert found == [set(), {"size_mismatch"}, set(), set()]

    @pytest.mark.parametrize(
        "line", ["BDAT", "BDAT x", "BDAT 5x", "BDAT -5", "BDAT 9223372036854775808"]
    )
    def test_out_of_step(self, line: str) -> None:
        session = opened()
        session.send(line.encode() + b"\r\n")
        assert session.last.flags == {"bdat_desync"}
        assert (session.last.code, session.last.opened.octets) == (501, 0)


class TestBareNewlines:
    PROFILE = Profile(bare_newlines="reject")

    def test_in_chunks_of_text(self) -> None:
        session = opened(profile=self.PROFILE)
        assert session.send(chunk(b"a\nb", last=True)) == [
            "554 5.6.0 The message holds a bare CR or LF; lines end in CRLF"
        ]
        assert body_of(ended(session)).content == b"a\nb"

    def test_in_binary(self) -> None:
        session = opened(BINARY, profile=self.PROFILE)
        assert session.send(chunk(b"a\nb\r", last=True)) == [QUEUED]

    def test_of_the_command_itself(self) -> None:
        session = opened(profile=self.PROFILE)
        assert session.send(b"BDAT 6\nQUIT\r\nBDAT 6\r\nQUIT\r\nNOOP\r\n") == [
            "500 5.5.2 The line ended in a bare LF; lines end in CRLF",
            "503 5.5.1 Wrong order: send RSET first",
            "250 2.0.0 Ok",
        ]


@pytest.mark.parametrize("needs", ["require_auth", "require_tls"])
def test_too_early_yet_in_step(needs: str) -> None:
    session = ready(profile=Profile(**{needs: True}))  # type: ignore[arg-type]
    refused, noop = session.send(chunk(b"QUIT\r\n", last=True) + b"NOOP\r\n")
    assert refused.startswith("530 5.7.0 ")
    assert noop == "250 2.0.0 Ok"


class TestRules:
    def _session(self, **by_stage: Decision) -> Session:
        return opened(
            decide=lambda consult: by_stage.get(consult.stage, Decision()),
            stages=frozenset({"data", "body"}),
        )

    def test_data_is_asked_once_and_body_at_the_last_chunk(self) -> None:
        session = self._session()
        session.send(chunk(b"abc") + chunk(b"de", last=True))
        assert [(each.stage, each.facts.get("size")) for each in session.consulted] == [
            ("data", None),
            ("body", 5),
        ]

    def test_refused_like_data(self) -> None:
        session = self._session(data=Decision(reply=replies.DISK_FULL, rule="full"))
        assert session.send(chunk(b"QUIT\r\n") + b"NOOP\r\n") == [
            "452 4.3.1 The disk is full; the message was not stored",
            "250 2.0.0 Ok",
        ]
        replied = session.exchanges[-2].replied
        assert replied is not None
        assert replied.rule == "full"
        assert ended(session).code == 452

    def test_refused_like_a_body(self) -> None:
        session = self._session(body=Decision(reply=replies.DISK_FULL))
        assert session.send(chunk(b"abc"))[0].startswith("250 ")
        assert session.send(chunk(b"def", last=True))[0].startswith("452 ")
        assert body_of(ended(session)).content == b"abcdef"
        assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]

    def test_a_delay_of_either(self) -> None:
        session = self._session(data=Decision(delay=5, rule="slow"))
        assert session.send(chunk(b"abc", last=True)) == []
        assert session.tick(6) == [QUEUED]

    def test_a_policy_that_fails_leaves_the_session_in_step(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(consult: Consult) -> Decision:
            raise RuntimeError("no")

        session = opened(decide=fail, stages=frozenset({"data"}))
        assert session.send(chunk(b"QUIT\r\n") + chunk(b"", last=True)) == [
            "451 4.3.0 Internal error, nothing was done; see the log",
            "503 5.5.1 Wrong order: send RSET first",
        ]
        assert len(caplog.records) == 1


class TestSpooling:
    CHUNKS = tuple(bytes([at]) * 700 for at in range(20))

    def test_many_small_chunks_do_not_fill_memory(self, tmp_path: Path) -> None:
        session = opened(BINARY, profile=small_spool(tmp_path))
        for octets in self.CHUNKS:
            session.send(chunk(octets))
            transaction = session.machine.session.transaction
            assert transaction is not None
            assert transaction.chunks is not None
            assert transaction.chunks.spool._waiting <= 1000
        session.send(chunk(b"", last=True))
        (arrival,) = session.arrivals
        assert arrival.body.path is not None
        assert arrival.body.path.read_bytes() == b"".join(self.CHUNKS)

    def test_reset(self, tmp_path: Path) -> None:
        session = opened(BINARY, profile=small_spool(tmp_path))
        for octets in self.CHUNKS:
            session.send(chunk(octets))
        session.send(b"RSET\r\n")
        path = body_of(ended(session)).path
        assert path is not None
        assert path.read_bytes() == b"".join(self.CHUNKS)

    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(store: Spool) -> None:
            raise OSError(errno.ENOSPC, "no")

        monkeypatch.setattr(Spool, "_open", fail)
        session = opened(BINARY, profile=small_spool(tmp_path))
        assert session.send(chunk(b"x" * 2000) + chunk(b"QUIT\r\n", last=True)) == [
            "452 4.3.1 The disk is full; the message was not stored",
            "503 5.5.1 Wrong order: send RSET first",
        ]
        assert (ended(session).code, ended(session).body) == (452, None)

    def test_nothing_is_made_for_an_announcement(self) -> None:
        session = opened(profile=Profile(max_message_size=0))
        assert session.send(b"BDAT 9223372036854775807 LAST\r\nsome octets") == []
        assert session.last.opened.octets == 0
        session.tick(1)
        assert session.last.opened.octets == 11
        session.drop()
        assert body_of(ended(session)).content == b"some octets"


@pytest.mark.parametrize(("links", "linked"), [("errors", False), ("all", True)])
def test_the_link_stands_in_the_reply_to_the_message(links: str, linked: bool) -> None:
    session = opened(profile=Profile(public_url=URL, links=links))  # type: ignore[arg-type]
    assert "(why: " not in session.send(chunk(b"x"))[0]
    assert ("(why: " in session.send(chunk(b"y", last=True))[0]) is linked


class TestShutdown:
    def test_the_message_may_be_finished(self) -> None:
        session = opened()
        session.send(chunk(b"x"))
        session.machine.drain()
        assert session.wake() == []
        first, second = session.send(chunk(b"y", last=True))
        assert first == QUEUED
        assert second.startswith("421 4.3.2 ")

    def test_a_failed_transaction_is_nothing_to_wait_for(self) -> None:
        session = opened(profile=Profile(max_message_size=1))
        session.send(chunk(b"xx"))
        session.machine.drain()
        assert session.wake()[0].startswith("421 4.3.2 ")
