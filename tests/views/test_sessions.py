"""The sessions' pages, rendered from rows as the recorder leaves them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from inbox.insight import session_facts
from inbox.insight.findings import report
from inbox.models import (
    Exchange,
    Recipient,
    Session,
    Transaction,
)
from mailsink.ids import short_id, uuid7
from tests import factories
from tests.between import after_query
from tests.mails import ORDER

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


def a_session(**fields: Any) -> Session:
    ended = {
        "client_address": "10.0.3.22",
        "client_port": 51822,
        "helo": "app.shop.test",
        "opened_at": NOW - timedelta(seconds=10),
        "closed_at": NOW,
        "ending": "quit",
        "last_verb": "QUIT",
    }
    return factories.session(**ended | fields)


def a_line(session: Session, seq: int, line: str, **fields: Any) -> Exchange:
    given = {
        "verb": line.split(" ")[0],
        "line": line,
        "octets": len(line) + 2,
        "received_us": seq * 1000,
        "ready_us": seq * 1000 + 200,
        "replied_us": seq * 1000 + 250,
        "enhanced": "2.0.0",
        "reply": "250 2.0.0 Ok",
        "flags": "",
    }
    session.exchanges = seq
    session.save()
    return factories.exchange(session, seq, **given | fields)


def a_transaction(session: Session, **fields: Any) -> Transaction:
    unended = {"outcome": None, "code": None, "ended_us": None, "reverse_path": ""}
    return factories.transaction(session=session, started_us=1, **unended | fields)


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def test_list_live_on_top_then_ended_newest_first(client: Client) -> None:
    old = a_session(helo="old.test")
    live = a_session(helo="live.test", ending=None, closed_at=None, last_verb="MAIL")
    new = a_session(helo="new.test")
    page = text(client, "/sessions")
    order = [page.index(f'data-id="{each.id}"') for each in (live, new, old)]
    assert order == sorted(order)
    assert "Waiting for a command after MAIL" in page


def test_list_has_a_session_that_ends_while_it_is_read(client: Client) -> None:
    """The list is two queries; whichever comes first, none is lost between them."""
    session = a_session(helo="hasty.test", ending=None, closed_at=None)
    ends = Session.objects.filter(pk=session.pk)
    with after_query("client_port", lambda: ends.update(ending="quit", closed_at=NOW)):
        page = text(client, "/sessions")
    assert page.count("hasty.test") == 1


def test_list_older_pages_by_keyset(client: Client) -> None:
    every = [a_session(helo=f"n{number}.test") for number in range(60)]
    first = text(client, "/sessions")
    cursor = first.split("/sessions?cursor=")[1].split('"')[0]
    second = text(client, f"/sessions?cursor={cursor}")
    shown = [page.count('data-id="') for page in (first, second)]
    assert shown == [50, 10]
    assert str(every[0].id) in second
    assert "data-growing" not in second


def test_list_bad_cursor_is_a_page_in_words(client: Client) -> None:
    assert "cursor" in text(client, "/sessions?cursor=nonsense", 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=dropped", {"dropped"}),
        ("outcome=accepted", {"good"}),
        ("outcome=rejected", {"dropped", "live"}),
        ("code=451", {"dropped"}),
        ("code=4xx", {"dropped"}),
        ("code=5XX", {"live"}),
        ("verb=RCPT", {"dropped", "live"}),
        ("verb=rcpt&code=550", {"live"}),
        ("client=10.9.*", {"good"}),
        ("client=good.test", {"good"}),
        ("client=x%22+OR+is:live", set()),
        ("q=is:live", {"live"}),
        ("q=is:live&outcome=dropped", set()),
        ("outcome=nonsense", {"good", "dropped", "live"}),
    ],
)
def test_list_shows_what_matches_only(
    client: Client, query: str, found: set[str]
) -> None:
    made = {
        "good": a_session(helo="good.test", messages=1, client_address="10.9.0.1"),
        "dropped": a_session(ending="dropped", refused=1),
        "live": a_session(ending=None, closed_at=None, refused=1),
    }
    a_line(made["dropped"], 1, "RCPT TO:<a@b>", code=451)
    a_line(made["live"], 1, "RCPT TO:<a@b>", code=550)
    page = text(client, f"/sessions?{query}")
    ids = "&".join(f"id={each.id}" for each in made.values())
    rows = text(client, f"/sessions/rows?{ids}&{query}")
    again = text(client, f"/sessions/rows?{query}")
    for name, session in made.items():
        for shown in (page, rows, again):
            assert (f'data-id="{session.id}"' in shown) == (name in found)


def test_list_says_what_is_wrong_with_a_filter(client: Client) -> None:
    page = text(client, "/sessions?code=77&verb=RCPT")
    assert "Not a reply code" in page
    assert re.search("<option selected> ?RCPT ?</option>", page)
    assert "No session matches" in page
    assert "data-id" not in text(client, f"/sessions/rows?id={uuid7()}&code=77")


def test_list_keeps_its_filter_on_older_pages(client: Client) -> None:
    for number in range(55):
        a_session(helo=f"n{number}.test")
    page = text(client, "/sessions?client=test&outcome=quit")
    assert 'data-filter="outcome=quit&amp;client=test"' in page
    link = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert text(client, link).count('data-id="') == 5


def test_trouble_leads_to_the_next_and_the_last(client: Client) -> None:
    session = a_session()
    for seq in range(1, 6):
        a_line(session, seq, "NOOP", code=550 if seq in (2, 4) else 250)
    base = f"/sessions/{session.id}"
    for query, seq in (("", 2), ("after=2", 4), ("before=4", 2), ("after=4", 4)):
        answer = client.get(f"{base}/trouble?{query}")
        assert answer["Location"] == f"{base}?exchange={seq}#e{seq}"


def test_session_shows_how_to_replay_it(client: Client) -> None:
    session = a_session()
    a_line(session, 1, "EHLO <app>'s")
    for url in (
        f"/sessions/{session.id}?panel=replay",
        f"/sessions/{session.id}/replay",
    ):
        page = text(client, url)
        assert "swaks --server 127.0.0.1:1025" in page
        assert "import smtplib" in page
        assert "<app>" not in page


def test_list_of_nothing_leads_to_the_checklist(client: Client) -> None:
    assert "Nothing has connected yet" in text(client, "/sessions")


@pytest.mark.parametrize(
    ("fields", "last", "words"),
    [
        ({}, None, "Closed without sending mail"),
        ({"messages": 12}, None, "Delivered 12 messages"),
        (
            {"ending": "timeout", "last_verb": "RCPT"},
            {"kind": "notice", "line": "The client was silent for 300 seconds."},
            "Timed out: no command for 5 min after RCPT",
        ),
        ({"ending": "crashed"}, None, "Mailsink crashed or was killed"),
        ({"ending": "dropped", "last_verb": ""}, None, "Connected, then disconnected"),
        (
            {"ending": "dropped", "last_verb": "DATA"},
            {"kind": "body", "verb": "", "octets": 14203, "code": None, "reply": ""},
            "Disconnected mid-message (14,203 bytes)",
        ),
        (
            {"ending": "dropped", "last_verb": "DATA"},
            {"verb": "DATA", "code": 354},
            "Disconnected mid-message (0 bytes)",
        ),
        (
            {"ending": "error", "last_verb": ""},
            {"kind": "notice", "verb": "", "flags": "tls_on_plain", "code": None},
            "TLS on a plain port",
        ),
        (
            {"refused": 1, "worst_code": 552},
            {"verb": "MAIL", "code": 552, "enhanced": "5.3.4"},
            "MAIL refused: message too large (552)",
        ),
        (
            {"refused": 1, "worst_code": 504},
            {"kind": "auth", "verb": "AUTH", "code": 504},
            "Login failed (504)",
        ),
    ],
)
def test_outcome_is_the_same_in_list_title_and_chip(
    client: Client, fields: dict[str, Any], last: dict[str, Any] | None, words: str
) -> None:
    session = a_session(**fields)
    if last:
        a_line(session, 1, **{"line": "", **last})
    assert words in text(client, "/sessions")
    page = text(client, f"/sessions/{session.id}")
    assert f'data-ended="yes">app.shop.test → {words}</h1>' in page
    failed = not words.startswith(("Delivered", "Closed without"))
    assert (
        bool(re.search(rf'class="chip[^>]*> ?(<a[^>]*>)?{re.escape(words)}', page))
        == failed
    )


def test_outcome_is_the_first_refusal_not_what_followed_from_it(client: Client) -> None:
    session = a_session(refused=3, worst_code=554, last_verb="QUIT")
    a_line(session, 1, "EHLO a")
    a_line(session, 2, "RCPT TO:<x>", code=501, enhanced="5.1.3")
    a_line(session, 3, "RCPT TO:<y>", code=550, enhanced="5.1.1")
    a_line(session, 4, "DATA", code=554, enhanced="5.5.1")
    for url in ("/sessions", f"/sessions/{session.id}"):
        page = text(client, url)
        assert "2 recipients rejected (501)" in page
        assert "554 at" not in page
        assert "Ended well" not in page


@pytest.mark.parametrize("kind", ["body", "chunk"])
def test_outcome_looks_before_the_notice_that_ended_it(
    client: Client, kind: str
) -> None:
    session = a_session(ending="timeout", last_verb="DATA", refused=1)
    transaction = a_transaction(session)
    told = {"code": None, "reply": "", "octets": 128, "flags": "aborted_in_data"}
    a_line(session, 1, "", kind=kind, verb="", transaction=transaction, **told)
    notice = "The client was silent for 300 seconds."
    a_line(session, 2, notice, kind="notice", verb="", code=421, enhanced="4.4.2")
    assert "Timed out mid-message (128 bytes)" in text(client, "/sessions")
    page = text(client, f"/sessions/{session.id}")
    assert 'id="e1" aria-current="true"' in page


def test_outcome_of_a_login_that_worked_at_last(client: Client) -> None:
    session = a_session(refused=1, worst_code=535, auth_mechanism="PLAIN")
    a_line(session, 1, "AUTH LOGIN", kind="auth", code=535)
    assert "Closed without sending mail" in text(client, "/sessions")
    assert "Login failed" not in text(client, f"/sessions/{session.id}")


def test_outcome_of_a_delivery_says_what_was_refused_in_it(client: Client) -> None:
    session = a_session(messages=1, refused=1, worst_code=451)
    a_line(session, 1, "RCPT TO:<audit@shop.test>", code=451, enhanced="4.7.1")
    words = "Delivered 1 message · Recipient rejected: temporary failure (451)"
    assert words in text(client, "/sessions")


def test_outcome_of_a_refusal_far_down_is_told_by_its_code(client: Client) -> None:
    session = a_session(refused=1, worst_code=554)
    assert "Refused (554)" in text(client, "/sessions")
    a_line(session, 5000, "DATA", code=554)
    assert "Refused (554)" in text(client, "/sessions")


def test_list_says_from_whom_to_whom(client: Client) -> None:
    session = a_session()
    for path, seq in (("a@shop.test", 1), ("other@shop.test", 2)):
        transaction = a_transaction(
            session, seq=seq, reverse_path=path, recipients_accepted=3
        )
        Recipient.objects.create(
            transaction=transaction, seq=1, forward_path=f"to-{path}", rcpt_code=250
        )
    page = text(client, "/sessions")
    envelope = re.sub(
        "<[^>]*>| ",
        "",
        page.split('class="envelope">')[2].split('</span> <span class="said')[0],
    )
    assert envelope == "a@shop.test→to-a@shop.test+2"
    refused = a_session(refused=1, worst_code=552)
    a_line(refused, 1, "MAIL FROM:<big@shop.test> SIZE=9", code=552)
    assert "<bdi>big@shop.test</bdi>" in text(client, "/sessions")


@pytest.mark.parametrize(
    ("helo", "address"), [("[127.0.0.1]", "127.0.0.1"), ("[IPv6:::1]", "::1")]
)
def test_list_names_an_address_once(client: Client, helo: str, address: str) -> None:
    a_session(helo=helo, client_address=address)
    assert text(client, "/sessions").count(f">{address}<") == 1
    assert helo not in text(client, "/sessions")


def test_rows_of_the_sessions_asked_for(client: Client) -> None:
    first, second, _ = a_session(), a_session(), a_session()
    rows = text(client, f"/sessions/rows?id={first.id}&id={second.id}&id=nonsense")
    assert rows.count("data-id=") == 2


def test_session_with_its_transcript(client: Client) -> None:
    session = a_session(messages=1, auth_mechanism="PLAIN", auth_username="shop")
    a_line(session, 1, "EHLO app.shop.test", reply="250-a\n250-PIPELINING\n250 SIZE 9")
    a_line(session, 2, "AUTH PLAIN ********", flags="auth_plaintext")
    page = text(client, f"/sessions/{session.id}")
    assert "app.shop.test → Delivered 1 message" in page
    assert "250 2 extensions" in page
    assert "PLAIN ********" in page
    assert "password without TLS" in page
    assert "AUTH PLAIN shop" in page


@pytest.mark.parametrize(
    ("kind", "protocol", "in_list", "chip"),
    [
        ("smtp", "ESMTP", ">10.0.3.22<", "via port 1025"),
        ("smtps", "ESMTPS", ">10.0.3.22 · SMTPS<", "via SMTPS port 1025"),
        ("submission", "ESMTP", ">10.0.3.22 · Submission<", "via Submission port 1025"),
        ("lmtp", "LMTPA", ">10.0.3.22 · LMTP<", "via LMTP port 1025"),
    ],
)
def test_session_says_by_which_listener_it_came(
    client: Client, kind: str, protocol: str, in_list: str, chip: str
) -> None:
    session = a_session(listener_kind=kind, protocol=protocol)
    assert in_list in client.get("/sessions").content.decode()
    assert chip in client.get(f"/sessions/{session.id}").content.decode()


@pytest.mark.parametrize(("lasted", "shown"), [(49, False), (51, True)])
def test_session_has_time_bars_from_50_ms(
    client: Client, lasted: int, shown: bool
) -> None:
    session = a_session(opened_at=NOW - timedelta(milliseconds=lasted))
    took = lasted * 1000
    a_line(session, 1, "NOOP", received_us=0, ready_us=took, replied_us=took)
    page = text(client, f"/sessions/{session.id}")
    assert ('class="timeline"' in page) == shown
    assert ('class="ours"' in page) == shown
    assert ('class="transcript quick"' in page) == (not shown)


def test_session_escapes_what_the_client_said(client: Client) -> None:
    session = a_session(helo="<script>x</script>")
    a_line(session, 1, "EHLO <script>x</script>", rule="<b>", reply="250 <i>")
    for url in ("/sessions", f"/sessions/{session.id}?exchange=1"):
        page = text(client, url)
        assert "<script>x" not in page
        assert "<b>”" not in page
        assert "<i>" not in page


def test_session_body_leads_to_its_message(client: Client) -> None:
    session = a_session(messages=1)
    transaction = a_transaction(session, outcome="accepted", recipients_accepted=1)
    message = factories.message_of(transaction, ORDER)
    a_line(session, 1, "", kind="body", transaction=transaction, octets=18211)
    page = text(client, f"/sessions/{session.id}")
    assert "18,211 bytes of message" in page
    assert f'href="/messages/{message.id}">open “Your order”' in page


def test_session_body_that_was_not_accepted_leads_to_its_transaction(
    client: Client,
) -> None:
    session = a_session()
    transaction = a_transaction(session, outcome="rejected", code=554)
    a_line(session, 1, "", kind="body", transaction=transaction)
    assert f'href="/messages/{transaction.id}"' in text(
        client, f"/sessions/{session.id}"
    )


def test_session_chunks_lead_to_their_message(client: Client) -> None:
    session = a_session(ending="dropped", last_verb="BDAT")
    transaction = a_transaction(
        session, outcome="abandoned", recipients_accepted=1, ended_us=9
    )
    told = {"kind": "chunk", "transaction": transaction, "octets": 5000}
    a_line(session, 1, "BDAT 5000", **told)
    a_line(session, 2, "BDAT 5000", **told)
    told |= {"octets": 400, "code": None, "reply": "", "flags": "aborted_in_data"}
    a_line(session, 3, "BDAT 1000 LAST", **told)
    page = text(client, f"/sessions/{session.id}")
    assert page.count("5,000 bytes of message") == 2
    assert "400 of 1,000 bytes, then cut off" in page
    link = f'href="/messages/{transaction.id}"'
    assert page.count(link) == 4  # each line has it, and the details of the last
    words = "Disconnected mid-message (10,400 bytes)"
    assert words in page
    assert "so nothing was stored" in page
    assert words in text(client, "/sessions")


def test_session_explains_the_chosen_line(client: Client) -> None:
    session = a_session()
    a_line(session, 1, "EHLO app")
    a_line(
        session,
        2,
        "RCPT TO:<audit@shop.test>",
        code=451,
        enhanced="4.7.1",
        reply="451 4.7.1 Try again later",
        rule="greylist audit",
        delayed_us=500_000,
    )
    page = text(client, f"/sessions/{session.id}?exchange=2")
    assert "a good client keeps the message and tries again later" in page
    assert "4.7.1: about security or policy" in page
    assert "rule “greylist audit”" in page
    assert 'id="e2" aria-current="true"' in page
    assert page.count('aria-current="true"') == 1


def test_session_says_that_a_line_is_not_there_yet(client: Client) -> None:
    session = a_session(ending=None, closed_at=None)
    a_line(session, 1, "EHLO app")
    page = text(client, f"/sessions/{session.id}?exchange=9")
    assert "There is no line 9 in this session yet." in page


def test_session_leads_from_what_a_setting_answered_to_the_settings(
    client: Client,
) -> None:
    session = a_session()
    rule = "known addresses of inbox default"
    a_line(session, 1, "RCPT TO:<x@example.com>", code=550, rule=rule)
    a_line(session, 2, "NOOP")
    refused = text(client, f"/sessions/{session.id}/exchanges/1")
    assert rule in refused
    assert 'href="/settings"' in refused
    assert 'href="/settings"' not in text(client, f"/sessions/{session.id}/exchanges/2")


def test_session_fragment_of_one_exchange_or_404(client: Client) -> None:
    session = a_session()
    a_line(session, 1, "NOOP")
    assert "Line 1" in text(client, f"/sessions/{session.id}/exchanges/1")
    text(client, f"/sessions/{session.id}/exchanges/2", 404)
    text(client, f"/sessions/{uuid7()}/exchanges/1", 404)


def test_session_long_is_shown_in_windows(client: Client) -> None:
    session = a_session()
    Exchange.objects.bulk_create(
        Exchange(
            session=session,
            seq=seq,
            kind="command",
            verb="NOOP",
            line="NOOP",
            octets=6,
            received_us=seq,
        )
        for seq in range(1, 2001)
    )
    session.exchanges = 2000
    session.save()
    page = text(client, f"/sessions/{session.id}")
    assert page.count('<tr id="e') == 100
    assert 'href="?after=100" data-more="later"' in page
    page = text(client, f"/sessions/{session.id}?exchange=1800")
    assert 'id="e1800"' in page
    assert 'data-more="earlier"' in page
    Session.objects.update(ending=None, closed_at=None)
    page = text(client, f"/sessions/{session.id}")
    assert 'id="e2000"' in page
    assert "Still open" in page
    lines = f"/sessions/{session.id}/exchanges"
    assert text(client, f"{lines}?after=1990").count("<tr") == 10
    assert text(client, f"{lines}?after=10&limit=3").count("<tr") == 3
    last = text(client, f"{lines}?last=2")
    assert ('id="e1999"' in last, 'id="e2000"' in last, last.count("<tr")) == (
        True,
        True,
        2,
    )


def test_session_on_the_wrong_port_says_what_cures_it(client: Client) -> None:
    session = a_session(ending="error", last_verb="")
    a_line(session, 1, "", kind="notice", flags="tls_on_plain", code=None, reply="")
    assert "secure: false" in text(client, f"/sessions/{session.id}")


@pytest.mark.parametrize("id", ["nonsense", str(UUID(int=7))])
def test_session_unknown_is_a_page_in_words(client: Client, id: str) -> None:
    assert "There is no such session" in text(client, f"/sessions/{id}", 404)


def test_short_id_leads_to_its_exchange(client: Client) -> None:
    session = a_session()
    answer = client.get(f"/s/{short_id(session.id, 3)}")
    assert answer.status_code == 302
    assert answer["Location"] == f"/sessions/{session.id}?exchange=3#e3"


@pytest.mark.parametrize("short", ["nonsense", "0123456789ab-1", "é-1"])
def test_short_id_unknown_is_a_page_in_words(client: Client, short: str) -> None:
    assert "may have been removed" in text(client, f"/s/{short}", 404)


def test_short_id_of_a_session_on_its_way_looks_again(client: Client) -> None:
    answer = client.get(f"/s/{short_id(uuid7(), 3)}")
    assert answer.status_code == 404
    assert answer["Refresh"] == "1"
    assert "only just begun" in answer.content.decode()
    long_ago = UUID("01890000-0000-7000-8000-000000000000")
    assert "Refresh" not in client.get(f"/s/{short_id(long_ago, 3)}")


def test_list_costs_few_queries_however_long(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        session = a_session(refused=1, ending="dropped", helo=f"n{number}.test")
        a_line(session, 1, "NOOP")
    with django_assert_max_num_queries(16):
        text(client, "/sessions")


@pytest.mark.parametrize("query", ["", "?exchange=1", "?panel=findings"])
def test_a_page_gathers_what_it_tells_of_a_session_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    session = a_session(ending="timeout", refused=1)
    a_line(session, 1, "RCPT TO:<x>", code=550)
    gathered, read = [], []
    gather, of = report.gather, session_facts.of

    def gather_and_tell(found: Any) -> Any:
        gathered.append(found)
        return gather(found)

    def of_and_tell(found: Any) -> Any:
        read.append(found)
        return of(found)

    monkeypatch.setattr(report, "gather", gather_and_tell)
    monkeypatch.setattr(session_facts, "of", of_and_tell)
    text(client, f"/sessions/{session.id}{query}")
    assert len(gathered) == 2  # of the page, and of the list beside it
    assert len(read) == 2
