"""What Mailsink says as a client, after ATRN or TURN, is nothing that the client did."""

from __future__ import annotations

import pytest

from inbox.insight import session_facts, trace
from inbox.insight.findings import session_evidence
from inbox.insight.replay import of as replay_of
from inbox.mailbox import transcripts
from inbox.mailbox.scope import ALL
from inbox.models import Session
from tests import factories

pytestmark = pytest.mark.django_db

OUTWARD = [
    ("EHLO", "EHLO sink.test", 250),
    ("MAIL", "MAIL FROM:<sender@outward.test>", 550),
    ("RCPT", "RCPT TO:<rcpt@outward.test>", 550),
    ("QUIT", "QUIT", 221),
]


@pytest.fixture
def session() -> Session:
    """A client that sent a message, then turned the connection round."""
    session = factories.session(ending="turned", exchanges=7, messages=1)
    sent = factories.transaction(
        session=session, seq=1, outcome="accepted", recipients=["b@example.com"]
    )
    factories.exchange(session, 1, kind="connect", verb="", line="", code=220)
    for seq, verb in enumerate(("MAIL", "ATRN"), 2):
        line = f"{verb} x"
        factories.exchange(session, seq, verb=verb, line=line, transaction=sent)
    for seq, (verb, line, code) in enumerate(OUTWARD, 4):
        factories.exchange(
            session, seq, verb=verb, line=line, code=code, direction="out", flags=""
        )
    return session


def test_it_is_no_refusal_of_the_client(session: Session) -> None:
    [facts] = session_facts.of([session]).values()
    assert facts.refusal is None


SENT = [
    ("body", "", "", 250),
    ("chunk", "BDAT", "BDAT 5", 250),
    ("chunk", "BDAT", "BDAT 5 LAST", 250),
    ("chunk", "BDAT", "BDAT 5 LAST", 451),
    ("body", "", "", 554),
    ("body", "", "", None),
]


def test_what_was_sent_is_counted(session: Session) -> None:
    other = factories.session(ending="turned")
    for seq, (kind, verb, line, code) in enumerate(SENT, 8):
        factories.exchange(
            session, seq, kind=kind, verb=verb, line=line, code=code,
            direction="out", flags="",
        )  # fmt: skip
    factories.exchange(other, 1, kind="body", verb="", line="", code=250)  # came in
    facts = session_facts.of([session, other])
    assert [facts[each.pk].sent for each in (session, other)] == [2, 0]


def test_of_a_long_session_it_is_not_known(session: Session) -> None:
    session.exchanges = 2001
    [facts] = session_facts.of([session]).values()
    assert facts.sent is None


@pytest.mark.parametrize(("code", "left"), [(250, False), (450, True)])
def test_the_client_owes_no_quit_then(code: int, left: bool) -> None:
    session = factories.session(ending="dropped", last_verb="ATRN", exchanges=1)
    factories.exchange(session, 1, verb="ATRN", line="ATRN", code=code)
    found = session_evidence.gather([session])[session.pk]
    assert ("no_quit" in found.counts) is left


def test_it_is_not_reproduced(session: Session) -> None:
    replay = str(replay_of(ALL, str(session.pk), "http://localhost/"))
    assert "MAIL x" in replay
    assert "sink.test" not in replay
    assert "outward.test" not in replay


def test_it_is_not_in_the_transcript_of_the_message(session: Session) -> None:
    sent = session.transaction_set.get()
    lines = transcripts.of_transaction(sent)
    assert [each.direction for each in lines] == ["in"] * 3


@pytest.mark.parametrize("address", ["sender@outward.test", "rcpt@outward.test"])
def test_no_trace_leads_to_it(session: Session, address: str) -> None:
    assert trace.trace(ALL, address).evidence == []
