"""A policy spoils replies: drips, stalls, cuts, and connections that end around them."""

from __future__ import annotations

import pytest

from mailsink.ports import GO_ON, Consult, Decision, Stage
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import ExchangeReplied
from mailsink.smtp.protocol.replies import Reply
from tests.smtp import tls_client
from tests.smtp.harness import EHLO, ENVELOPE, Session, in_data, ready
from tests.smtp.test_policy import only

MAIL = b"MAIL FROM:<a@b.test>\r\n"
OK = "250 2.1.0 Sender ok"


def replied(session: Session) -> ExchangeReplied:
    assert session.last.replied is not None
    return session.last.replied


def test_a_drip() -> None:
    session = ready(**only("mail", Decision(drip=2, rule="slow")))
    session.deliver(MAIL)
    assert session.take() == b"2"
    session.now = 0.5
    session.deliver(b"NOOP\r\n")
    assert session.take() == b"5"
    heard = "25" + session.tick(20)[0]
    assert heard == OK
    mail = session.exchanges[-2].replied
    assert mail is not None
    assert mail.reply == (OK,)
    assert mail.rule == "slow"
    octets = len(OK) + 2
    assert mail.delayed_us == (octets - 1) * 500_000
    assert mail.replied_us == mail.delayed_us


def test_a_fast_drip_goes_in_pieces() -> None:
    session = ready(**only("mail", Decision(drip=100)))
    session.deliver(MAIL)
    assert session.take() == b"250 2"
    assert session.tick(1) == [OK[5:]]


def test_what_is_owed_goes_out_before_a_drip() -> None:
    session = ready(**only("rcpt", Decision(drip=1)))
    session.deliver(ENVELOPE)
    assert session.take() == f"{OK}\r\n2".encode()


def test_a_drip_ends_with_the_connection() -> None:
    session = ready(**only("mail", Decision(drip=1)))
    session.deliver(MAIL)
    session.drop()
    assert session.ending == "dropped"
    assert session.exchanges[-1].replied is not None
    assert session.exchanges[-1].replied.replied_us is None


def test_a_stall_lasts_until_the_client_leaves() -> None:
    session = ready(**only("mail", Decision(stall=True, rule="hang")))
    assert session.send(MAIL) == []
    assert (replied(session).replied_us, replied(session).rule) == (None, "hang")
    assert session.send(b"NOOP\r\n") == []
    assert session.tick(299) == []
    session.drop()
    assert session.ending == "dropped"


def test_a_stall_ends_with_the_time_out() -> None:
    session = ready(**only("mail", Decision(stall=True)))
    session.send(MAIL)
    heard = session.tick(301)
    assert heard == ["421 4.4.2 The reply was kept back for 300 seconds"]
    assert session.ending == "timeout"
    assert session.last.line == "A rule kept the reply back for 300 seconds."


def test_a_stall_does_not_outlast_the_server() -> None:
    session = ready(**only("rcpt", Decision(stall=True)))
    session.send(ENVELOPE)
    session.machine.drain()
    session.wake()
    assert session.ending == "shutdown"


@pytest.mark.parametrize(
    ("decision", "octets"),
    [
        (Decision(kept=2), b"25\r\n"),
        (Decision(garbled=True), b"ko redneS 0.1.2 052\r\n"),
        (Decision(kept=3, garbled=True), b"ko \r\n"),
    ],
)
def test_a_reply_is_spoilt(decision: Decision, octets: bytes) -> None:
    session = ready(**only("mail", decision))
    session.deliver(MAIL)
    assert session.take() == octets
    assert replied(session).reply == (octets.decode().removesuffix("\r\n"),)
    assert replied(session).code == 250
    assert not session.ended


def test_each_line_is_spoilt() -> None:
    session = Session(**only("helo", Decision(kept=4)))
    session.take()
    session.deliver(EHLO)
    lines = session.take().split(b"\r\n")
    assert set(lines[:-2]) == {b"250-"}
    assert lines[-2:] == [b"250 ", b""]


def test_half_a_reply() -> None:
    session = ready(**only("mail", Decision(close="half")))
    session.deliver(MAIL)
    assert session.take() == b"250 2.1.0 "
    assert session.ending == "refused"
    assert not session.machine.session.resets


@pytest.mark.parametrize("close", ["before", "half", "after"])
def test_a_connection_that_is_reset(close: str) -> None:
    decision = Decision(close=close, resets=True)  # type: ignore[arg-type]
    session = ready(**only("mail", decision))
    session.deliver(MAIL)
    assert session.ended
    assert session.machine.session.resets


def test_a_connection_lost_between_the_dot_and_its_reply() -> None:
    session = in_data(**only("body", Decision(close="before", resets=True)))
    assert session.send(b"x\r\n.\r\n") == []
    assert len(session.arrivals) == 1
    assert replied(session).code == 250
    assert replied(session).replied_us is None


def test_extensions_are_withdrawn_until_the_next_ehlo() -> None:
    less = Decision(without=frozenset({"PIPELINING", "STARTTLS"}), size=10)
    decisions = iter([less, GO_ON])
    session = Session(
        Profile(hostname="mx.test", tls=tls_client.server()),
        stages=frozenset({"helo"}),
        decide=lambda consult: next(decisions),
    )
    lines = session.send(EHLO)
    assert "250-SIZE 10" in lines
    assert not {"250-PIPELINING", "250-STARTTLS"} & set(lines)
    assert session.send(b"STARTTLS\r\n")[0].startswith("502 ")
    assert session.send(MAIL.replace(b"\r", b" SIZE=11\r"))[0].startswith("552 5.3.4")
    lines = session.send(EHLO)
    assert {"250-PIPELINING", "250-STARTTLS"} <= set(lines)
    assert "250-SIZE 10" not in lines


@pytest.mark.parametrize(("limit", "size"), [(1000, 1000), (0, 5000)])
def test_no_client_lifts_the_limit_of_sizes(limit: int, size: int) -> None:
    options = only("helo", Decision(size=5000))
    session = Session(Profile(hostname="mx.test", max_message_size=limit), **options)
    assert f"250-SIZE {size}" in session.send(EHLO)
    mail = MAIL.replace(b"\r", b" SIZE=%d\r" % (size + 1))
    assert session.send(mail)[0].startswith("552 5.3.4")


def test_enhanced_codes_are_withdrawn() -> None:
    less = Decision(without=frozenset({"ENHANCEDSTATUSCODES"}))
    session = ready(**only("helo", less))
    assert session.send(MAIL) == ["250 Sender ok"]


def test_a_reply_in_pieces_without_its_enhanced_code() -> None:
    hiding = Profile(hostname="mx.test", hidden=frozenset({"ENHANCEDSTATUSCODES"}))
    session = ready(profile=hiding, **only("mail", Decision(drip=1e6)))
    assert session.send(MAIL) == ["250 Sender ok"]
    assert (replied(session).reply, replied(session).enhanced) == (
        ("250 Sender ok",),
        "",
    )


def test_another_reply_than_354_begins_no_message() -> None:
    session = ready(**only("data", Decision(Reply(250, "2.0.0", ("Done",)))))
    session.send(ENVELOPE)
    assert session.send(b"DATA\r\n") == ["250 2.0.0 Done"]
    assert session.send(b"RSET\r\n") == ["250 2.0.0 Ok, forgotten"]


def test_another_354() -> None:
    session = ready(**only("data", Decision(Reply(354, "", ("Speak",)))))
    session.send(ENVELOPE)
    assert session.send(b"DATA\r\n") == ["354 Speak"]
    assert session.send(b"x\r\n.\r\n")[0].startswith("250 ")


def test_a_chunk_is_refused() -> None:
    def decide(consult: Consult) -> Decision:
        last = consult.facts["argument"] == "LAST"
        return Decision(Reply(452, "4.3.1", ("Later",))) if last else GO_ON

    session = ready(stages=frozenset({"bdat"}), decide=decide)
    session.send(ENVELOPE)
    assert session.send(b"BDAT 1\r\nx")[0].startswith("250 ")
    assert session.send(b"BDAT 1 LAST\r\ny") == ["452 4.3.1 Later"]
    assert session.arrivals == []


@pytest.mark.parametrize("stage", ["bdat", "data"])
def test_another_reply_to_a_chunk(stage: Stage) -> None:
    done = Reply(250, "2.0.0", ("Done",))
    session = ready(**only(stage, Decision(done)))
    session.send(ENVELOPE)
    assert session.send(b"BDAT 1\r\nx") == ["250 2.0.0 Done"]
    last = session.send(b"BDAT 1 LAST\r\ny")
    assert (last == ["250 2.0.0 Done"]) is (stage == "bdat")
    assert len(session.arrivals) == 1


def test_a_chunk_is_not_begun_by_354() -> None:
    session = ready(**only("data", Decision(Reply(354, "", ("Go on",)))))
    session.send(ENVELOPE)
    assert session.send(b"BDAT 1\r\nx")[0].startswith("250 ")


def test_tags_are_noted_once_from_mail_on() -> None:
    session = ready(
        stages=frozenset({"any"}), decide=lambda consult: Decision(tags=("a", "b"))
    )
    session.send(MAIL)
    for _ in range(3):
        session.send(b"NOOP\r\n")
    session.send(b"RCPT TO:<b@b.test>\r\nDATA\r\n")
    session.send(b"x\r\n.\r\n")
    assert session.arrivals[0].handling.tags == ("a", "b")


def test_tags_of_the_sender_alone() -> None:
    session = ready(**only("mail", Decision(tags=("a",))))
    session.send(ENVELOPE + b"DATA\r\n")
    session.send(b"x\r\n.\r\n" + ENVELOPE)
    assert session.arrivals[0].handling.tags == ("a",)


def test_an_address_that_asks_is_asked_about() -> None:
    asked: list[str] = []

    def decide(consult: Consult) -> Decision:
        asked.append(consult.stage)
        return GO_ON

    session = ready(decide=decide, asks=lambda name: name.startswith("x"))
    session.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<b@b>\r\nRCPT TO:<x@b>\r\nDATA\r\n")
    session.send(b".\r\nEHLO x.test\r\nMAIL FROM:<a@b>\r\nAUTH PLAIN AHgAeQ==\r\n")
    session.send(b"RSET\r\nAUTH PLAIN AHgAeQ==\r\n")
    # A name that asks goes with each MAIL.
    assert asked == ["rcpt", "data", "body", "helo", "mail", "auth"]
