"""The attempts at one message, joined: which, in which words, and within which bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import NotFound
from inbox.explain import attempt_history
from inbox.explain.attempt_history import AttemptHistory
from inbox.insight import attempts, fingerprints
from inbox.insight.attempts import alike
from inbox.mailbox import sessions
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Fingerprint, Message, Recipient, Session, Transaction
from mailsink.ids import first_at
from tests import factories
from tests.between import after_query

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ANN = "ann@example.com"


def mail(message_id: str = "", subject: str = "Hello", text: str = "Hi.") -> bytes:
    head = f"Message-ID: <{message_id}>\r\n" if message_id else ""
    return f"From: a@shop.test\r\nSubject: {subject}\r\n{head}\r\n{text}\r\n".encode()


_made = 0


def at(seconds: float) -> UUID:
    """Return an id that was made so many seconds after the start."""
    global _made
    _made += 1
    return UUID(int=first_at(START.timestamp() + seconds).int | 7 << 76 | _made)


def session(seconds: float, **fields: Any) -> Session:
    opened_at = START + timedelta(seconds=seconds)
    given = {"ending": "quit", "exchanges": 3, "refused": 1}
    return factories.session(id=at(seconds), opened_at=opened_at, **given | fields)


def attempted(
    seconds: float,
    code: int | None = 451,
    body: bytes | None = None,
    to: tuple[str, ...] = (ANN,),
    in_session: dict[str, Any] | None = None,
    **fields: Any,
) -> Transaction:
    """A transaction of a session of its own, which lasted a second."""
    outcome = fields.pop("outcome", "accepted" if code == 250 else "rejected")
    made = factories.transaction(
        id=at(seconds), session=session(seconds, **in_session or {}), code=code,
        outcome=outcome, body=body, recipients=to, started_us=0, ended_us=1_000_000,
        **{"recipients_accepted": len(to), **fields},
    )  # fmt: skip
    if body is None and code:
        Recipient.objects.filter(transaction=made).update(rcpt_code=code)
        Transaction.objects.filter(pk=made.pk).update(
            recipients_accepted=0, recipients_refused=len(to)
        )
        factories.exchange(
            made.session, 2, verb="RCPT", transaction=made, code=code,
            reply=f"{code} 4.7.1 Later (why: http://x/s/1)",
        )  # fmt: skip
    return made


def accepted(seconds: float, body: bytes = b"", **fields: Any) -> Transaction:
    made = attempted(seconds, 250, body or mail(), **fields)
    row = Transaction.objects.get(pk=made.pk)
    factories.message_of(row, body or mail(), id=at(seconds + 1), received_at=START)
    return row


def history(of: Transaction) -> AttemptHistory:
    found = attempts.of_transaction(ALL, of.pk)
    assert found.attempts[found.at].transaction == of.pk
    assert [e.started_at for e in found.attempts] == sorted(
        e.started_at for e in found.attempts
    )
    for each in found.attempts:
        assert attempt_history.label(each)
        assert attempt_history.words(each)
        assert each.url
    return found


def print_all() -> None:
    made = fingerprints.Fingerprints()
    while made.make_some()[0]:
        pass


def test_alone_is_one_attempt() -> None:
    found = history(accepted(0))
    assert (len(found.attempts), found.total, found.joined) == (1, 1, None)
    assert attempt_history.basis(found) == ""
    assert not found.several


@pytest.mark.parametrize("printed", [True, False])
def test_refused_twice_at_rcpt_then_accepted(printed: bool) -> None:
    first, second = attempted(0), attempted(6)
    third = accepted(69)
    if printed:
        print_all()
        numbers = [e.attempt for e in Fingerprint.objects.order_by("transaction")]
        assert numbers == [1, 2, 3]
    for each in (first, second, third):
        found = history(each)
        assert attempt_history.summary(found) == (
            "Maybe 3 attempts: 451 → 451 → 250, waits 5 s, 62 s"
        )
        assert found.joined == "envelope"
        assert [e.likely for e in found.attempts] == [
            e.transaction != each.pk for e in found.attempts
        ]
        assert attempt_history.basis(found).startswith("Maybe the same message")
    assert attempt_history.upshot(history(first)) == "maybe accepted 69 s later"
    assert attempt_history.upshot(history(third)) == ""
    one = history(first).attempts[0]
    assert attempt_history.words(one) == "refused at RCPT with 451 4.7.1 Later"
    assert sessions.by_short_id(ALL, one.url.removeprefix("/s/"))[1] == 2


def test_joined_by_message_id_over_days() -> None:
    first = attempted(0, 452, mail("1@x"))
    attempted(10, 452, mail("2@x"))
    last = accepted(5 * 86_400, mail("1@x", text="changed"))
    print_all()
    for each in (first, last):
        found = history(each)
        assert found.joined == "message-id"
        assert attempt_history.chain(found) == "452 → 250"
        assert not found.likely
    assert attempt_history.upshot(history(first)) == "accepted 5 days later"


def test_joined_by_the_body_where_there_is_no_message_id() -> None:
    first = attempted(
        0, 554, mail(text="same"), in_session={"client_address": "10.0.0.1"}
    )
    attempted(10, 554, mail(text="another", subject="Other"))
    again = accepted(5 * 86_400, mail(text="same"))
    print_all()
    found = history(again)
    assert [e.transaction for e in found.attempts] == [first.pk, again.pk]
    assert found.joined == "body"


def test_a_fixture_that_is_sent_again_is_another_message() -> None:
    made = [accepted(0, mail()), attempted(10, 554, mail()), accepted(20, mail())]
    last = accepted(30, mail())
    print_all()
    assert [e.attempt for e in Fingerprint.objects.order_by("pk")] == [1, 1, 2, 1]
    assert [len(history(e).attempts) for e in (*made, last)] == [1, 2, 2, 1]


def test_accepted_twice_is_told() -> None:
    first = accepted(0, mail("1@x"))
    accepted(30, mail("1@x"))
    print_all()
    found = history(first)
    assert attempt_history.summary(found) == "2 attempts: 250 → 250, wait 29 s"
    assert attempt_history.upshot(found) == ""


def test_a_copy_for_another_recipient_is_not_another_attempt() -> None:
    first = accepted(0, mail("1@x"))
    accepted(1, mail("1@x"), to=("bob@example.com",))
    print_all()
    assert not history(first).several


def test_what_was_accepted_ends_a_likely_story() -> None:
    attempted(0)
    accepted(10, mail(subject="One"))
    third = attempted(20)
    fourth = accepted(30, mail(subject="Two"))
    fifth = accepted(40, mail(subject="Three"))
    assert attempt_history.chain(history(third)) == "451 → 250"
    assert attempt_history.chain(history(fourth)) == "451 → 250"
    assert not history(fifth).several


def test_another_subject_is_another_message() -> None:
    one = attempted(0, 452, mail("1@x", "Order"))
    other = attempted(1, 452, mail("2@x", "Reset"))
    rebuilt = accepted(9, mail("3@x", "Order"))
    assert attempt_history.chain(history(one)) == "452 → 250"
    assert attempt_history.chain(history(rebuilt)) == "452 → 250"
    assert not history(other).several
    assert history(rebuilt).likely


@pytest.mark.parametrize(
    "fields",
    [
        {"in_session": {"client_address": "10.9.9.9"}},
        {"in_session": {"helo": "another.example"}},
        {"reverse_path": "other@example.com"},
        {"to": ("bob@example.com",)},
        {"to": ("ann2@example.com",)},
    ],
)
def test_another_envelope_or_client_is_not_joined(fields: dict[str, Any]) -> None:
    first = attempted(0)
    attempted(10, **fields)
    assert not history(first).several


def test_the_same_user_at_another_address_is_joined() -> None:
    user = {"auth_username": "shop", "client_address": "10.0.0.1"}
    first = attempted(0, in_session=user)
    attempted(10, in_session={**user, "client_address": "10.0.0.2"})
    assert history(first).several


def test_not_joined_after_24_hours() -> None:
    first = attempted(0)
    attempted(86_399 + 2)
    assert not history(first).several


def test_stopped_at_the_first_refused_recipient_or_tried_again_for_one() -> None:
    both = ("bob@example.com", "Ann@Example.com")
    first = attempted(0, to=both[:1])
    second = attempted(10, 250, mail(), to=both, recipients_refused=1)
    last = attempted(20, 250, mail(), to=(ANN,))
    assert attempt_history.chain(history(second)) == "451 → 250 (1 of 3 refused) → 250"
    assert attempt_history.tone(history(second).attempts[1]) == "warning"
    assert attempt_history.upshot(history(second)) == "accepted 10 s later"
    assert attempt_history.chain(history(first)) == "451 → 250 (1 of 3 refused)"
    assert attempt_history.chain(history(last)) == "250 (1 of 3 refused) → 250"


def test_a_session_that_died_is_an_attempt() -> None:
    first = attempted(0, None, b"Subject: Hello\r\n\r\nH", outcome="abandoned")
    last = accepted(20)
    found = history(last)
    assert attempt_history.chain(found) == "cut off → 250"
    assert attempt_history.words(found.attempts[0]) == "cut off after 19 bytes"
    assert found.attempts[0].url == f"/transactions/{first.pk}"


@pytest.mark.parametrize(
    ("ending", "body", "words"),
    [
        ("timeout", b"Subject: H", "cut off after 10 bytes: the connection to the client timed out"),
        ("shutdown", b"Subject: H", "cut off after 10 bytes: Mailsink was stopped"),
        ("timeout", None, "the connection to the client timed out before the message arrived"),
    ],
)  # fmt: skip
def test_a_session_that_mailsink_ended_refused_no_message(
    ending: str, body: bytes | None, words: str
) -> None:
    code = 421 if body else None
    of = attempted(0, code, body, outcome="abandoned", in_session={"ending": ending})
    [one] = history(of).attempts
    assert (attempt_history.label(one), attempt_history.words(one)) == (
        "cut off",
        words,
    )


def test_giving_up_without_a_refusal_is_not_an_attempt_at_another_message() -> None:
    gave_up = attempted(0, None, outcome="abandoned")
    cut = attempted(10, None, b"Subject: Hello\r\n\r\nH", outcome="abandoned")
    last = accepted(20)
    assert not history(gave_up).several
    assert (
        attempt_history.chain(history(cut))
        == attempt_history.chain(history(last))
        == "cut off → 250"
    )


def test_refused_at_mail() -> None:
    refused = session(0, transactions=0, exchanges=2)
    line = factories.exchange(
        refused, 2, verb="MAIL", line="MAIL FROM:<ann@example.com> SIZE=10", code=530,
        reply="530 5.7.0 Log in first",
    )  # fmt: skip
    alone = attempts.of_exchange(ALL, line)
    assert alone
    assert attempt_history.chain(alone) == "530"
    last = accepted(7)
    found = history(last)
    assert attempt_history.chain(found) == "530 → 250"
    assert (
        attempt_history.words(found.attempts[0])
        == "refused at MAIL with 530 5.7.0 Log in first"
    )
    asked = attempts.of_exchange(ALL, line)
    assert asked
    assert attempt_history.upshot(asked) == "maybe accepted 8 s later"
    later = accepted(60, mail(subject="Later"))
    assert not history(later).several


def test_an_exchange_of_no_message_has_no_story() -> None:
    made = session(0)
    assert attempts.of_exchange(ALL, factories.exchange(made, 1)) is None


def test_deleted_messages_stay_in_the_story() -> None:
    first = attempted(0, 452, mail("1@x"))
    last = accepted(5, mail("1@x"))
    Message.objects.update(deleted_at=START)
    assert history(first).attempts[1].url == f"/transactions/{last.pk}"


def test_the_scope_holds() -> None:
    other = factories.Inbox.objects.create(slug="other", name="Other")
    first = attempted(0, 452, mail("1@x"))
    attempted(5, 452, mail("1@x"), inbox=other)
    print_all()
    scope = Scope(frozenset({first.inbox_id}))
    assert not attempts.of_transaction(scope, first.pk).several
    with pytest.raises(NotFound):
        attempts.of_transaction(Scope(frozenset()), first.pk)
    with pytest.raises(NotFound):
        attempts.of_transaction(ALL, "nonsense")


def test_very_many_are_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "MOST", 10)
    first = attempted(0, 452, mail("1@x"))
    for number in range(30):
        attempted(10 + 2 * number, 452, mail("1@x"))
    print_all()
    assert Fingerprint.objects.order_by("-transaction")[0].attempt == 31
    found = attempts.of_transaction(ALL, first.pk)
    assert (len(found.attempts), found.total, found.at) == (10, 31, 0)
    assert found.number == 1
    assert attempt_history.summary(found).startswith(
        "31 attempts, of which the newest 10: 452 → 452 → 452 → 452 → … 2 more … →"
    )


def test_many_with_one_message_id_for_others_are_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A newsletter: each person gets it once, with the same Message-ID."""
    monkeypatch.setattr(alike, "MOST", 10)
    first = attempted(0, 452, mail("1@x"))
    for number in range(15):
        accepted(10 + number, mail("1@x"), to=(f"reader{number}@example.com",))
    last = accepted(40, mail("1@x"))
    print_all()
    numbers = dict(Fingerprint.objects.values_list("pk", "attempt"))
    assert numbers.pop(last.pk) == 2
    assert set(numbers.values()) == {1}
    found = attempts.of_transaction(ALL, last.pk)
    assert [each.transaction for each in found.attempts] == [first.pk, last.pk]
    assert found.total == 2


def test_fixtures_before_a_failure_are_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a Message-ID, the same octets are sent again and again by a test."""
    monkeypatch.setattr(alike, "MOST", 10)
    for number in range(15):
        accepted(2 * number, mail())
    attempted(40, 452, mail())
    last = accepted(50, mail())
    print_all()
    assert attempts.of_transaction(ALL, last.pk).total == 2
    assert Fingerprint.objects.get(pk=last.pk).attempt == 2


def test_the_work_for_one_more_does_not_grow_with_those_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alike, "MOST", 5)
    for number in range(8):
        accepted(number, mail("1@x"))
    print_all()
    accepted(20, mail("1@x"))
    made = fingerprints.Fingerprints()
    with CaptureQueriesContext(connection) as queries:
        made.make_some()
    assert Fingerprint.objects.order_by("-transaction")[0].attempt == 9
    assert len(queries) < 17


def test_queries_do_not_grow_with_what_is_stored() -> None:
    last = accepted(100, mail("1@x"))
    counts = []
    for start in (0, 20, 40):
        for number in range(10):
            attempted(start + number, 452, mail("1@x"))
        with CaptureQueriesContext(connection) as queries:
            history(last)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] < 25


@pytest.mark.parametrize("has_id", [True, False])
def test_queries_do_not_grow_with_the_fingerprints_of_a_step(has_id: bool) -> None:
    counts = []
    for number in (2, 18):
        for each in range(number):
            name = f"{number}-{each}@x"
            accepted(number, mail(name) if has_id else mail(text=name))
        made = fingerprints.Fingerprints()
        with CaptureQueriesContext(connection) as queries:
            assert made.make_some()[0] == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_fingerprints_wait_for_the_body_and_for_live_sessions() -> None:
    made = fingerprints.Fingerprints()
    live = factories.session()
    ended = factories.transaction(
        recipients=[ANN], session=factories.session(ending="quit"), outcome="rejected"
    )
    Transaction.objects.filter(pk=ended.pk).update(ended_us=1, recipients_accepted=1)
    Session.objects.filter(pk=ended.session_id).update(opened_at=datetime.now(UTC))
    assert made.make_some() == (0, [])
    factories.raw(ended, mail("1@x"))
    assert made.make_some()[0] == 1
    assert Fingerprint.objects.get().message_id == "1@x"
    late = factories.transaction(session=live, body=mail("2@x"))
    assert made.make_some()[0] == 1
    assert Fingerprint.objects.filter(transaction=late).exists()
    assert made.make_some() == (0, [])


def test_what_is_removed_while_fingerprints_are_made_gets_none() -> None:
    gone, stays = attempted(0, 452, mail("1@x")), accepted(20, mail("2@x"))
    made = fingerprints.Fingerprints()
    with after_query(
        '"inbox_raw"."sha256"', lambda: sessions.delete(ALL, gone.session_id)
    ):
        assert made.make_some()[0] == 2
    connection.check_constraints()
    assert Fingerprint.objects.get().transaction_id == stays.pk


def test_what_is_removed_while_its_attempt_is_counted_stops_nothing() -> None:
    gone = attempted(0, 452, mail("1@x"))
    late = attempted(10, 452, mail("1@x"))
    made = fingerprints.Fingerprints()
    with after_query(
        'SELECT "inbox_transaction"."inbox_id"',
        lambda: sessions.delete(ALL, late.session_id),
    ):
        assert made.make_some()[0] == 2
    assert Fingerprint.objects.get().transaction_id == gone.pk


def test_fingerprints_go_with_their_sessions() -> None:
    made = attempted(0, 452, mail("1@x"))
    print_all()
    sessions.delete(ALL, made.session_id)
    assert not Fingerprint.objects.exists()


def test_a_client_that_pipelines_hears_of_no_recipients_besides() -> None:
    first = attempted(0, 451, to=(ANN, "bob@x.test"))
    for seq, verb, code in ((3, "RCPT", 550), (4, "DATA", 554)):
        factories.exchange(
            first.session, seq, verb=verb, transaction=first, code=code, reply=f"{code} 5.1.1 No",
        )  # fmt: skip
    Transaction.objects.filter(pk=first.pk).update(code=554)
    found = history(accepted(60, to=(ANN, "bob@x.test")))
    assert [(e.code, e.stage) for e in found.attempts] == [(451, "RCPT"), (250, "")]
    assert attempt_history.chain(found) == "451 \u2192 250"
