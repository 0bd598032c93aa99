"""API v3: messages."""

from __future__ import annotations

import base64
import json
from itertools import chain
from typing import Any
from uuid import UUID

import pytest

from inbox.api.v3 import schemas
from inbox.http import as_json
from inbox.mailbox import marking, messages, paging, purge, selection, trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import Inbox, Message, MessageRead
from mailsink.ids import uuid7
from tests import factories
from tests.api.conftest import Api
from tests.between import after_query
from tests.mails import INVOICE

MULTIPART = (
    b"From: a@example.com\r\nSubject: Parts\r\nX-Odd: =?utf-8?q?M=C3=BCll?=\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
    b"--c\r\n\r\nplain\r\n"
    b"--c\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>rich</p>\r\n"
    b"--c--\r\n"
    b'--b\r\nContent-Type: text/html; name="../../evil\\".html"\r\n'
    b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"PGI+YXR0YWNoZWQ8L2I+\r\n--b--\r\n"
)


def test_list_works(api: Api) -> None:
    made = factories.message(tags=["red"], recipients=["bob@example.com"])
    page = api("GET", "messages")
    assert page["next"] is None
    assert page["items"] == [
        {
            "id": str(made.pk),
            "inbox": "default",
            "session": str(made.transaction.session_id),
            "transaction": str(made.transaction_id),
            "received_at": made.received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "from": {"name": "Ann Example", "address": "ann@example.com"},
            "to": [{"name": "Bob", "address": "bob@example.com"}],
            "cc": [{"name": "", "address": "cat@example.com"}],
            "subject": "Your invoice",
            "message_id": made.message_id,
            "date": "2026-11-22T09:00:00.000000Z",
            "size": len(INVOICE),
            "snippet": None,
            "attachments": None,
            "read": False,
            "pinned": False,
            "tags": ["red"],
            "status": "new",
            "note": "",
            "assignee": None,
            "comments": 0,
            "code": 250,
            "first_recipient": "bob@example.com",
            "reverse_path": "ann@example.com",
            "recipients_accepted": 0,
            "recipients_refused": 0,
            "attempt": 1,
        }
    ]
    schemas.Message.model_validate(page["items"][0])


def test_one_works(api: Api) -> None:
    made = factories.message(recipients=["bob@example.com", "hidden@example.com"])
    told = api("GET", f"messages/{made.pk}")
    schemas.MessageDetail.model_validate(told)
    assert told["envelope"] == {
        "reverse_path": "ann@example.com",
        "parameters": "",
        "recipients": [
            {
                "forward_path": path,
                "parameters": "",
                "rcpt_code": 250,
                "final_code": None,
            }
            for path in ("bob@example.com", "hidden@example.com")
        ],
    }
    assert (told["text"].strip(), told["html"], told["defects"]) == ("Pay me.", "", [])
    assert [part["content_type"] for part in told["parts"]] == ["text/plain"]
    assert api("GET", "messages/latest") == told
    assert api("GET", f"messages/{str(made.pk).upper()}") == told


def test_one_without_its_body(api: Api) -> None:
    made = factories.message()
    made.transaction.raw.delete()
    told = api("GET", f"messages/{made.pk}")
    schemas.MessageDetail.model_validate(told)
    assert "gone" in told["defects"][0]
    assert "gone" in api("GET", f"messages/{made.pk}/raw", status=404)["detail"]


def test_a_page_has_a_bounded_number_of_octets(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_OCTETS", 1000)
    one = {"name": "a" * 100, "address": "u@example.com"}
    made = [factories.message(to=[one] * 3, subject="") for _ in range(2)]
    made += [factories.message(subject="b" * 400) for _ in range(2)]
    made.append(factories.message(cc=[one] * 8))
    pages, cursor = [], ""
    while cursor is not None:
        page = api("GET", f"messages?limit=4{cursor and '&cursor='}{cursor}")
        pages.append([each["id"] for each in page["items"]])
        cursor = page["next"]
    assert list(chain(*pages)) == [str(each.pk) for each in reversed(made)]
    assert [len(each) for each in pages] == [1, 2, 2]


def test_pages_go_on_by_cursor(api: Api) -> None:
    made = [str(factories.message().pk) for _ in range(5)][::-1]
    first = api("GET", "messages?limit=2")
    assert [each["id"] for each in first["items"]] == made[:2]
    assert first["next"] == made[1]
    factories.message()
    second = api("GET", f"messages?limit=2&cursor={first['next']}")
    assert [each["id"] for each in second["items"]] == made[2:4]
    last = api("GET", f"messages?limit=2&cursor={second['next']}")
    assert [each["id"] for each in last["items"]] == made[4:]
    assert last["next"] is None


@pytest.mark.parametrize("path", ["messages", "/entries"])
def test_a_list_goes_on_behind_what_is_removed_while_it_is_read(
    api: Api, path: str
) -> None:
    """A page is two queries, of ids and of rows: a row that is gone does not end the list."""
    *kept, newest = (factories.message() for _ in range(5))
    gone = Message.objects.filter(pk=newest.pk)
    with after_query("inbox_message", lambda: purge.purge(gone, "count")):
        page = api("GET", f"{path}?limit=2")
    ids = [each["id"] for each in page["items"]]
    while page["next"]:
        page = api("GET", f"{path}?limit=2&cursor={page['next']}")
        ids += [each["id"] for each in page["items"]]
    assert ids == [str(each.pk) for each in reversed(kept)]


def test_inbox_narrows(api: Api) -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    factories.message()
    theirs = factories.message(inbox=other)
    assert api.ids("messages?inbox=other") == [str(theirs.pk)]
    assert "nowhere" in api("GET", "messages?inbox=nowhere", status=404)["detail"]
    api("GET", "messages?inbox=a%00", status=404)


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("messages?limit=0", 422, "limit"),
        ("messages?limit=501", 422, "limit"),
        ("messages?limit=x", 422, "limit"),
        ("messages?cursor=x", 400, "cursor"),
        ("messages?cursor=%00", 400, "cursor"),
        ("messages?q=form:ann", 400, 'Unknown filter "form:"'),
        ("messages?q=%22open", 400, "quote"),
        ("messages?q=%00", 400, "NUL"),
        ("messages?q=" + "x" * 1001, 400, "1,000"),
        ("messages/latest", 404, "no message yet"),
        ("messages/7", 404, 'no message "7"'),
        (f"messages/{uuid7()}", 404, "no message"),
        (f"messages/{uuid7()}/raw", 404, "no message"),
        (f"messages/{uuid7()}/html", 404, "no message"),
        (f"messages/{uuid7()}/text", 404, "no message"),
        (f"messages/{uuid7()}/headers", 404, "no message"),
        (f"messages/{uuid7()}/parts", 404, "no message"),
        (f"messages/{uuid7()}/parts/0", 404, "no message"),
        (f"messages/{uuid7()}/parts/x", 404, "nothing at"),
        (f"messages/{uuid7()}/else", 404, "nothing at"),
        ("messages/%00", 404, "no message"),
    ],
)
def test_problems(api: Api, path: str, status: int, detail: str) -> None:
    assert detail in api("GET", path, status=status)["detail"]


def test_raw_is_what_was_sent(api: Api) -> None:
    octets = INVOICE + bytes(range(256))
    made = factories.message(octets)
    response = api.response("GET", f"messages/{made.pk}/raw")
    assert response.content == octets
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Disposition"] == f'attachment; filename="{made.pk}.eml"'
    safe(response)


def safe(response: Any) -> None:
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_bodies(api: Api) -> None:
    made = factories.message(MULTIPART)
    html = api.response("GET", f"messages/{made.pk}/html")
    assert html["Content-Type"] == "text/plain; charset=utf-8"
    assert b"<p>rich</p>" in html.content
    safe(html)
    text = api.response("GET", f"messages/{made.pk}/text")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert text.content.strip() == b"plain"
    safe(text)
    plain = factories.message()
    assert "no HTML" in api("GET", f"messages/{plain.pk}/html", status=404)["detail"]


def test_text_is_made_from_html(api: Api) -> None:
    factories.message(b"Content-Type: text/html\r\n\r\n<p>only <b>rich</b></p>")
    assert api.response("GET", "messages/latest/text").content.strip() == b"only rich"


def test_headers(api: Api) -> None:
    factories.message(MULTIPART)
    page = api("GET", "messages/latest/headers")
    assert page["next"] is None
    assert page["items"][2] == {"name": "X-Odd", "value": "Müll"}


def test_parts(api: Api) -> None:
    factories.message(MULTIPART)
    parts = api("GET", "messages/latest/parts")["items"]
    for part in parts:
        schemas.Part.model_validate(part)
    assert [part["content_type"] for part in parts] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/html",
    ]
    assert [part["attachment"] for part in parts] == [False] * 4 + [True]
    response = api.response("GET", "messages/latest/parts/4")
    assert response.content == b"<b>attached</b>"
    disposition = response["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert ".." not in disposition
    assert "/" not in disposition
    safe(response)
    assert "no part 5" in api("GET", "messages/latest/parts/5", status=404)["detail"]


@pytest.mark.parametrize(
    "head", ["message/rfc822", "application/octet-stream; name=old.eml"]
)
def test_parts_of_a_message_in_base64(api: Api, head: str) -> None:
    inner = b"Content-Type: text/csv; name=a.csv\r\n\r\n1,2"
    factories.message(
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: %s\r\n"
        b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--o--\r\n"
        % (head.encode(), base64.b64encode(inner))
    )
    parts = api("GET", "messages/latest/parts")["items"]
    assert [part["filename"] for part in parts][2:] == ["a.csv"]
    assert [part["attachment"] for part in parts] == [False, True, False]
    assert api.response("GET", "messages/latest/parts/1").content == inner
    assert api.response("GET", "messages/latest/parts/2").content == b"1,2"


def test_a_part_without_a_name_is_saved_by_its_type(api: Api) -> None:
    factories.message(b"Content-Type: application/zip\r\n\r\nPK")
    response = api.response("GET", "messages/latest/parts/0")
    assert response["Content-Disposition"] == 'attachment; filename="part-0.zip"'


def test_change(api: Api) -> None:
    made = factories.message()
    told = api(
        "PATCH", f"messages/{made.pk}", {"read": True, "tags": [" a ", "a", "b"]}
    )
    assert (told["read"], told["pinned"], told["tags"]) == (True, False, ["a", "b"])
    told = api("PATCH", "messages/latest", {"pinned": True})
    assert (told["read"], told["pinned"], told["tags"]) == (True, True, ["a", "b"])
    told = api("PATCH", "messages/latest", {"read": True})
    told = api("PATCH", "messages/latest", {"read": False, "pinned": False, "tags": []})
    assert (told["read"], told["pinned"], told["tags"]) == (False, False, [])
    assert not MessageRead.objects.exists()


def test_status_and_note(api: Api) -> None:
    factories.message()
    told = api("GET", "messages/latest")
    assert (told["status"], told["note"]) == ("new", "")
    told = api("PATCH", "messages/latest", {"status": "bug", "note": " no total "})
    assert (told["status"], told["note"]) == ("bug", "no total")
    told = api("PATCH", "messages/latest", {"status": "ok"})
    assert (told["status"], told["note"]) == ("ok", "no total")
    assert api("PATCH", "messages/latest", {"note": ""})["note"] == ""


@pytest.mark.parametrize(
    "body",
    [
        {"reed": True},
        {"read": "yes"},
        {"tags": "a"},
        {"tags": [1]},
        {"tags": [""]},
        {"tags": ["a\x00b"]},
        {"tags": ["\ud800"]},
        {"tags": ["x" * 65]},
        {"tags": [str(n) for n in range(51)]},
        {"status": "good"},
        {"note": 7},
        {"note": "x" * 2001},
        [],
        7,
    ],
)
def test_change_refuses(api: Api, body: Any) -> None:
    factories.message()
    assert api("PATCH", "messages/latest", body, status=422)["detail"]


def test_change_without_json(api: Api) -> None:
    factories.message()
    response = api.client.patch("/api/v3/messages/latest", b"{", "application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_delete_and_restore(api: Api) -> None:
    made = factories.message(pinned=True)
    api("DELETE", f"messages/{made.pk}", status=204)
    assert api.ids("messages") == []
    assert api.ids("messages?q=is:deleted") == [str(made.pk)]
    for path in ("", "/raw", "/text"):
        api("GET", f"messages/{made.pk}{path}", status=404)
    api("GET", f"transactions/{made.transaction_id}/raw", status=404)
    api("DELETE", f"messages/{made.pk}", status=404)
    api("PATCH", f"messages/{made.pk}", {"read": True}, status=404)
    told = api("POST", f"messages/{made.pk}/restore")
    assert told["id"] == str(made.pk)
    assert api.ids("messages") == [str(made.pk)]
    assert "trash" in api("POST", f"messages/{made.pk}/restore", status=404)["detail"]


def test_delete_many_wants_to_be_told_what(api: Api) -> None:
    made = factories.message()
    for query in ("", "?q=", "?q=%20", "?all=false", "?inbox=default", "?all=1&q=a"):
        problem = api("DELETE", f"messages{query}", status=400)
        assert "all=true" in problem["detail"]
    api("DELETE", "messages?q=fro:x", status=400)
    assert api.ids("messages") == [str(made.pk)]


def test_delete_by_query(api: Api) -> None:
    stays = factories.message(b"Subject: stay\r\n\r\n")
    factories.message()
    api("DELETE", "messages?q=subject:invoice", status=204)
    assert api.ids("messages") == [str(stays.pk)]


def test_delete_all_spares_what_is_pinned(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "AT_ONCE", 3)
    pinned = factories.message(pinned=True)
    for _ in range(10):
        factories.message()
    api("DELETE", "messages?all=true", status=204)
    assert api.ids("messages") == [str(pinned.pk)]
    assert Message.objects.count() == 11


def test_delete_all_of_an_inbox(api: Api) -> None:
    other = Inbox.objects.create(slug="other", name="Other")
    factories.message(inbox=other)
    stays = factories.message()
    api("DELETE", "messages?all=true&inbox=other", status=204)
    assert api.ids("messages") == [str(stays.pk)]


def test_entries_merge_by_time(api: Api) -> None:
    made: list[Any] = []
    for _ in range(3):
        made.insert(0, factories.transaction(outcome="abandoned", code=None).pk)
        made.insert(0, factories.message().pk)
    seen: list[UUID] = []
    cursor = None
    while True:
        page = messages.entries(ALL, cursor=cursor, limit=4)
        seen += [each.id for each in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == made
    kinds = [each.kind for each in messages.entries(ALL).items]
    assert kinds == ["message", "transaction"] * 3


def test_counts(api: Api) -> None:
    for _ in range(3):
        factories.message()
    factories.transaction()
    read = factories.message()
    gone = factories.message()
    for each in (read, gone):
        marking.update(ALL, each.pk, read=True)
    trash.delete(ALL, Selection((gone.pk,)))
    assert messages.counts(ALL) == {"messages": 4, "unread": 3, "not_accepted": 1}


def test_a_list_is_in_utf_8(api: Api) -> None:
    smile, lone = "\N{GRINNING FACE}", "\ud83d"
    factories.message(subject=smile)
    octets = api.response("GET", "messages").content
    assert smile.encode() in octets
    assert b"\\u" not in octets
    assert json.loads(as_json.octets([smile, lone])) == [smile, lone]
    assert as_json.octets(lone) == b'"\\ud83d"'
