"""Whose time was whose, and what the client did next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import explain
from inbox.capture.rows import ExchangeRow, SessionRow
from inbox.explain.spans import Moment, Span, spans
from inbox.insight import timeline
from inbox.models import Exchange
from tests.views.test_sessions import a_line, a_session


def told(
    *moments: Moment, since: int = 0, until: int = 0
) -> list[tuple[str, int, int]]:
    return [tuple(span) for span in spans(moments, since, until)]


def test_client_ours_and_rule_are_told_apart() -> None:
    assert told(
        Moment("connect", 0, 100, 100, 0),
        Moment("command", 1_000, 1_200, 6_200, 5_000),
        until=7_000,
    ) == [
        ("ours", 0, 100),
        ("client", 100, 1_000),
        ("ours", 1_000, 1_200),
        ("rule", 1_200, 6_200),
        ("client", 6_200, 7_000),
    ]


def test_body_is_on_its_way_from_the_354_until_it_ends() -> None:
    data = Moment("command", 10, 20, 20, 0)
    assert told(data, Moment("body", 500, 700, 700, 0))[2:] == [
        ("body", 20, 500),
        ("ours", 500, 700),
    ]
    assert told(data, Moment("body", 30, None, None, 0), until=900)[2:] == [
        ("body", 20, 30),
        ("body", 30, 900),
    ]


def test_pipelined_commands_are_not_counted_twice() -> None:
    group = [Moment("command", 10, 20 + 10 * n, 20 + 10 * n, 0) for n in range(3)]
    assert told(*group) == [
        ("client", 0, 10), ("ours", 10, 20), ("ours", 20, 30), ("ours", 30, 40),
    ]  # fmt: skip


def test_what_is_not_answered_yet_is_our_turn() -> None:
    assert told(Moment("command", 10, None, None, 0), until=50)[-1] == ("ours", 10, 50)


times = st.integers(0, 10**9)
moments = st.builds(
    Moment,
    st.sampled_from(["connect", "command", "body", "chunk", "tls"]),
    times,
    st.none() | times,
    st.none() | times,
    times,
)


@given(st.lists(moments, max_size=20), times, times)
def test_spans_never_overlap(some: list[Moment], since: int, until: int) -> None:
    at = since
    for span in spans(some, since, until):
        assert span.start_us == at
        assert span.end_us > at
        at = span.end_us


@pytest.mark.django_db
def test_timeline_of_a_session() -> None:
    opened = datetime.now(UTC) - timedelta(seconds=100)
    session = a_session(opened_at=opened, closed_at=opened + timedelta(seconds=10))
    a_line(session, 1, "EHLO a", received_us=1_000_000, replied_us=1_000_200)
    a_line(
        session, 2, "RCPT TO:<a@b>", code=451, rule="slow", delayed_us=5_000_000,
        received_us=2_000_000, ready_us=2_000_100, replied_us=7_000_100,
    )  # fmt: skip
    seen = timeline.of(session)
    assert seen.took_us == 10_000_000
    assert seen.shares == {
        "client": 4_999_700, "body": 0, "ours": 300, "rule": 5_000_000,
    }  # fmt: skip
    assert seen.rule == "slow"
    rule = next(mark for mark in seen.lower if mark.owner == "rule")
    assert (rule.first, rule.width) == (80, 201)
    assert sum(mark.width for mark in seen.upper) <= timeline.COLUMNS + 2


@pytest.mark.django_db
def test_timeline_of_a_session_without_end_looks_at_its_newest_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timeline, "MOST", 10)
    session = a_session()
    Exchange.objects.bulk_create(
        Exchange(
            session=session, seq=seq, kind="command", line="NOOP", octets=6,
            received_us=seq * 1000, ready_us=seq * 1000, replied_us=seq * 1000,
        )
        for seq in range(1, 31)
    )  # fmt: skip
    session.exchanges = 30
    session.save()
    seen = timeline.of(session)
    assert seen.start_us == 20_000
    assert sum(seen.shares.values()) == seen.took_us


def an_exchange(**fields: object) -> ExchangeRow:
    row = ExchangeRow(uuid4(), 5, "command", "RCPT", "RCPT TO:<a@b>", 9, 1000)
    row.ready_us, row.replied_us, row.code, row.enhanced = 1100, 1200, 250, "2.1.5"
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def a_row(ending: str | None) -> SessionRow:
    now = datetime.now(UTC)
    return SessionRow(uuid4(), uuid4(), "", "10.0.0.1", 9, "SMTP", now, ending=ending)


@pytest.mark.parametrize(
    ("one", "then", "words"),
    [
        ({}, {"verb": "DATA", "received_us": 41_200}, "After 40 ms it sent DATA."),
        ({}, {"verb": "DATA", "received_us": 1_250}, "It sent DATA."),
        ({}, {"received_us": 1_000}, "It did not wait for the reply: it had already sent RCPT (RFC 2920 §3.1)."),
        ({"code": 550}, {"verb": "QUIT", "received_us": 3_200}, "After 2 ms it gave up with QUIT (RFC 5321 §4.1.1.10)."),
        ({"code": 550}, {"verb": "RSET", "received_us": 3_200}, "After 2 ms it dropped the transaction with RSET (RFC 5321 §4.1.1.5)."),
        ({"code": 550}, {"received_us": 3_200}, "After 2 ms it sent another RCPT."),
        ({"code": 550}, {"verb": "DATA", "received_us": 3_200}, "After 2 ms it ignored the refusal and sent DATA."),
        ({"code": 354}, {"kind": "body", "verb": "", "received_us": 3_200}, "After 2 ms it had sent the message."),
        ({"code": 334}, {"kind": "auth", "verb": "", "received_us": 3_200}, "After 2 ms it answered the challenge (RFC 4954 §4)."),
        ({}, {"kind": "notice", "line": "the client was silent for 9 seconds."}, "The client was silent for 9 seconds."),
        ({"replied_us": None}, {"received_us": 3_200}, "It sent more before it had a reply."),
    ],
)  # fmt: skip
def test_what_the_client_did_next(
    one: dict[str, object], then: dict[str, object], words: str
) -> None:
    following = explain.following(
        an_exchange(**one), an_exchange(**then), a_row("quit")
    )
    assert following == [words]


@pytest.mark.parametrize(
    ("ending", "one", "words"),
    [
        (None, {}, "Mailsink is waiting for it"),
        (None, {"code": None}, "waiting for the reply"),
        ("quit", {"verb": "QUIT"}, "disconnected, as it should"),
        ("dropped", {}, "without QUIT"),
        ("timeout", {}, "sent nothing more"),
        ("error", {}, "Mailsink closed the connection"),
    ],
)
def test_what_the_client_did_last(
    ending: str | None, one: dict[str, object], words: str
) -> None:
    (sentence,) = explain.following(an_exchange(**one), None, a_row(ending))
    assert words in sentence


def test_reason_of_a_reply() -> None:
    assert "rejects unknown recipients" in explain.reason(
        an_exchange(code=550, enhanced="5.1.1")
    )
    grey = an_exchange(code=451, rule="grey")
    assert explain.reason(grey) == "The rule “grey” gave this reply."
    assert explain.reason(an_exchange(code=None)) == ""
    assert "recipient" in explain.reason(an_exchange(verb="DATA", code=354))


def test_line_tells_a_long_silence() -> None:
    before = an_exchange(seq=4)
    line = explain.line(an_exchange(received_us=4_201_200), before)
    assert line.gap == "silent for 4.2 s"
    assert explain.line(an_exchange(received_us=1_000_000), before).gap == ""
    body = an_exchange(
        kind="body", verb="", received_us=2_001_200, replied_us=2_001_300
    )
    line = explain.line(body, before)
    assert line.gap == "uploading for 2.0 s"
    assert line.bars[0] == Span("body", 1_200, 2_001_200)
