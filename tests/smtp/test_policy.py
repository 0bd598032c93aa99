"""A policy decides: replies, delays and drops, at the stages that it wants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailsink.ports import GO_ON, Consult, Decision, Refused, Stage
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import Handling, RecipientAnswered, TransactionEnded
from mailsink.smtp.protocol.replies import Reply
from tests.smtp.harness import EHLO, ENVELOPE, Session, in_data, ready

BUSY = Reply(450, "4.2.1", ("Mailbox busy",))
SLOW = Decision(delay=2.5, rule="slow")


def at(stage: Stage, decision: Decision) -> Callable[[Consult], Decision]:
    return lambda consult: decision if consult.stage == stage else GO_ON


def only(stage: Stage, decision: Decision) -> dict[str, object]:
    return {"stages": frozenset({stage}), "decide": at(stage, decision)}


def test_an_empty_policy_is_never_asked() -> None:
    session = in_data()
    session.send(b"x\r\n.\r\nQUIT\r\n")
    assert session.consulted == []


def test_each_stage_is_asked_with_what_is_known() -> None:
    session = in_data(stages=frozenset({"any"}))
    session.send(b"x\r\n.\r\nRSET\r\nVRFY joe\r\nNOOP\r\nFOO\r\nAUTH NTLM\r\n")
    session.send(b"AUTH LOGIN eA==\r\neQ==\r\nETRN b.test\r\nQUIT\r\n")
    asked = [each.stage for each in session.consulted]
    assert asked == [
        "connect", "helo", "mail", "rcpt", "data", "body",
        "rset", "vrfy", "any", "any", "auth", "etrn", "quit",
    ]  # fmt: skip
    facts = session.consulted[5].facts
    assert facts == {
        "client_address": "192.0.2.7",
        "listener": "127.0.0.1:1025",
        "helo": "client.test",
        "reverse_path": "a@example.com",
        "transaction": 1,
        "size": 3,
    }
    assert session.consulted[5].recipients == ["b@example.com"]
    assert session.consulted[5].body is not None
    assert session.consulted[3].facts["forward_path"] == "b@example.com"
    assert session.consulted[3].facts["verb"] == "RCPT"


def test_the_policy_hears_whether_a_name_may_ask() -> None:
    session = ready(
        stages=frozenset({"any"}), asks=lambda name: name == "x@example.com"
    )
    session.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
    session.send(b"RCPT TO:<x@example.com>\r\nDATA\r\nx\r\n.\r\n")
    session.send(b"MAIL FROM:<a@example.com>\r\n")
    heard = [(each.stage, each.may_ask) for each in session.consulted[2:]]
    assert heard == [
        ("mail", False), ("rcpt", False), ("rcpt", True), ("data", True), ("body", True),
        ("mail", False),
    ]  # fmt: skip


def test_only_the_stages_that_are_wanted() -> None:
    session = in_data(stages=frozenset({"rcpt"}))
    assert [each.stage for each in session.consulted] == ["rcpt"]


REFUSALS: list[tuple[Stage, bytes]] = [
    ("helo", b"EHLO again.test\r\n"),
    ("mail", b"MAIL FROM:<a@b>\r\n"),
    ("vrfy", b"VRFY joe\r\n"),
    ("rset", b"RSET\r\n"),
    ("quit", b"QUIT\r\n"),
    ("auth", b"AUTH PLAIN AHVzZXIAcGFzcw==\r\n"),
    ("etrn", b"ETRN b.test\r\n"),
    ("any", b"NOOP\r\n"),
]


@pytest.mark.parametrize(("stage", "line"), REFUSALS)
def test_a_refusal_changes_nothing(stage: Stage, line: bytes) -> None:
    session = Session(
        stages=frozenset({stage}),
        decide=lambda consult: (
            Decision(BUSY, rule="busy") if "helo" in consult.facts else GO_ON
        ),
    )
    session.send(EHLO)
    assert session.send(line) == ["450 4.2.1 Mailbox busy"]
    assert session.last.replied is not None
    assert session.last.replied.rule == "busy"
    assert not session.ended
    assert session.machine.session.helo == "client.test"
    assert session.machine.session.transaction is None
    assert session.machine.session.user is None


def test_a_refused_recipient_is_told() -> None:
    session = ready(**only("rcpt", Decision(BUSY)))
    assert session.send(ENVELOPE)[1] == "450 4.2.1 Mailbox busy"
    assert [each.code for each in session.told(RecipientAnswered)] == [450]
    assert session.send(b"DATA\r\n") == ["554 5.5.1 No valid recipients"]


def test_refused_at_connect() -> None:
    refusal = Reply(554, "", ("No SMTP service here",))
    session = Session(**only("connect", Decision(refusal)))
    assert session.read() == ["554 No SMTP service here"]
    assert session.ending == "refused"


def test_refused_in_place_of_354() -> None:
    session = ready(**only("data", Decision(BUSY)))
    session.send(ENVELOPE)
    assert session.send(b"DATA\r\n") == ["450 4.2.1 Mailbox busy"]


def test_a_message_that_a_policy_praises_is_stored_first() -> None:
    thanks = Decision(Reply(250, "2.0.0", ("Thank you",)))
    session = in_data(**only("body", thanks))
    assert session.send(b"x\r\n.\r\n") == ["250 2.0.0 Thank you"]
    assert len(session.arrivals) == 1
    refused = Refused(replies.DISK_FULL)
    session = in_data(**only("body", thanks), store=lambda arrival: refused)
    assert session.send(b"x\r\n.\r\n")[0].startswith("452 4.3.1")


def test_a_refused_body_is_handed_over() -> None:
    session = in_data(**only("body", Decision(BUSY)))
    assert session.send(b"x\r\n.\r\n") == ["450 4.2.1 Mailbox busy"]
    (event,) = session.told(TransactionEnded)
    assert (event.outcome, event.code) == ("rejected", 450)
    assert event.body is not None
    assert event.body.content == b"x\r\n"


def test_a_policy_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    def fail(consult: Consult) -> Decision:
        raise RuntimeError("s3cret detail")

    session = in_data(stages=frozenset({"body"}), decide=fail)
    (reply,) = session.send(b"x\r\n.\r\n")
    assert reply == "451 4.3.0 Internal error, nothing was done; see the log"
    (event,) = session.told(TransactionEnded)
    assert event.body is not None
    assert event.body.content == b"x\r\n"
    assert not session.ended


def test_another_word_for_success() -> None:
    forwarded = Reply(251, "2.1.5", ("Will forward",))
    session = ready(**only("rcpt", Decision(forwarded)))
    assert session.send(ENVELOPE)[1] == "251 2.1.5 Will forward"
    assert session.send(b"DATA\r\n")[0].startswith("354 ")


def test_tags_go_with_the_message() -> None:
    session = in_data(**only("rcpt", Decision(tags=("seen",))))
    session.send(b"x\r\n.\r\n")
    assert session.arrivals[0].handling.tags == ("seen",)


def test_what_becomes_of_a_message_is_noted_from_mail_on() -> None:
    decisions: dict[Stage, Decision] = {
        "mail": Decision(pinned=True, inbox="first", tags=("a",)),
        "rcpt": Decision(inbox="second", tags=("b", "a")),
    }
    session = in_data(
        stages=frozenset({"any"}),
        decide=lambda consult: decisions.get(consult.stage, GO_ON),
    )
    session.send(b"x\r\n.\r\n")
    assert session.arrivals[0].handling == Handling(("a", "b"), True, "second")
    session.send(b"RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
    decisions.clear()
    session.send(b"x\r\n.\r\n")
    assert session.arrivals[1].handling.inbox == "second"
    session.send(ENVELOPE + b"DATA\r\n")
    session.send(b"x\r\n.\r\n")
    assert session.arrivals[2].handling == Handling()


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "body"])
def test_a_message_is_discarded_behind_its_250(stage: Stage) -> None:
    session = in_data(**only(stage, Decision(discarded=True, rule="#7")))
    assert session.send(b"x\r\n.\r\n") == [
        "250 2.0.0 Ok: discarded, as a rule wants it"
    ]
    assert session.arrivals == []
    (event,) = session.told(TransactionEnded)
    assert (event.outcome, event.code) == ("discarded", 250)
    assert event.body is not None
    assert event.body.content == b"x\r\n"
    assert session.last.replied is not None
    assert session.last.replied.rule == "#7"
    assert session.send(b"MAIL FROM:<a@b>\r\n")[0].startswith("250")


def test_a_message_in_chunks_is_discarded_too() -> None:
    session = ready(**only("data", Decision(discarded=True)))
    session.send(ENVELOPE)
    heard = session.send(b"BDAT 1 LAST\r\nx")
    assert heard == ["250 2.0.0 Ok: discarded, as a rule wants it"]
    assert session.told(TransactionEnded)[0].outcome == "discarded"


def test_a_delay_is_waited_and_told() -> None:
    session = ready(**only("mail", SLOW))
    assert session.send(b"MAIL FROM:<a@b>\r\n") == []
    assert session.tick(2.4) == []
    assert session.send(b"NOOP\r\n") == []
    assert session.tick(0.2) == ["250 2.1.0 Sender ok", "250 2.0.0 Ok"]
    mail = session.exchanges[-2].replied
    assert mail is not None
    assert (mail.delayed_us, mail.rule) == (2_500_000, "slow")
    assert mail.replied_us is not None
    assert mail.replied_us - mail.ready_us >= 2_500_000


def test_a_delay_flushes_what_is_owed() -> None:
    session = ready(**only("rcpt", SLOW))
    assert session.send(ENVELOPE) == ["250 2.1.0 Sender ok"]


def test_a_delay_ends_with_the_connection() -> None:
    session = ready(**only("mail", SLOW))
    session.send(b"MAIL FROM:<a@b>\r\n")
    session.drop()
    assert session.ending == "dropped"


def test_a_drop_before_the_reply() -> None:
    session = ready(**only("mail", Decision(close="before", rule="drop")))
    assert session.send(b"MAIL FROM:<a@b>\r\n") == []
    assert session.ending == "refused"
    replied = session.last.replied
    assert replied is not None
    assert (replied.replied_us, replied.rule) == (None, "drop")


def test_a_drop_before_the_final_reply_keeps_the_message() -> None:
    session = in_data(**only("body", Decision(close="before")))
    assert session.send(b"x\r\n.\r\n") == []
    assert len(session.arrivals) == 1
    assert session.told(TransactionEnded) == []


def test_a_drop_after_the_reply() -> None:
    session = ready(**only("data", Decision(close="after")))
    assert session.send(ENVELOPE + b"DATA\r\n")[-1].startswith("354 ")
    assert session.ending == "refused"


def test_421_closes() -> None:
    session = ready(**only("mail", Decision(Reply(421, "4.7.0", ("Go away",)))))
    assert session.send(b"MAIL FROM:<a@b>\r\n") == ["421 4.7.0 Go away"]
    assert session.ending == "refused"


def test_a_rule_cannot_break_out_of_its_line() -> None:
    evil = Reply(450, "4.0.0", ("a\r\n250 ok é\0", "x" * 600))
    session = ready(**only("mail", Decision(evil)))
    first, second = session.send(b"MAIL FROM:<a@b>\r\n")
    assert first == r"450-4.0.0 a\x0d\x0a250 ok \xe9\x00"
    assert len(second) == 510


def test_a_session_ends_by_2yz_only() -> None:
    session = ready(**only("quit", Decision(Reply(354, "", ("Go on",)))))
    assert session.send(b"QUIT\r\n") == ["354 Go on"]
    assert not session.ended
