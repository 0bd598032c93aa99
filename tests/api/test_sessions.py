"""API v3: sessions, exchanges and transactions."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.api.v3 import session_schemas
from inbox.errors import NotFound
from inbox.mailbox import messages, paging, sessions, trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import Exchange, Inbox, Session
from mailsink.ids import short_id, uuid7
from tests import factories
from tests.api.conftest import Api
from tests.mails import INVOICE

AT = datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=UTC)


def test_list_works(api: Api) -> None:
    made = factories.session(
        opened_at=AT,
        tls_version="TLSv1.3",
        tls_cipher="AES",
        tls_sni="mail.example",
        auth_mechanism="PLAIN",
        auth_username="ann",
        worst_code=550,
        messages=2,
    )
    told = api("GET", "sessions")
    assert told == {
        "items": [
            {
                "id": str(made.pk),
                "inbox": "default",
                "direction": "in",
                "listener": "127.0.0.1:1025",
                "client_address": "127.0.0.1",
                "client_port": 40001,
                "helo": "client.example",
                "protocol": "ESMTP",
                "tls": {"version": "TLSv1.3", "cipher": "AES", "sni": "mail.example"},
                "auth": {"mechanism": "PLAIN", "username": "ann"},
                "opened_at": "2026-11-22T12:00:00.000001Z",
                "closed_at": None,
                "ending": None,
                "messages": 2,
                "worst_code": 550,
            }
        ],
        "next": None,
    }
    session_schemas.Session.model_validate(told["items"][0])


def test_one_works(api: Api) -> None:
    made = factories.session(inbox=None, ending="dropped", opened_at=AT)
    factories.exchange(made, 1)
    attempt = factories.transaction(session=made, body=INVOICE, recipients=["b@x.y"])
    told = api("GET", f"sessions/{made.pk}")
    session_schemas.SessionDetail.model_validate(told)
    assert (told["inbox"], told["tls"], told["auth"]) == (None, None, None)
    assert told["exchanges"] == [
        {
            "seq": 1,
            "direction": "in",
            "transaction": None,
            "kind": "command",
            "verb": "EHLO",
            "line": "EHLO client.example",
            "octets": 21,
            "received_us": 100,
            "ready_us": 110,
            "replied_us": 120,
            "delayed_us": 0,
            "code": 250,
            "enhanced": "",
            "reply": ["250-here", "250 SIZE 1000"],
            "rule": "",
            "flags": ["pipelined"],
        }
    ]
    assert told["transactions"] == [
        {
            "id": str(attempt.pk),
            "session": str(made.pk),
            "inbox": "default",
            "seq": 1,
            "reverse_path": "ann@example.com",
            "parameters": "",
            "outcome": "rejected",
            "code": 550,
            "started_at": "2026-11-22T12:00:00.001001Z",
            "ended_at": "2026-11-22T12:00:00.005001Z",
            "recipients": [
                {
                    "forward_path": "b@x.y",
                    "parameters": "",
                    "rcpt_code": 250,
                    "final_code": None,
                }
            ],
            "failure": "Message rejected (550)",
            "size": len(INVOICE),
            "complete": True,
            "subject": "Your invoice",
            "from": {"name": "Ann Example", "address": "ann@example.com"},
            "attempt": 1,
        }
    ]


def test_filters(api: Api) -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    live = factories.session()
    quit_ = factories.session(ending="quit", helo="quitter")
    dropped = factories.session(ending="dropped", inbox=other)
    assert api.ids("sessions?live=true") == [str(live.pk)]
    assert api.ids("sessions?live=false") == [str(dropped.pk), str(quit_.pk)]
    assert api.ids("sessions?ending=dropped") == [str(dropped.pk)]
    assert api.ids("sessions?inbox=other") == [str(dropped.pk)]
    assert api.ids("sessions?q=quitter") == [str(quit_.pk)]
    assert api.ids(f"sessions?cursor={dropped.pk}&limit=1") == [str(quit_.pk)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("sessions/7", 404),
        (f"sessions/{uuid7()}", 404),
        (f"sessions/{uuid7()}/exchanges", 404),
        ("sessions?ending=bored", 422),
        ("sessions?inbox=nowhere", 404),
        ("sessions?cursor=0", 400),
        ("sessions?q=is:what", 400),
        ("transactions/7", 404),
        (f"transactions/{uuid7()}/raw", 404),
        ("transactions?outcome=x", 422),
        ("transactions?cursor=x", 400),
    ],
)
def test_problems(api: Api, path: str, status: int) -> None:
    assert api("GET", path, status=status)["detail"]


def test_exchanges_go_on_after_a_seq(api: Api) -> None:
    made = factories.session()
    for seq in range(1, 6):
        factories.exchange(made, seq)
    path = f"sessions/{made.pk}/exchanges"
    first = api("GET", f"{path}?limit=2")
    assert ([each["seq"] for each in first["items"]], first["next"]) == ([1, 2], "2")
    last = api("GET", f"{path}?limit=3&after={first['next']}")
    assert ([each["seq"] for each in last["items"]], last["next"]) == ([3, 4, 5], None)
    api("GET", f"{path}?after=-1", status=422)
    api("GET", f"{path}?after=99999999999999999999", status=422)


def test_session_has_the_first_500_exchanges(api: Api) -> None:
    made = factories.session()
    rows = [
        Exchange(session=made, seq=n, kind="command", octets=1, received_us=n)
        for n in range(1, 503)
    ]
    Exchange.objects.bulk_create(rows)
    assert len(api("GET", f"sessions/{made.pk}")["exchanges"]) == 500
    page = api("GET", f"sessions/{made.pk}/exchanges")
    assert (len(page["items"]), page["next"]) == (500, "500")


def test_delete(api: Api) -> None:
    live = factories.session()
    assert "live" in api("DELETE", f"sessions/{live.pk}", status=409)["detail"]
    made = factories.message()
    session = made.transaction.session
    factories.exchange(session, 1)
    problem = api("DELETE", f"sessions/{session.pk}", status=409)
    assert "messages (1)" in problem["detail"]
    trash.delete(ALL, Selection((made.pk,)))
    api("DELETE", f"sessions/{session.pk}", status=204)
    assert not Session.objects.filter(pk=session.pk).exists()
    api("DELETE", f"sessions/{session.pk}", status=404)


def test_short_id(default_inbox: Inbox) -> None:
    made = factories.session()
    assert sessions.by_short_id(ALL, short_id(made.pk, 7)) == (made, 7)
    for text in ("", "x", short_id(uuid7(), 1), "\x00"):
        with pytest.raises(NotFound):
            sessions.by_short_id(ALL, text)


def test_transactions_that_were_not_accepted(api: Api) -> None:
    made = {
        outcome: factories.transaction(outcome=outcome)
        for outcome in ("rejected", "reset", "abandoned", "accepted")
    }
    made["open"] = factories.transaction(outcome=None)
    assert api.ids("transactions") == [
        str(made[outcome].pk) for outcome in ("abandoned", "reset", "rejected")
    ]
    for outcome in ("rejected", "reset", "abandoned", "accepted"):
        found = api.ids(f"transactions?outcome={outcome}")
        assert found == [str(made[outcome].pk)]
    told = api("GET", f"transactions/{made['open'].pk}")
    assert (told["outcome"], told["size"], told["complete"]) == (None, None, None)


def test_body_that_was_not_accepted(api: Api) -> None:
    made = factories.transaction(outcome="abandoned")
    octets = b"Subject: Half of\r\n\r\n" + b"it " * 9000
    factories.raw(
        made, octets, codec="zlib", complete=False, content=zlib.compress(octets)
    )
    told = api("GET", f"transactions/{made.pk}")
    assert (told["subject"], told["complete"]) == ("Half of", False)
    response = api.response("GET", f"transactions/{made.pk}/raw")
    assert response.content == octets
    assert response["Content-Type"] == "message/rfc822"


def test_lists_make_few_queries_and_read_no_bodies(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        factories.transaction(body=INVOICE, recipients=["a@x.y", "b@x.y"])
        factories.message()
    with django_assert_max_num_queries(8) as queries:
        messages.entries(ALL, limit=50)
    for query in queries:
        assert "content" not in query["sql"] or "SUBSTR" in query["sql"].upper()
    with django_assert_max_num_queries(2):  # which ones, then those
        messages.find(ALL, limit=50)


def test_a_page_of_transactions_has_a_bounded_number_of_recipients(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that names thousands, and resets, makes the same list without end."""
    monkeypatch.setattr(paging, "MOST_OCTETS", 10 * 400)
    many = [f"user{number}@example.com" for number in range(6)]
    made = [
        factories.transaction(recipients=many, recipients_accepted=6) for _ in range(3)
    ]
    for path in ("transactions", "/entries"):
        pages, cursor = [], ""
        while cursor is not None:
            query = f"limit=2&cursor={cursor}" if cursor else "limit=2"
            page = api("GET", f"{path}?{query}")
            pages.append([each["id"] for each in page["items"]])
            cursor = page["next"]
        assert pages == [[str(each.pk)] for each in reversed(made)]
