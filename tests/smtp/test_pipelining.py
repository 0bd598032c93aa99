"""RFC 2920: replies in groups, in order, never held back, and who breaks the rules."""

from __future__ import annotations

import pytest

from mailsink.smtp.protocol.proxy_header import SIGNATURE
from tests.smtp.harness import EHLO, ENVELOPE, MESSAGE, Session, play, ready

QUEUED = f"250 2.0.0 Ok: queued as {MESSAGE}"


def test_a_group_is_answered_in_one_write() -> None:
    session = ready()
    session.writes.clear()
    play(
        """
        C: RSET
        C: MAIL FROM:<a@b>
        C: RCPT TO:<1@b>
        C: RCPT TO:<>
        C: DATA
        S: 250 2.0.0 Ok, forgotten
        S: 250 2.1.0 Sender ok
        S: 250 2.1.5 Recipient ok
        S: 501 5.1.3 Bad recipient: <> is no recipient
        S: 354 End the message with <CRLF>.<CRLF>
        """,
        session,
    )
    assert len(session.writes) == 1
    assert [each.flags for each in session.exchanges[2:]] == [
        set(),
        {"pipelined"},
        {"pipelined"},
        {"pipelined"},
        {"pipelined"},
    ]


def test_other_replies_go_out_at_once() -> None:
    session = ready()
    session.writes.clear()
    session.send(b"NOOP\r\nMAIL FROM:<a@b>\r\nFOO\r\nVRFY x\r\n")
    assert [write[:3] for write in session.writes] == [b"250", b"250", b"252"]


def test_half_a_command_does_not_hold_back_replies() -> None:
    session = ready()
    assert session.send(b"MAIL FROM:<a@b>\r\nRCPT TO") == ["250 2.1.0 Sender ok"]
    assert session.send(b":<a@b>\r\n") == ["250 2.1.5 Recipient ok"]
    assert "pipelined" in session.last.flags


def test_a_message_may_begin_a_group() -> None:
    session = ready()
    session.send(ENVELOPE + b"DATA\r\n")
    assert session.send(b"x\r\n.\r\nMAIL FROM:<a@b>\r\nQUIT\r\n") == [
        QUEUED,
        "250 2.1.0 Sender ok",
        "221 2.0.0 Bye",
    ]
    assert all("pipelining_violation" not in each.flags for each in session.exchanges)


def test_who_talks_early_is_known() -> None:
    session = Session(early=EHLO)
    assert "early_talker" in session.exchanges[0].flags
    assert "pipelining_unadvertised" in session.exchanges[1].flags
    assert "early_talker" not in ready().exchanges[0].flags


@pytest.mark.parametrize(
    "early",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n",
        SIGNATURE + b"\x21\x11\x00\x0c" + bytes(12),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_other_protocols_may_talk_first(early: bytes) -> None:
    """Whether their octets come before the greeting or behind it is up to the network."""
    session = Session(early=early)
    assert session.exchanges[0].flags == set()
    assert "pipelining_unadvertised" not in session.exchanges[1].flags


def test_nothing_goes_behind_a_command_that_must_be_last() -> None:
    session = ready()
    session.send(b"NOOP\r\nNOOP\r\n")
    assert session.exchanges[2].flags == {"pipelining_violation"}
    assert session.exchanges[3].flags == {"pipelined"}


def test_octets_behind_data_before_354() -> None:
    session = ready()
    assert session.send(ENVELOPE + b"DATA\r\nx\r\n.\r\n")[-1] == QUEUED
    data, body = session.exchanges[-2:]
    assert data.flags == {"pipelined", "pipelining_violation"}
    assert body.opened.kind == "body"
    assert session.arrivals[0].body.content == b"x\r\n"


def test_a_line_after_an_early_body_is_not_pipelined() -> None:
    session = ready()
    session.send(ENVELOPE + b"DATA\r\nx\r\n.\r\n")
    session.send(b"NOOP\r\n")
    assert session.last.flags == set()


def test_pipelining_that_was_not_offered() -> None:
    session = Session()
    session.send(b"HELO x\r\n")
    session.send(b"NOOP\r\nNOOP\r\n")
    assert session.last.flags == {"pipelined", "pipelining_unadvertised"}
    session.send(EHLO)
    session.send(b"HELO x\r\n")
    session.send(b"NOOP\r\nNOOP\r\n")
    assert session.last.flags == {"pipelined", "pipelining_unadvertised"}
    session.send(EHLO + b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n")
    mail, rcpt = session.exchanges[-2:]
    assert "pipelining_unadvertised" in mail.flags
    assert "pipelining_unadvertised" not in rcpt.flags


def test_each_line_is_told_before_its_reply() -> None:
    session = ready()
    session.now = 1.0
    session.machine.receive(b"NOOP\r\nNO")
    session.now = 2.0
    session.send(b"OP\r\n")
    first, second = session.exchanges[-2:]
    assert first.opened.received_us == 1_000_000
    assert second.opened.received_us == 2_000_000
    assert second.replied is not None
    assert second.replied.ready_us == second.replied.replied_us == 2_000_000


def test_a_client_that_does_not_read_is_not_answered_on() -> None:
    session = ready()
    session.machine.block_output(True)
    assert session.send(b"NOOP\r\nNOOP\r\n") == []
    session.machine.block_output(False)
    assert session.wake() == ["250 2.0.0 Ok"] * 2


def test_a_half_closed_client_loses_nothing() -> None:
    session = ready()
    session.machine.receive(ENVELOPE + b"DATA\r\nx\r\n.\r\n")
    session.half_close()
    assert session.read()[-1] == QUEUED
    assert "half_close" in session.last.flags
    assert session.ending == "dropped"


def test_a_half_closed_client_that_reads_slowly_loses_nothing() -> None:
    session = ready()
    session.machine.block_output(True)
    session.machine.receive(b"NOOP\r\n")
    session.half_close()
    assert session.read() == []
    session.machine.block_output(False)
    assert session.wake() == ["250 2.0.0 Ok"]
    assert session.ending == "dropped"


def test_many_lines_at_once_let_others_have_their_turn() -> None:
    from mailsink.smtp.session.effects import YIELD

    session = ready()
    session.machine.receive(b"NOOP\r\n" * 200)
    effects = [session.machine.step() for _ in range(3)]
    assert effects == [YIELD] * 3


def test_in_a_crowd_a_few_lines_at_once_are_enough() -> None:
    from mailsink.smtp.session.effects import NEED_INPUT, YIELD

    session = ready()
    session.is_crowded = True
    session.machine.receive(b"NOOP\r\n" * 12)
    effects = [session.machine.step() for _ in range(3)]
    assert effects == [YIELD, YIELD, NEED_INPUT]
    # Those who wait for each reply need no turn.
    for _ in range(20):
        session.machine.receive(b"NOOP\r\n")
        assert session.machine.step() is NEED_INPUT


def test_who_waits_for_each_reply_is_held_up_by_a_full_recorder_too() -> None:
    from mailsink.smtp.session.effects import NEED_INPUT, YIELD

    session, effects = ready(), []
    for _ in range(120):
        session.machine.receive(b"NOOP\r\n")
        effects.append(session.machine.step())
        if effects[-1] is YIELD:
            assert session.machine.step() is NEED_INPUT
    assert effects.count(YIELD) == 2
