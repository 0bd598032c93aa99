"""What came as a file has no client: no attempt, no finding and no evidence is made of it."""

from __future__ import annotations

import pytest

from inbox.errors import NotFound
from inbox.insight import attempts, findings, fingerprints, mail_refusals, replay
from inbox.insight.trace import trace
from inbox.mailbox.scope import ALL
from inbox.models import Fingerprint, Message, Session, Transaction
from inbox.onboarding import probe
from inbox.upkeep import indexer
from tests import factories

pytestmark = pytest.mark.django_db

HOME = "127.0.0.1"  # whence files are imported, and where clients are too
HEAD = b"From: a@shop.test\r\nTo: bob@example.com\r\nSubject: Hi\r\n"
NAMED = HEAD + b"Message-ID: <1@shop.test>\r\n\r\nHi.\r\n"
NAMELESS = HEAD + b"\r\nHi.\r\n"


def a_client(**fields: object) -> Session:
    return factories.session(client_address=HOME, helo="", ending="quit", **fields)


def attempted(body: bytes | None, **fields: object) -> Transaction:
    """A transaction of the same sender and recipient, which was refused."""
    return factories.transaction(
        body=body, recipients=["bob@example.com"], reverse_path="a@shop.test",
        session=a_client(), **fields,
    )  # fmt: skip


def number_all() -> dict[object, int]:
    made = fingerprints.Fingerprints()
    while made.make_some()[0]:
        pass
    return dict(Fingerprint.objects.values_list("pk", "attempt"))


def count_attempts(of: object) -> int:
    return len(attempts.of_transaction(ALL, str(of)).attempts)


@pytest.mark.parametrize("body", [NAMED, NAMELESS])
def test_an_import_is_no_attempt(body: bytes) -> None:
    """Neither by its Message-ID nor by its octets, nor by address and envelope."""
    before = attempted(body)
    one, two = factories.imported(body), factories.imported(body)
    after = attempted(body, code=250, outcome="accepted", recipients_accepted=1)
    factories.message_of(after, body)
    assert count_attempts(before.pk) == count_attempts(after.pk) == 2
    for each in (one, two):
        assert count_attempts(each.transaction_id) == 1
    assert number_all() == {
        before.pk: 1,
        one.transaction_id: 1,
        two.transaction_id: 1,
        after.pk: 2,
    }


def test_an_import_does_not_make_a_first_attempt_the_second() -> None:
    factories.imported(NAMED)
    sent = attempted(NAMED, code=250, outcome="accepted", recipients_accepted=1)
    assert number_all()[sent.pk] == 1


def test_a_refused_mail_does_not_belong_to_an_import() -> None:
    session = a_client()
    line = factories.exchange(
        session,
        2,
        verb="MAIL",
        line="MAIL FROM:<a@shop.test>",
        code=451,
        reply="451 No",
    )
    imported = factories.imported(NAMED)
    assert mail_refusals.following(ALL, session, line) is None
    assert count_attempts(imported.transaction_id) == 1
    history = attempts.of_exchange(ALL, line)
    assert history is not None
    assert len(history.attempts) == 1


def test_an_import_is_no_connection_with_a_single_message() -> None:
    factories.imported()
    session = a_client(messages=1)
    assert findings.of_session(session).findings == ()


def test_an_import_does_not_excuse_a_body_that_was_cut_off() -> None:
    kind = "aborted_in_data"
    cut = attempted(None, outcome="aborted", code=None)
    factories.exchange(
        cut.session, 4, kind="body", verb="", line="", code=None, flags=kind,
        transaction=cut,
    )  # fmt: skip
    before = findings.of_session(cut.session).findings
    factories.imported(NAMED)
    assert findings.of_session(cut.session).findings == before
    assert [each.kind.name for each in before] == [kind]


def test_an_import_has_no_findings() -> None:
    mail = HEAD.replace(b"bob@example.com", b"bob@localhost") + b"\r\nHi \xff.\r\n"
    message = factories.imported(mail)
    session = message.transaction.session
    assert findings.of_session(session).findings == ()
    assert findings.counts([session]) == {session.pk: 0}
    assert indexer.index_some()
    assert findings.of_session(session).findings == ()


def test_an_import_has_nothing_to_repeat() -> None:
    session = factories.imported().transaction.session
    with pytest.raises(NotFound, match="the client sent nothing"):
        replay.of(ALL, str(session.pk), "http://localhost:8025")


def test_a_trace_finds_the_message_and_no_session() -> None:
    message = factories.imported(NAMED)
    (evidence,) = trace(ALL, "bob@example.com").evidence
    assert (evidence.message, evidence.session) == (message.pk, None)
    assert evidence.session_url == ""
    Message.objects.all().delete()
    (evidence,) = trace(ALL, "bob@example.com").evidence
    assert (evidence.kind, evidence.session, evidence.url) == ("removed", None, "")


def test_imports_do_not_hide_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_RECENT", 1)
    session = factories.session(helo=f"probe-1.{probe.DOMAIN}")
    factories.imported()
    assert probe.arrival(ALL, "probe-1") == session
