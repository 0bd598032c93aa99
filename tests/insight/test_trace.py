"""Where is my mail? What is told, by what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.errors import Invalid
from inbox.explain import traces
from inbox.explain.evidence import KINDS
from inbox.insight.trace import Trace, clean, parts, recipients, summaries, trace
from inbox.mailbox import purge, sessions
from inbox.mailbox.scope import ALL, Scope
from inbox.models import Inbox, Message, Recipient, Session, Transaction
from inbox.search.language import BadQuery
from inbox.upkeep import indexer
from tests import factories
from tests.between import after_query

pytestmark = pytest.mark.django_db

ANN = "ann@example.com"


def told(address: str = ANN, **filter: Any) -> Trace:
    found = trace(ALL, address, **filter)
    for each in found.evidence:
        assert traces.words(each, found.at)
        assert traces.label(each)
    return found


def refused(
    path: str = ANN, code: int = 550, reply: str = "550 5.1.1 No such user", **more: Any
) -> tuple[Session, Transaction]:
    """A session in which the RCPT of an address was refused, as line 3."""
    session = factories.session(ending="quit", exchanges=4, refused=1, worst_code=code)
    made = factories.transaction(
        session=session, recipients=[path], code=code, recipients_refused=1
    )
    Recipient.objects.filter(transaction=made).update(rcpt_code=code)
    factories.exchange(session, 1)
    factories.exchange(session, 2, verb="MAIL", line="MAIL FROM:<>", transaction=made)
    factories.exchange(
        session, 3, verb="RCPT", line=f"RCPT TO:<{path}>", transaction=made,
        code=code, reply=f"{reply} (why: http://x/s/1-3)", **more,
    )  # fmt: skip
    return session, made


def kinds(found: Trace) -> list[str]:
    return [each.kind for each in found.evidence]


def test_no_trace_where_nothing_has_connected() -> None:
    found = told()
    assert found.sentence == f"No mail to {ANN} has been seen."
    assert found.aside == "No client has connected yet."
    assert (found.evidence, found.near, found.last_connection) == ([], [], None)


def test_no_trace_tells_the_last_connection_and_the_nearest_address() -> None:
    made = factories.transaction(
        recipients=["ann@exmaple.com"], reverse_path="shop@shop.test"
    )
    found = told()
    assert found.sentence == f"No mail to {ANN} has been seen."
    assert found.aside == "Did you mean ann@exmaple.com, last seen just now?"
    assert [(each.address, each.words) for each in found.near] == [
        ("ann@exmaple.com", "one letter differs")
    ]
    assert found.last_connection == made.session


def test_accepted() -> None:
    message = factories.message(recipients=["Ann@Example.com", "bob@example.com"])
    found = told()
    assert found.sentence == (
        f"Mail to {ANN} was accepted just now and is in the inbox: “Your invoice”."
    )
    [one] = found.evidence
    assert (one.kind, one.url) == ("accepted", f"/messages/{message.pk}")
    assert one.address == "Ann@Example.com"
    assert one.session_url == f"/sessions/{message.transaction.session_id}"
    assert (found.aside, found.near) == ("", [])


def test_refused_at_rcpt() -> None:
    session, _ = refused(rule="known addresses")
    found = told("ANN@example.com")
    assert found.sentence == (
        "Mail to ANN@example.com was rejected just now (RCPT): 550 5.1.1 No such user "
        "(rule “known addresses”)."
    )
    [one] = found.evidence
    assert (one.kind, one.code, one.seq) == ("refused", 550, 3)
    assert sessions.by_short_id(ALL, one.url.removeprefix("/s/")) == (session, 3)
    assert traces.label(one) == "recipient rejected · 550"


def test_refused_beside_others_that_were_taken() -> None:
    message = factories.message(recipients=["bob@example.com", ANN])
    row = Recipient.objects.filter(transaction=message.transaction, seq=2)
    row.update(rcpt_code=452)
    Transaction.objects.update(recipients_refused=1)
    for seq, code in ((1, 250), (2, 452)):
        factories.exchange(
            message.transaction.session, seq, verb="RCPT", code=code,
            reply=f"{code} reply {seq}", transaction=message.transaction,
        )  # fmt: skip
    [one] = told().evidence
    assert (one.kind, one.code, one.seq, one.reply) == (
        "refused", 452, 2, "452 reply 2",
    )  # fmt: skip
    assert kinds(told("bob@example.com")) == ["accepted"]


@pytest.mark.parametrize(
    "path",
    [
        f"<{ANN}> NOTIFY=WRONG",  # its parameters were refused before it was read
        f" <{ANN}",
        f"Ann <{ANN}>",
        f"<{ANN.upper()}>",
    ],
)
def test_what_is_badly_written_is_found(path: str) -> None:
    refused(path, 501)
    assert kinds(told()) == ["refused"]


@pytest.mark.parametrize(
    "path", [f"<jo{ANN}> X=1", f"<{ANN}.org> X=1", f"<jo.{ANN}>", "<bob@example.com>"]
)
def test_a_part_of_another_address_is_not_it(path: str) -> None:
    refused(path, 501)
    assert kinds(told()) == []


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"outcome": "rejected", "code": 552}, "rejected",
         "was rejected just now (the message): 552"),
        ({"outcome": "reset", "code": None}, "taken_back", "started over (RSET)"),
        ({"outcome": "abandoned", "code": None}, "abandoned", "before it sent a message"),
        ({"outcome": "abandoned", "code": None, "body": b"12345"}, "cut_off",
         "in the middle of the message, after 5 bytes"),
        ({"outcome": None, "code": None, "ended_us": None}, "open", "has not sent the message yet"),
    ],
)  # fmt: skip
def test_named_but_not_accepted(fields: dict[str, Any], kind: str, words: str) -> None:
    factories.transaction(recipients=[ANN], **fields)
    found = told()
    assert kinds(found) == [kind]
    assert words in found.sentence


@pytest.mark.parametrize(
    ("ending", "body", "words"),
    [
        ("timeout", b"12345",
         "the connection to app.test timed out in the middle of the message, after 5 bytes."),
        ("timeout", None, "app.test timed out after RCPT, before the message was sent."),
        ("shutdown", b"12345", "Mailsink was stopped in the middle of the message, after 5"),
        ("crashed", None, "Mailsink crashed or was killed after RCPT, before"),
        ("dropped", b"12345", "app.test disconnected in the middle of the message"),
        (None, b"12345", "app.test disconnected in the middle of the message"),
    ],
)  # fmt: skip
def test_who_ended_the_session_is_told(
    ending: str | None, body: bytes | None, words: str
) -> None:
    session = factories.session(ending=ending, helo="app.test")
    factories.transaction(
        recipients=[ANN], session=session, outcome="abandoned", code=421, body=body
    )
    found = told()
    assert kinds(found) == ["abandoned" if body is None else "cut_off"]
    assert words in found.sentence


def test_what_the_message_was_answered_is_told() -> None:
    session = factories.session(ending="quit", exchanges=3)
    made = factories.transaction(session=session, recipients=[ANN], code=552)
    factories.exchange(session, 1, verb="RCPT", transaction=made)
    factories.exchange(
        session, 2, verb="DATA", code=354, reply="354 go", transaction=made
    )
    factories.exchange(
        session, 3, kind="body", verb="", code=552, reply="552 5.3.4 Too large",
        transaction=made,
    )  # fmt: skip
    found = told()
    assert found.sentence.endswith("just now (the message): 552 5.3.4 Too large.")
    assert found.evidence[0].seq == 3


def test_lmtp_answers_each_recipient() -> None:
    message = factories.message(recipients=[ANN, "bob@example.com"])
    row = Recipient.objects.filter(transaction=message.transaction, seq=1)
    row.update(final_code=452)
    [one] = told().evidence
    assert (one.kind, one.code) == ("rejected", 452)
    assert kinds(told("bob@example.com")) == ["accepted"]


def test_deleted() -> None:
    deleted_at = datetime.now(UTC) - timedelta(minutes=3)
    factories.message(recipients=[ANN], deleted_at=deleted_at)
    found = told()
    assert found.sentence == (
        f"Mail to {ANN} was accepted just now, then deleted 3 minutes ago; "
        "it is in the trash: “Your invoice”."
    )
    assert found.evidence[0].url == "/trash"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("deleted", "because its time in the trash had expired (MAILSINK_TRASH_HOURS)"),
        ("count", "to make room for newer mail (MAILSINK_RETENTION_MESSAGES)"),
        ("age", "because it was too old (MAILSINK_RETENTION_DAYS)"),
    ],
)
def test_removed(cause: Any, words: str) -> None:
    message = factories.message(recipients=[ANN])
    purge.purge(Message.objects.all(), cause)
    found = told()
    assert found.sentence == (
        f"Mail to {ANN} was accepted just now, but is no longer here: "
        f"“Your invoice” was removed just now, {words}."
    )
    [one] = found.evidence
    assert (one.kind, one.message) == ("removed", message.pk)
    assert one.url == f"/sessions/{message.transaction.session_id}"


def test_removed_with_its_session() -> None:
    message = factories.message(recipients=[ANN], deleted_at=datetime.now(UTC))
    Session.objects.update(ending="quit")
    sessions.delete(ALL, message.transaction.session_id)
    found = told()
    assert "was deleted just now, and was removed just now" in found.sentence
    assert "because its session was deleted" in found.sentence
    assert found.evidence[0].url == ""


def test_removed_before_there_were_tombstones() -> None:
    factories.message(recipients=[ANN])
    Message.objects.all().delete()
    found = told()
    assert kinds(found) == ["removed"]
    assert found.sentence.endswith("no longer here: the message was removed.")


def test_hidden_by_the_filter() -> None:
    factories.message(recipients=[ANN])
    found = told(q="subject:receipt from:ann")
    assert found.sentence == (
        f"Mail to {ANN} was accepted just now, but your filter hides it "
        "(subject:receipt does not match): “Your invoice”."
    )
    assert kinds(found) == ["hidden"]
    assert kinds(told(q="subject:invoice")) == ["accepted"]
    Inbox.objects.create(slug="other", name="Other")
    assert kinds(told(inbox="other")) == ["hidden"]
    assert kinds(told(inbox="default")) == ["accepted"]
    with pytest.raises(BadQuery):
        trace(ALL, ANN, q="code:x")


def test_sessions_that_failed_before_they_named_anybody() -> None:
    factories.session(ending="tls_failed", helo="app.test", last_verb="STARTTLS")
    factories.session(ending="quit", helo="healthy.test")
    factories.session(ending="dropped", helo="")
    factories.session(ending="quit", helo="auth.test", refused=1, worst_code=535)
    found = told()
    assert found.sentence == f"No mail to {ANN} has been seen."
    assert found.aside == (
        "The last client connected just now, from 127.0.0.1. "
        "2 sessions in the last 24 hours ended before giving a recipient."
    )
    assert [each.peer for each in found.evidence] == ["auth.test", "app.test"]
    assert "app.test: TLS failed" in traces.words(found.evidence[1], found.at)


def test_only_later_failures_count_beside_other_evidence() -> None:
    factories.session(ending="tls_failed")
    message = factories.message(recipients=[ANN])
    assert kinds(told()) == ["accepted"]
    later = message.received_at + timedelta(seconds=1)
    factories.session(ending="timeout", last_verb="EHLO", opened_at=later)
    found = told()
    assert kinds(found) == ["unnamed", "accepted"]
    assert found.aside == ("1 session since then ended before giving a recipient.")


def test_a_session_that_names_the_address_while_it_is_looked_for_is_found() -> None:
    """It named nobody a moment ago, and that is told: it is not left out."""
    session = factories.session(last_verb="MAIL")

    def name() -> None:
        factories.transaction(
            session=session, recipients=[ANN], outcome=None, code=None, ended_us=None
        )

    with after_query("inbox_tombstone", name):  # behind that of the recipients
        found = told()
    assert kinds(found) == ["unnamed"]
    assert kinds(told()) == ["open"]


def test_a_pipelined_rcpt_after_a_refused_mail_is_found() -> None:
    session = factories.session(ending="quit", refused=2, exchanges=2)
    factories.exchange(session, 1, verb="MAIL", line="MAIL FROM:<a@b>", code=530)
    factories.exchange(
        session, 2, verb="RCPT", line=f"RCPT TO:<{ANN}>", code=503, reply="503 MAIL first"
    )  # fmt: skip
    found = told()
    assert (kinds(found), found.evidence[0].seq) == (["refused"], 2)
    assert "503 MAIL first" in found.sentence
    assert kinds(told("bob@example.com")) == ["unnamed"]


def test_a_sender_is_found() -> None:
    for _ in range(2):
        factories.message(reverse_path="Jobs@acme.example", recipients=["bob@x.test"])
    factories.message(b"From: jobs@acme.example\r\n\r\n", reverse_path="bounce@a.test")
    factories.message(reverse_path="more.jobs@acme.example")
    factories.transaction(reverse_path="jobs@acme.example", outcome="reset")
    session = factories.session(ending="quit", refused=1, exchanges=1)
    factories.exchange(
        session, 1, verb="MAIL", line="MAIL FROM:<jobs@acme.example> X=1", code=555
    )
    found = told("jobs@acme.example")
    assert found.sentence == "No mail to jobs@acme.example has been seen."
    assert found.aside.startswith(
        "This address is a sender: 3 messages, 2 not accepted, last just now."
    )
    assert (found.sent.messages, found.sent.failed, found.sent.more) == (3, 2, False)
    assert found.sent.last
    assert told("nobody@acme.example").sent.last is None


def test_a_sender_whose_words_many_newer_ones_have_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inbox.search.fulltext.query.NEWEST", 2)
    factories.message(reverse_path="jobs@acme.example", recipients=["bob@x.test"])
    for _ in range(3):
        factories.message(reverse_path="more.jobs@acme.example")
    while indexer.index_some():
        pass
    assert told("jobs@acme.example").sent.messages == 1
    assert told("more.jobs@acme.example").sent.messages == 3


def test_a_part_that_one_address_has_stands_for_it() -> None:
    factories.message(recipients=["dana.keller@example.org"], reverse_path="x@a.test")
    for part in ("dana", "DANA.", "keller", "dana.keller@", "@example.org", "dana.k"):
        found = told(part)
        assert found.address == "dana.keller@example.org", part
        assert found.sentence.startswith("Mail to dana.keller@example.org was accepted")
    # What may be a whole address is no other one.
    found = told("dana.keller@example")
    assert found.sentence == "No mail to dana.keller@example has been seen."
    assert [each.address for each in found.near] == ["dana.keller@example.org"]
    assert "dana.keller@example.org" not in {e.address for e in told("xdana").near}


def test_a_part_that_several_have_lists_them() -> None:
    for path in ("joanna@a.test", "ann@a.test", "anna@a.test", "sue.ann@b.test"):
        factories.transaction(recipients=[path], outcome="reset", reverse_path="")
    factories.message(
        b"\r\n", reverse_path="anne@sender.test", recipients=["bob@c.test"]
    )
    found = told("ann")
    assert [each.address for each in found.near] == [
        "ann@a.test", "anne@sender.test", "anna@a.test", "sue.ann@b.test", "joanna@a.test",
    ]  # fmt: skip
    assert found.near[0].words == "starts with “ann”"
    assert found.near[-1].words == "contains “ann”"
    assert (found.evidence, found.aside) == ([], "")
    assert found.sentence == "5 known addresses contain “ann”."
    for name in ("hanna", "susann", "roxanne", "annette"):
        factories.transaction(recipients=[f"{name}@a.test"], outcome="reset")
    found = told("ann")
    assert len(found.near) == 8
    assert found.sentence == "More than 8 known addresses contain “ann”."


def test_what_is_only_like_an_address_is_no_part_of_it() -> None:
    factories.transaction(recipients=[ANN], outcome="reset", reverse_path="")
    found = told("ann.example.com")
    assert found.sentence == "No mail to ann.example.com has been seen."
    assert found.aside.startswith(f"Did you mean {ANN}, last seen just now?")
    assert [each.address for each in found.near] == [ANN]
    # What has the part is told without what is only like it.
    for path in ("shop@b.test", "eshop@c.test", "shap@d.test"):
        factories.transaction(recipients=[path], outcome="reset", reverse_path="")
    assert {each.address for each in told("shop").near} == {
        "shop@b.test", "eshop@c.test",
    }  # fmt: skip


def test_parts_of_old_addresses_are_found_by_the_full_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "_RECENT", 1)
    factories.message(
        b"\r\n", recipients=["dana@example.org"], reverse_path="erik@a.test"
    )
    while indexer.index_some():
        pass
    for _ in range(3):
        factories.message(b"\r\n", recipients=["bob@c.test"], reverse_path="")
    assert told("dana").address == "dana@example.org"
    assert told("example.org").address == "dana@example.org"


@pytest.mark.parametrize("part", ["x", "(" * 300, "%", "_@", "\u202e@", "ß", "İ@", "*"])
def test_hostile_parts(part: str) -> None:
    factories.message(recipients=["strasse@example.org"])
    found = told(part)
    assert len(found.sentence) < 400
    assert [each.address for each in found.near] == []


@pytest.mark.parametrize("part", ["a\x00b", "a", ""])
def test_what_no_address_has_is_not_looked_for(part: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert parts.with_part(ALL, part) == []
    assert len(queries) == 0  # PostgreSQL takes no NUL


def test_the_numbers_of_an_address() -> None:
    factories.message(b"\r\n", recipients=[ANN], reverse_path="shop@shop.test")
    factories.message(
        b"\r\n", recipients=[ANN], reverse_path="shop@shop.test",
        deleted_at=datetime.now(UTC),
    )  # fmt: skip
    refused()
    factories.transaction(recipients=[ANN], code=552)
    factories.transaction(recipients=[ANN], code=None, outcome="abandoned", body=b"1")
    factories.transaction(recipients=[ANN], outcome=None, code=None, ended_us=None)
    [one] = summaries(ALL, ANN)
    assert traces.numbers(one.received) == (
        "2 accepted, 2 rejected (550, 552), 1 not completed, 1 in progress"
    )
    assert [each.address for each in summaries(ALL, "ann@exam")] == [ANN]
    assert summaries(ALL, "nobody") == []


def test_newest_first_and_what_was_before() -> None:
    refused()
    refused()
    factories.message(recipients=[ANN])
    found = told()
    assert kinds(found) == ["accepted", "refused", "refused"]
    assert found.aside == "Before that: 2 recipient rejected."
    assert not found.more


def test_no_more_than_fifty_are_told() -> None:
    session = factories.session(ending="quit")
    made = [
        factories.transaction(session=session, recipients=[ANN], outcome="reset")
        for _ in range(52)
    ]
    found = told()
    assert found.more
    newest = {each.pk for each in made[2:]}
    assert {each.transaction for each in found.evidence} == newest
    assert found.aside == "Before that: more than 49 attempts."


def test_replies_are_looked_for_within_bounds() -> None:
    session, _ = refused()
    Session.objects.filter(pk=session.pk).update(exchanges=recipients._STEPS + 1)
    [one] = told().evidence
    assert (one.kind, one.code, one.reply, one.seq) == ("refused", 550, "", None)
    assert one.url == f"/sessions/{session.pk}"
    refused()  # the newer one is found all the same
    assert [each.seq for each in told().evidence] == [3, None]


def test_as_many_queries_whatever_is_stored() -> None:
    def ask() -> int:
        with CaptureQueriesContext(connection) as queries:
            told()
        return len(queries)

    refused()
    factories.message(recipients=[ANN])
    few = ask()
    for _ in range(20):
        refused()
        factories.message(recipients=[ANN])
        factories.session(ending="timeout", last_verb="EHLO")
    assert ask() <= few + 8  # once what sessions came to is asked for


def test_only_what_may_be_seen_is_told() -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    factories.message(recipients=[ANN], inbox=other)
    mine = Scope(frozenset({factories.inbox().pk}))
    assert trace(mine, ANN).evidence == []
    purge.purge(Message.objects.all(), "count")
    assert trace(mine, ANN).evidence == []
    assert kinds(trace(ALL, ANN)) == ["removed"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f"  {ANN} ", ANN),
        (f"Ann Smith <{ANN}>", ANN),
        (f"<{ANN}>", ANN),
        (f"mailto:{ANN}", ANN),
        ("a\x00b@example.com", "a\\x00b@example.com"),
        ("postmaster", "postmaster"),
    ],
)
def test_text_as_people_paste_it(text: str, address: str) -> None:
    assert clean(text) == address


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "<>"[:0]])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Invalid):
        clean(text)


@pytest.mark.parametrize(
    "address",
    [
        "İ" * 300 + "@example.com",
        "jürgen@example.com",
        "<script>alert(1)</script>@example.com",
        "\u202eann@example.com",
        "%_\\'\"@example.com",
        "a\x00b@example.com",
        "\ud800@example.com",
        "(((((((((((a@b",
    ],
)
def test_hostile_addresses(address: str) -> None:
    stored = clean(address)
    factories.transaction(recipients=[stored], outcome="reset")
    found = told(address)
    assert kinds(found) == ["taken_back"]
    assert "\u202e" not in found.sentence
    assert len(found.sentence) < 400


def test_long_addresses_are_told_apart() -> None:
    long = "a" * 300
    factories.transaction(recipients=[f"{long}@example.com"], outcome="reset")
    assert kinds(told(f"{long}@EXAMPLE.com")) == ["taken_back"]
    assert kinds(told(f"{long}@example.org")) == []


def test_the_case_of_letters_beyond_ascii() -> None:
    factories.transaction(recipients=["jürgen@example.com"], outcome="reset")
    assert kinds(told("JÜRGEN@EXAMPLE.COM")) == ["taken_back"]


def test_every_kind_has_its_words() -> None:
    assert set(KINDS) == set(traces.LABELS) == set(traces._SENTENCES)


def test_addresses_are_found_by_their_index() -> None:
    factories.transaction(recipients=[f"{number}@example.com" for number in range(300)])
    factories.transaction(recipients=[ANN])
    rows = Recipient.objects.order_by("-transaction_id")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # It scans what is so small, and else guesses from earlier tests.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("ANALYZE inbox_recipient")
    [exact, *_, badly_written] = recipients.spelt(rows, ANN)
    assert "recipient_address" in exact.explain()
    assert "recipient_refused" in badly_written.explain()
