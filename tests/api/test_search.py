"""The search language, on whichever database the tests run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbox.mailbox import marking, messages, sessions, trash
from inbox.mailbox.scope import ALL, Scope
from inbox.mailbox.selection import Selection
from inbox.models import Inbox
from inbox.search import language
from inbox.search.language import BadQuery
from mailsink.ids import short_id
from mailsink.text import search_value
from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail() -> dict[Any, str]:
    """Two messages and a refusal; a name for each id."""
    factories.inbox()
    other = Inbox.objects.create(slug="other", name="Other")
    now = datetime.now(UTC)
    invoice = factories.message(
        recipients=["bob@example.com", "hidden@example.com"],
        reverse_path="bounce@example.com",
        tags=["red", "Größe", 'q"uote'],
        pinned=True,
        received_at=now - timedelta(hours=3),
        snippet="Please pay 100% of it_now",
    )
    factories.exchange(invoice.transaction.session, 1, rule="Fail twice")
    factories.exchange(
        invoice.transaction.session,
        2,
        verb="DATA",
        transaction=invoice.transaction,
        rule="rcpt550",
    )
    umlaut = factories.message(
        "From: Jörg <joerg@example.net>\r\nTo: Ärzte 😀 <a@example.org>\r\n"
        "Subject: MÜLL rausbringen\r\n\r\nx".encode(),
        inbox=other,
        attachments=2,
        recipients=["a@example.org"],
        received_at=now,
        size=5000,
        code=251,
    )
    marking.update(ALL, umlaut.pk, read=True)
    refused = factories.transaction(
        recipients=["nobody@example.com"], body=b"x" * 3000, code=550
    )
    gone = factories.message(b"Subject: gone\r\n\r\n")
    trash.delete(ALL, Selection((gone.pk,)))
    return {
        invoice.pk: "invoice",
        umlaut.pk: "umlaut",
        refused.pk: "refused",
        gone.pk: "gone",
    }


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", "refused umlaut invoice"),
        ("invoice", "invoice"),
        ("INVOICE", "invoice"),
        ("your invoice", "invoice"),
        ('"your invoice"', "invoice"),
        ('"invoice your"', ""),
        ("100%", "invoice"),
        ("100_", "invoice"),
        ("it_now", "invoice"),
        ("nobody@", "refused"),
        ("hidden@example.com", "invoice"),
        ("müll", "umlaut"),
        ("MÜLL", "umlaut"),
        ("m.ll", ""),
        ("from:ann", "refused umlaut invoice"),
        ("from:'ann example'", "umlaut invoice"),
        ('from:"ann example"', "umlaut invoice"),
        ("from:bounce@", "invoice"),
        ("from:jörg", "umlaut"),
        ("from:JÖRG", "umlaut"),
        ("to:bob", "invoice"),
        ("to:ärz", "umlaut"),
        ("to:äRZ", "umlaut"),
        ("to:ÖRZ", ""),
        ("rcpt:bob@example.com", "invoice"),
        ("rcpt:*OB@*.COM", "invoice"),
        ("rcpt:b?b@example.com", "invoice"),
        ("rcpt:bob", ""),
        ("rcpt:b%@example.com", ""),
        ("rcpt:b_b@example.com", ""),
        ("rcpt:n?body@*", "refused"),
        ("rcpt:ö*@*", ""),
        ("to:hidden", "invoice"),
        ("to:nobody", "refused"),
        ("to:name", ""),
        ("to:address", ""),
        ('to:"bob bob@example.com"', ""),
        ("cc:cat", "invoice"),
        ("cc:bob", ""),
        ("bcc:hidden", "invoice"),
        ("bcc:bob", ""),
        ("subject:rausbringen", "umlaut"),
        ("header:subject:invoice", "invoice"),
        ("header:From:joerg", "umlaut"),
        ("header:Message-ID:1@example.com", "invoice"),
        ("to:😀", "umlaut"),
        ("tag:red", "invoice"),
        ("tag:'q", ""),
        ('tag:q"uote', "invoice"),
        ("tag:RED", "invoice"),
        ("tag:re", ""),
        ("tag:größe", "invoice"),
        ("tag:GRÖSSE", ""),
        ("is:read", "umlaut"),
        ("is:unread", "invoice"),
        ("is:pinned", "invoice"),
        ("is:rejected", "refused"),
        ("is:deleted", "gone"),
        ("-is:rejected", "umlaut invoice"),
        ("has:attachment", "umlaut"),
        ("-has:attachment", "refused invoice"),
        ("before:1h", "invoice"),
        ("after:1h", "refused umlaut"),
        ("before:2020-01-01", ""),
        ("after:2020-01-01T00:00:00+02:00", "refused umlaut invoice"),
        ("since:1h", "refused umlaut"),
        ("until:1h", "invoice"),
        ("after:2 hours ago", "refused umlaut"),
        ("after:last year is:unread", "invoice"),
        ("-after:2 hours ago", "invoice"),
        ("on:2020-01-01", ""),
        ("on:now OR on:3h", "refused umlaut invoice"),
        ("before:9999-12-31", "refused umlaut invoice"),
        ("from: bounce@", "invoice"),
        ("to: bob from: ann", "invoice"),
        ("larger:4K", "umlaut"),
        ("larger:4.5kB", "umlaut"),
        ("larger:2k", "refused umlaut"),
        ("smaller:1M", "refused umlaut invoice"),
        ("code:550", "refused"),
        ("code:251", "umlaut"),
        ("verb:data", "invoice"),
        ("verb:VRFY", ""),
        ("rule:550", "invoice"),
        ("rule:x", ""),
        ("inbox:other", "umlaut"),
        ("inbox:nowhere", ""),
        ("-inbox:other", "refused invoice"),
        ("-invoice", "refused umlaut"),
        ("invoice OR müll", "umlaut invoice"),
        ("from:ann invoice OR nobody", "refused invoice"),
        ("-invoice OR nobody", "refused umlaut"),
        ("müll OR invoice is:read", "umlaut"),
        ("https://example.com", ""),
        ("Re:", ""),
    ],
)
def test_query(mail: dict[Any, str], q: str, expected: str) -> None:
    found = [mail[each.id] for each in messages.entries(ALL, q).items]
    assert " ".join(found) == expected


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("after:monday noon", 'after:"monday noon"'),
        ("after:monday -noon", "after:monday -noon"),
        ("after:2026 -may", "after:2026 -may"),
        ("on:jan -31 2026", "on:jan -31 2026"),
        (f"after:2026 {' ' * 32}mayor", "after:2026 mayor"),
    ],
)
def test_the_words_of_a_date(q: str, expected: str) -> None:
    assert str(language.parse(q)) == expected


def test_a_date_takes_no_excluded_word_to_be_one() -> None:
    with pytest.raises(BadQuery, match='Not a date: "31"'):
        language.parse("after:31 -jan")


def test_session_of_a_message(mail: dict[Any, str]) -> None:
    made = factories.message()
    session = made.transaction.session_id
    short = short_id(session, 7)
    for value in (session, short, short.partition("-")[0]):
        found = messages.entries(ALL, f"session:{value}").items
        assert [each.id for each in found] == [made.pk]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", 4),
        ("from:bounce", 1),
        ("to:nobody", 1),
        ("rcpt:no*@example.com", 1),
        ("code:250", 1),
        ("verb:data", 1),
        ("rule:twice", 1),
        ("inbox:other", 0),
        ("inbox:default", 4),
        ("is:live", 0),
        ("after:1h", 4),
        ("before:1h", 0),
        ("client.example", 4),
        ("subject:invoice", 0),
        ("-subject:invoice", 4),
    ],
)
def test_sessions(mail: dict[Any, str], q: str, expected: int) -> None:
    assert len(sessions.find(ALL, q=q).items) == expected


@pytest.mark.parametrize(
    ("q", "complaint", "suggestion"),
    [
        ("form:ann", 'Unknown filter "form:".', "from:ann"),
        ('-form:"ann b"', 'Unknown filter "form:".', '-from:"ann b"'),
        ("sicne:2h", 'Unknown filter "sicne:".', "after:2h"),
        ("newer_than:2d", 'Unknown filter "newer_than:".', "after:2d"),
        ("sender:ann x OR y", 'Unknown filter "sender:".', "from:ann x OR y"),
        ("form:ann sendr:x", 'Unknown filter "form:".', "from:ann from:x"),
        ("date:soon", 'Unknown filter "date:". Did you mean on:?', ""),
        ("zzz:ann", "Filters: after, assignee, bcc,", '"zzz:ann"'),
        ("OR ann", "OR needs a term on each side", "ann"),
        ("date:last week", 'Unknown filter "date:".', 'on:"last week"'),
        ("older:last month", 'Unknown filter "older:".', 'before:"last month"'),
        ("time:yesterday 14:30", 'Unknown filter "time:".', 'on:"yesterday 14:30"'),
        ("newer:2 days ago ann", 'filter "newer:".', 'after:"2 days ago" ann'),
        ("-date:31 Jan", 'Unknown filter "date:".', '-on:"31 Jan"'),
        ("befor:last week", 'Unknown filter "befor:".', 'before:"last week"'),
        ("ann OR", "OR needs a term on each side", "ann"),
        ("ann OR OR bob", "OR needs a term on each side", "ann OR bob"),
        ("OR", "OR needs a term on each side", ""),
        ('"ann', 'Missing closing quote: "ann', "ann"),
        ('from:"ann b', "Missing closing quote", 'from:"ann b"'),
        ("from:", "Nothing to search for in from:", ""),
        ("from: OR bob", "Nothing to search for in from:", "bob"),
        ("from: to:bob", "Nothing to search for in from:", "to:bob"),
        ('""', 'Nothing to search for in ""', ""),
        ("-", "Nothing to search for in -", ""),
        ("larger:big", 'Not a size: "big". Try 500K, 2M or 1G.', ""),
        ("before:soon", 'Not a date: "soon". Try 2026-01-31, yesterday, 2h or 3d.', ""),
        ("after:yestrday", 'Not a date: "yestrday".', "after:yesterday"),
        ("after:03/04/2026", 'Not a date: "03/04/2026".', ""),
        ("before:0001-01-01T00:00:00+23:59", "Not a date", ""),
        ("code:99", 'Not a reply code: "99". Try 451 or 4xx.', ""),
        ("code:4", "Not a reply code", "code:4xx"),
        ("is:green", 'Unknown value "is:green". Use one of: accepted, bug', ""),
        ("is:unred a", 'Unknown value "is:unred"', "is:unread a"),
        ("has:atachment", 'Unknown value "has:atachment"', "has:attachment"),
        ("ending:droped", 'Unknown value "ending:droped"', "ending:dropped"),
        ("session:x", 'Not a session: "x"', ""),
        ("header::bar", "header: takes the name of a field", ""),
        ("header:größe:bar", "header: takes the name of a field", ""),
        ("a\x00b", "NUL", ""),
        ("\ud800", "text", ""),
        ("a " * 31, "at most 30", ""),
        ("a" * 1001, "1,000 characters", ""),
    ],
)
def test_bad_queries(q: str, complaint: str, suggestion: str) -> None:
    with pytest.raises(BadQuery) as raised:
        language.parse(q)
    assert complaint in raised.value.wrong
    assert raised.value.suggestion == suggestion
    said = f"Did you mean {suggestion}?" if suggestion else complaint
    assert said in str(raised.value)


def test_the_api_gives_the_suggestion_apart(api: Api) -> None:
    told = api("GET", "messages?q=form:ann", status=400)
    assert told["detail"] == 'Unknown filter "form:". Did you mean from:ann?'
    assert told["suggestion"] == "from:ann"
    assert "suggestion" not in api("GET", "messages?q=larger:big", status=400)


def test_scope_holds(mail: dict[Any, str]) -> None:
    other = Scope(frozenset([Inbox.objects.get(slug="other").pk]))
    assert [mail[each.id] for each in messages.entries(other).items] == ["umlaut"]
    assert messages.counts(other) == {"messages": 1, "unread": 0, "not_accepted": 0}
    assert trash.delete(other, Selection()).count == 1
    assert [mail[each.id] for each in messages.entries(ALL).items] == [
        "refused",
        "invoice",
    ]


_WORDS = st.sampled_from(
    ["from:", "to:", "header:", "tag:", "-", "OR", '"', " ", "ann", "%", "_", "\\", "ü",
     "is:", "read", "before:", "1h", "larger:", "9" * 12, "G", "session:", "'", "(", "[",
     "code:", "250", "form:", "is:unred", "after:", "last ", "week", "since:", "inbox:", "\U0001f600", "subject:", "rule:", "verb:"]
)  # fmt: skip


_HOSTILE = st.lists(
    st.sampled_from([*'"\\ :-*é😀', "OR", "from:a@b.example", "Welcome"])
)
_SUBJECTS = (_HOSTILE.map("".join) | st.text(max_size=40)).filter(
    lambda text: text.isprintable() and text == text.strip() != ""
)


@settings(deadline=None, max_examples=60)
@given(_SUBJECTS)
@example('"Welcome" back')
@example('zzz" OR from:a@b.example OR subject:"')
@example("C:\\")
@example('\\"')
def test_a_text_as_a_value_is_one_term_that_finds_it(subject: str) -> None:
    q = f"subject:{search_value(subject)}"
    query = language.parse(q)
    assert query.groups == ((language.Term("subject", subject, negated=False),),)
    assert language.parse(str(query)) == query
    message = factories.message(subject=subject)
    assert message.pk in {each.pk for each in messages.entries(ALL, q).items}


def test_a_quotation_mark_within_quotes_ends_no_term() -> None:
    """A backslash before another character is itself: C:\\temp."""
    query = language.parse(r'subject:"C:\temp \"a\" \\" tag:red')
    assert [each.value for (each,) in query.groups] == [r'C:\temp "a" ' + "\\", "red"]


@settings(deadline=None)
@given(st.lists(_WORDS, max_size=12).map("".join) | st.text(max_size=40))
def test_any_text_is_a_query_or_a_bad_one(q: str) -> None:
    try:
        language.parse(q)
    except BadQuery as error:
        if error.suggestion:  # which is a query
            language.parse(error.suggestion)
        return
    messages.entries(ALL, q)
    sessions.find(ALL, q=q)


def test_a_long_text_is_folded_once_and_not_for_each_row() -> None:
    """PostgreSQL's ILIKE would: of 400 characters it takes a hundred times as long."""
    with CaptureQueriesContext(connection) as asked:
        messages.find(ALL, "to:" + "\ufdfa" * 400 + " from:\ufdfa header:cc:\ufdfa")
    assert asked
    assert not [each["sql"] for each in asked if "ILIKE" in each["sql"].upper()]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("routes/a%00b", 404),
        ("held/a%00b", 404),
        ("held/%00/releases", 404),
        ("audit?user=%00", 200),
        ("audit?inbox=a%00b", 200),
        ("audit?kind=%00", 200),
    ],
)
def test_nul_finds_nothing(api: Api, path: str, status: int) -> None:
    """PostgreSQL takes none: it was a 500."""
    assert api.client.get(f"/api/v3/{path}").status_code == status
