"""VRFY and EXPN with a policy that knows somebody; the transcripts tell of one that does not."""

from __future__ import annotations

import pytest

from mailsink.ports import GO_ON, Consult, Decision
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from tests.smtp.harness import Session, in_data, play, ready

STAFF = replies.verified(["Jürgen <jürgen@example.com>", "<ann@example.com>"])


def know(consult: Consult) -> Decision:
    """Knows Ann and the staff."""
    match consult.facts["verb"], consult.facts["argument"]:
        case "VRFY", "ann" | "ann@example.com":
            return Decision(replies.verified(["Ann <ann@example.com>"]), rule="known")
        case "EXPN", "staff":
            utf8 = consult.facts["smtputf8"]
            return Decision(STAFF if utf8 else replies.VERIFIED_NEEDS_UTF8)
    return GO_ON


def knowing() -> Session:
    return ready(stages=frozenset({"vrfy"}), decide=know)


ANN = "250 2.1.5 Ann <ann@example.com>"


@pytest.mark.parametrize("name", ["ann", "ann@example.com", "<ann@example.com>  "])
def test_vrfy(name: str) -> None:
    session = play(f"C: VRFY {name}\nS: {ANN}", knowing())
    assert session.last.replied is not None
    assert session.last.replied.rule == "known"


def test_what_the_policy_does_not_know() -> None:
    play(
        """
        C: VRFY bob
        S: 252 2.1.5 Not verified, but mail to it is taken
        C: EXPN ann
        S: 550 5.1.1 There is no mailing list of this name
        """,
        knowing(),
    )


def test_smtputf8() -> None:
    session = play(
        """
        C: EXPN staff
        S: 252 2.6.8 The answer is not ASCII; ask again with SMTPUTF8 behind the name
        C: EXPN staff smtputf8
        S: 250-2.1.5 Jürgen <jürgen@example.com>
        S: 250 2.1.5 <ann@example.com>
        """,
        knowing(),
    )
    replied = session.exchanges[3].replied
    assert replied is not None
    assert replied.reply[0] == "250-2.1.5 Jürgen <jürgen@example.com>"


def test_a_transaction_is_not_touched() -> None:
    session = knowing()
    session.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    play(f"C: VRFY ann\nS: {ANN}\nC: EXPN x\nS: 550 *", session)
    assert session.send(b"DATA\r\n")[0].startswith("354")


def test_utf8_replies_fit_their_line_and_keep_their_link() -> None:
    long = replies.verified(["ü" * 400 + " <a@b>"])
    session = ready(stages=frozenset({"vrfy"}), decide=lambda _: Decision(long))
    (line,) = session.send(b"VRFY x\r\n")
    assert len(line.encode()) <= 510
    assert line.endswith("...")
    moved = replies.moved("ü" * 400 + "@example.com")
    session = ready(
        profile=Profile(public_url="http://mail.test"),
        stages=frozenset({"vrfy"}),
        decide=lambda _: Decision(moved),
    )
    (line,) = session.send(b"VRFY x\r\n")
    assert len(line.encode()) <= 510
    assert "... (why: http://mail.test/s/" in line


def test_text_of_a_rule_stays_ascii() -> None:
    for text, sent in (("ü\r\n250 x", r"\xfc\x0d\x0a250 x"), ("ü", r"\xfc")):
        rude = Decision(replies.Reply(250, "2.0.0", (text,)))
        session = ready(stages=frozenset({"vrfy"}), decide=lambda _, rude=rude: rude)
        assert session.send(b"VRFY x\r\n") == [f"250 2.0.0 {sent}"]


def test_mail_and_rcpt_are_asked_about_with_what_the_client_allows() -> None:
    session = in_data(stages=frozenset({"mail", "rcpt"}))
    assert session.consulted[0].facts["parameters"] == ""
    assert "smtputf8" not in session.consulted[1].facts
    session = ready(stages=frozenset({"mail", "rcpt"}))
    session.send(b"MAIL FROM:<a@b> SMTPUTF8 SIZE=3\r\nRCPT TO:<c@d>\r\n")
    assert session.consulted[0].facts["parameters"] == "SMTPUTF8 SIZE=3"
    assert session.consulted[1].facts["smtputf8"] == 1
