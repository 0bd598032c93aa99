"""What is told of a transaction: its recipients, its body, its end."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from mailsink.ports import Refused, Stored
from mailsink.smtp.body.spool import Spool
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import (
    Arrival,
    RecipientAnswered,
    TransactionEnded,
    TransactionStarted,
)
from tests.smtp.harness import (
    ENVELOPE,
    MESSAGE,
    Session,
    in_data,
    ready,
    small_spool,
)

MIB = 1024 * 1024
QUEUED = [f"250 2.0.0 Ok: queued as {MESSAGE}"]


def _ended(session: Session) -> TransactionEnded:
    (event,) = session.told(TransactionEnded)
    return event


def test_an_accepted_message() -> None:
    session = in_data()
    assert session.send(b"Subject: x\r\n\r\n..dot\r\n.\r\n") == QUEUED
    (arrival,) = session.arrivals
    body = b"Subject: x\r\n\r\n.dot\r\n"
    assert arrival.body.content == body
    assert arrival.body.sha256 == hashlib.sha256(body).hexdigest()
    assert arrival.body.complete
    (started,) = session.told(TransactionStarted)
    assert (started.reverse_path, started.seq) == ("a@example.com", 1)
    assert arrival.transaction == started.transaction
    assert session.last.opened.octets == len(body) + 4
    assert session.last.opened.transaction == started.transaction
    assert session.told(TransactionEnded) == []
    session.send(b"QUIT\r\n")
    assert session.last.opened.transaction is None
    assert session.told(TransactionEnded) == []


def test_each_recipient_is_told() -> None:
    session = ready()
    session.send(b"MAIL FROM:<a@b> SIZE=7 BODY=8BITMIME\r\n")
    session.send(b"RCPT TO:<x@y>\r\nRCPT TO:<>\r\nRCPT TO:<z@y> FOO=1\r\n")
    (started,) = session.told(TransactionStarted)
    assert started.parameters == "SIZE=7 BODY=8BITMIME"
    told = [
        (each.seq, each.forward_path, each.parameters, each.code)
        for each in session.told(RecipientAnswered)
    ]
    assert told == [
        (1, "x@y", "", 250),
        (2, "<>", "", 501),
        (3, "<z@y> FOO=1", "", 555),
    ]


@pytest.mark.parametrize(
    ("octets", "outcome"),
    [(b"RSET\r\n", "reset"), (b"EHLO y\r\n", "reset"), (b"QUIT\r\n", "abandoned")],
)
def test_how_a_transaction_ends(octets: bytes, outcome: str) -> None:
    session = ready()
    session.send(ENVELOPE)
    session.send(octets)
    assert _ended(session).outcome == outcome
    assert _ended(session).body is None


def test_a_dropped_transaction_is_abandoned() -> None:
    session = ready()
    session.send(ENVELOPE)
    session.drop()
    assert _ended(session).outcome == "abandoned"
    assert session.ending == "dropped"


def test_a_body_that_was_cut_off_is_handed_over() -> None:
    session = in_data()
    session.send(b"half a mess")
    session.drop()
    event = _ended(session)
    assert event.outcome == "abandoned"
    assert event.body is not None
    assert (event.body.content, event.body.complete) == (b"half a mess", False)
    assert session.last.opened.kind == "body"
    assert session.last.flags == {"aborted_in_data"}
    assert session.last.replied is None


def test_nothing_came_after_354() -> None:
    session = in_data()
    session.drop()
    assert _ended(session).body is None
    assert session.last.opened.octets == 0


@pytest.mark.parametrize("pieces", [1, 100])
def test_too_large_is_refused_with_its_octets(pieces: int) -> None:
    session = in_data(profile=Profile(max_message_size=2000, spool_threshold=0))
    octets = b"x" * 2998 + b"\r\n.\r\nNOOP\r\n"
    size = len(octets) // pieces
    heard: list[str] = []
    for at in range(0, len(octets), size):
        heard += session.send(octets[at : at + size])
    assert heard == [
        "552 5.3.4 The message of 3000 octets is over the limit of 2000",
        "250 2.0.0 Ok",
    ]
    event = _ended(session)
    assert (event.outcome, event.code) == ("rejected", 552)
    assert event.body is not None
    assert (event.body.size, event.body.complete) == (3000, True)


def test_far_too_large_is_read_to_its_end_and_stored_in_part(tmp_path: Path) -> None:
    profile = Profile(max_message_size=1000, spool_dir=tmp_path)
    session = in_data(profile=profile)
    for _ in range(20):
        assert session.send(b"x" * 98 + b"\r\n" + b"y" * (MIB // 10)) == []
    assert session.send(b"\r\n.\r\n")[0].startswith("552 5.3.4 ")
    body = _ended(session).body
    assert body is not None
    assert (body.size, body.complete) == (MIB + 1000, False)
    assert body.path is not None
    assert body.path.stat().st_size == MIB + 1000


def test_bare_newlines_are_refused_where_wanted() -> None:
    session = in_data(profile=Profile(bare_newlines="reject"))
    assert session.send(b"a\nb\r\n.\r\n") == [
        "554 5.6.0 The message holds a bare CR or LF; lines end in CRLF"
    ]
    event = _ended(session)
    assert (event.outcome, event.code) == ("rejected", 554)
    assert event.body is not None
    assert event.body.content == b"a\nb\r\n"


def test_bare_newlines_are_stored_and_flagged() -> None:
    session = in_data()
    assert session.send(b"a\nb\rc\0\r\n.\r\n") == QUEUED
    assert session.arrivals[0].body.content == b"a\nb\rc\0\r\n"
    assert session.last.flags == {"bare_lf_data", "bare_cr_data", "nul_octet"}


@pytest.mark.parametrize(
    ("parameters", "flags"),
    [
        (b"", {"eightbit_in_7bit"}),
        (b" BODY=7BIT", {"eightbit_in_7bit"}),
        (b" BODY=8BITMIME", set()),
        (b" SMTPUTF8", set()),
        (b" BODY=8BITMIME SIZE=3", {"size_mismatch"}),
        (b" BODY=8BITMIME SIZE=4", set()),  # as smtplib counts: without the last CRLF
        (b" BODY=8BITMIME SIZE=6", set()),
    ],
)
def test_the_body_against_its_parameters(parameters: bytes, flags: set[str]) -> None:
    session = ready()
    session.send(b"MAIL FROM:<a@b>" + parameters + b"\r\nRCPT TO:<a@b>\r\n")
    session.send(b"DATA\r\n")
    assert session.send(b"\r\n\xc3\xa9\r\n.\r\n") == QUEUED
    assert session.last.flags == flags


@pytest.mark.parametrize(
    ("parameters", "flags"),
    [
        (b"", {"eightbit_in_7bit", "eightbit_header"}),
        (b" BODY=8BITMIME", {"eightbit_header"}),
        (b" SMTPUTF8", set()),
    ],
)
def test_a_header_beyond_ascii_is_flagged(parameters: bytes, flags: set[str]) -> None:
    session = ready()
    session.send(b"MAIL FROM:<a@b>" + parameters + b"\r\nRCPT TO:<a@b>\r\n")
    session.send(b"DATA\r\n")
    assert session.send(b"Subject: \xc3\xa9\r\n\r\n.\r\n") == QUEUED
    assert session.last.flags == flags


def test_several_messages_in_a_session() -> None:
    session = ready()
    for seq in (1, 2, 3):
        session.send(ENVELOPE)
        session.send(b"DATA\r\n")
        assert session.send(b"x\r\n.\r\n") == QUEUED
        assert session.told(TransactionStarted)[-1].seq == seq
    assert len({each.transaction for each in session.arrivals}) == 3


class TestKeeping:
    def test_refused_by_the_recorder(self) -> None:
        refused = Refused(replies.DISK_FULL)
        session = in_data(store=lambda arrival: refused)
        assert session.send(b"x\r\n.\r\n") == [
            "452 4.3.1 The disk is full; the message was not stored"
        ]
        event = _ended(session)
        assert (event.outcome, event.code, event.body) == ("rejected", 452, None)
        assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]

    def test_a_recorder_that_raises(self, caplog: pytest.LogCaptureFixture) -> None:
        def store(arrival: Arrival) -> Stored:
            raise RuntimeError("s3cret detail")

        session = in_data(store=store)
        assert session.send(b"x\r\n.\r\n") == [
            "451 4.3.0 Internal error, nothing was done; see the log"
        ]
        assert _ended(session).outcome == "rejected"
        assert "s3cret" not in repr(session.events)
        assert len(caplog.records) == 1
        assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    def test_the_client_left_while_it_was_stored(self) -> None:
        session: Session | None = None

        def store(arrival: Arrival) -> Stored:
            assert session is not None
            session.gone = True
            session.machine.lose()
            return Stored(MESSAGE)

        session = in_data(store=store)
        session.send(b"x\r\n.\r\n")
        assert session.told(TransactionEnded) == []
        replied = session.last.replied
        assert replied is not None
        assert (replied.code, replied.replied_us) == (250, None)
        assert session.ending == "dropped"


class TestSpooling:
    BODY = b"".join(b"%06d %s\r\n" % (at, b"x" * 60) for at in range(500))

    def _send(self, session: Session, octets: bytes) -> list[str]:
        heard: list[str] = []
        for at in range(0, len(octets), 777):
            heard += session.send(octets[at : at + 777])
        return heard

    def test_a_large_body_goes_to_a_file(self, tmp_path: Path) -> None:
        session = in_data(profile=small_spool(tmp_path))
        assert self._send(session, self.BODY + b".\r\n") == QUEUED
        body = session.arrivals[0].body
        assert body.content is None
        assert body.path is not None
        assert body.path.read_bytes() == self.BODY
        assert body.sha256 == hashlib.sha256(self.BODY).hexdigest()
        assert list(tmp_path.iterdir()) == [body.path]

    def test_cut_off(self, tmp_path: Path) -> None:
        session = in_data(profile=small_spool(tmp_path))
        self._send(session, self.BODY)
        session.drop()
        body = _ended(session).body
        assert body is not None
        assert body.path is not None
        assert body.path.read_bytes() == self.BODY
        assert not body.complete

    def test_not_stored_leaves_no_file(self, tmp_path: Path) -> None:
        refused = Refused(replies.DISK_FULL)
        session = in_data(profile=small_spool(tmp_path), store=lambda arrival: refused)
        assert self._send(session, self.BODY + b".\r\n")[0].startswith("452 ")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("number", "reply"),
        [
            (errno.ENOSPC, "452 4.3.1 The disk is full; the message was not stored"),
            (
                errno.EIO,
                "451 4.3.0 The message could not be written, and was not stored",
            ),
        ],
    )
    def test_a_write_error_drains_to_the_dot(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reply: str
    ) -> None:
        def fail(store: Spool) -> None:
            raise OSError(number, "no")

        monkeypatch.setattr(Spool, "_open", fail)
        session = in_data(profile=small_spool(tmp_path))
        assert self._send(session, self.BODY + b".\r\nNOOP\r\n") == [
            reply,
            "250 2.0.0 Ok",
        ]
        event = _ended(session)
        assert (event.outcome, event.body) == ("rejected", None)
        assert event.code == int(reply[:3])
        assert list(tmp_path.iterdir()) == []


def test_a_growing_body_is_told_now_and_then() -> None:
    session = in_data()
    for _ in range(10):
        session.send(b"x" * 10)
        session.tick(0.3)
    session.send(b"\r\n.\r\n")
    body = session.last
    assert body.opened.octets == 105
    assert 5 <= body.told <= 7


def test_a_body_that_hangs_is_on_the_screen() -> None:
    session = in_data()
    session.send(b"x" * 10)
    session.tick(0.6)
    assert session.last.opened.octets == 10
    session.tick(30)
    assert session.last.told < 100


def test_ids_are_uuids_of_their_own() -> None:
    session = in_data()
    session.send(b"x\r\n.\r\n")
    assert isinstance(session.arrivals[0].transaction, UUID)
    assert session.arrivals[0].transaction != MESSAGE
