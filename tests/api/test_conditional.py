"""Entity tags, conditions on them, and sparse objects."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox import serializers
from inbox.http import preconditions
from inbox.mailbox import saved_searches
from inbox.models import Release, Session
from inbox.serializers import Shape
from inbox.storage import write_lock
from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

HOOK = {"url": "https://hooks.example.com/", "events": ["message.created"]}
ROUTE = {"name": "hop", "host": "smtp.example.com"}
RELEASE_RULE = {"name": "a", "recipients": ["*"], "route": "hop"}
RULE = {"stage": "rcpt", "actions": {"code": 451}}


def asked(api: Api, method: str, path: str, body: Any = None, **fields: str) -> Any:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    text = "" if body is None else json.dumps(body)
    return api.client.generic(
        method, f"/api/v3/{path}", text, "application/json", headers=headers
    )


@pytest.mark.parametrize(
    "path",
    ["messages", "messages/latest", "messages/latest/raw", "tags", "openapi.json"],
)
def test_what_the_client_has_is_not_sent_again(api: Api, path: str) -> None:
    factories.message()
    first = asked(api, "GET", path)
    tag = first["ETag"]
    for field in (tag, f'"other", W/{tag}', "*"):
        again = asked(api, "GET", path, if_none_match=field)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert again["Cache-Control"] == "no-store"
    assert asked(api, "GET", path, if_none_match='"other"').content == first.content


def test_a_change_changes_the_tag(api: Api) -> None:
    message = factories.message()
    path = f"messages/{message.pk}"
    tags = [asked(api, "GET", path)["ETag"]]
    for change in ({"read": True}, {"note": "x"}, {"tags": ["a"]}):
        api("PATCH", path, change)
        tags.append(asked(api, "GET", path)["ETag"])
    assert len(set(tags)) == 4
    assert asked(api, "GET", path, if_none_match=tags[0]).status_code == 200


def test_the_tag_of_a_message_needs_no_body(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"messages/{factories.message().pk}"
    tag = asked(api, "GET", path)["ETag"]
    monkeypatch.setattr("inbox.api.v3.message_details.detail", None)
    assert asked(api, "GET", path, if_none_match=tag).status_code == 304
    assert asked(api, "PATCH", path, {"read": True}, if_match=tag).status_code == 200


@pytest.mark.parametrize(
    ("listed", "made", "change", "key"),
    [
        ("webhooks", HOOK, {"name": "other"}, "id"),
        ("routes", ROUTE, {"host": "other.example.com"}, "name"),
        ("release-rules", RELEASE_RULE, {"name": "b"}, "id"),
        ("rules", RULE, {"name": "b"}, "id"),
        ("held", {"domain": "example.com"}, {"users": ["ann"]}, "domain"),
        ("saved-searches", {"name": "a", "query": "x"}, {"name": "b"}, "id"),
        ("messages", None, {"note": "b"}, "id"),
        ("inboxes", None, {"paused": True}, "slug"),
        ("guard", None, {"allow": ["*"]}, None),
    ],
)
def test_only_what_the_client_saw_is_changed(
    api: Api, listed: str, made: Any, change: Any, key: str | None
) -> None:
    factories.message()
    if listed == "release-rules":
        api("POST", "routes", {**ROUTE, "allow": ["*"]}, status=201)
    if made:
        path = f"{listed}/{api('POST', listed, made, status=201)[key]}"
    else:
        path = f"{listed}/{api('GET', listed)['items'][0][key]}" if key else listed
    old = asked(api, "GET", path)["ETag"]
    assert asked(api, "PATCH", path, change, if_match=f'"x", {old}').status_code == 200
    late = asked(api, "PATCH", path, change, if_match=old)
    assert (late.status_code, late["Content-Type"]) == (412, "application/problem+json")
    if key in (None, "slug"):
        return
    assert asked(api, "DELETE", path, if_match=old).status_code == 412
    new = asked(api, "GET", path)["ETag"]
    assert asked(api, "DELETE", path, if_match=new).status_code == 204
    assert asked(api, "DELETE", path, if_match=new).status_code == 404


def test_a_session_that_changed_is_not_deleted(api: Api) -> None:
    session = factories.session(ending="quit", closed_at=datetime.now(UTC))
    path = f"sessions/{session.pk}"
    old = asked(api, "GET", path)["ETag"]
    Session.objects.update(helo="other.example")
    assert asked(api, "DELETE", path, if_match=old).status_code == 412
    new = asked(api, "GET", path)["ETag"]
    assert asked(api, "DELETE", path, if_match=new).status_code == 204


@pytest.mark.parametrize("field", ['"other"', "the tag"])
def test_mail_does_not_wait_while_a_session_is_compared(
    api: Api, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """What GET answers of 98,000 recipients takes seconds to work out."""
    session = factories.session(ending="quit", closed_at=datetime.now(UTC))
    path = f"sessions/{session.pk}"
    tag = asked(api, "GET", path)["ETag"]
    shown, turns = serializers.session, []

    def show(session: Session) -> Shape:
        turns.append(write_lock._turns._taken)
        return shown(session)

    monkeypatch.setattr(serializers, "session", show)
    field = tag if field == "the tag" else field
    status = asked(api, "DELETE", path, if_match=field).status_code
    assert (status, turns) == (204 if field == tag else 412, [False])


@pytest.mark.parametrize(
    ("method", "status", "late"), [("PATCH", 200, 412), ("DELETE", 204, 404)]
)
def test_mail_does_not_wait_while_a_search_is_compared(
    api: Api, monkeypatch: pytest.MonkeyPatch, method: str, status: int, late: int
) -> None:
    """GET counts what it finds, which may take seconds; the tag of what it is does not."""
    made = api("POST", "saved-searches", {"name": "a", "query": "x"}, status=201)
    path = f"saved-searches/{made['id']}"
    tag = asked(api, "GET", path)["ETag"]
    counted, turns = saved_searches.count, []

    def count(*given: Any) -> int | None:
        turns.append(write_lock._turns._taken)
        return counted(*given)

    monkeypatch.setattr(saved_searches, "count", count)
    assert asked(api, method, path, {"name": "b"}, if_match=tag).status_code == status
    # Only the answer to PATCH has the count, behind the turn.
    assert turns == ([False] if method == "PATCH" else [])
    assert asked(api, method, path, {"name": "c"}, if_match=tag).status_code == late


def test_the_tag_of_a_search_follows_what_it_finds(api: Api) -> None:
    made = api("POST", "saved-searches", {"name": "a", "query": "from:ann"}, status=201)
    path = f"saved-searches/{made['id']}"
    tag = asked(api, "GET", path)["ETag"]
    assert asked(api, "GET", path, if_none_match=tag).status_code == 304
    factories.message(from_address="ann@example.com")
    again = asked(api, "GET", path, if_none_match=tag)
    assert (again.status_code, again.json()["count"]) == (200, 1)
    # Whoever has seen the search itself may change it.
    assert asked(api, "PATCH", path, {"name": "b"}, if_match=tag).status_code == 200
    assert asked(api, "PATCH", path, {"name": "c"}, if_match=tag).status_code == 412


def test_who_has_not_seen_an_object_keeps_nobody_from_writing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preconditions, "turn_until_written", None)
    path = f"messages/{factories.message().pk}"
    late = asked(api, "PATCH", path, {"read": True}, if_match='"other"')
    assert late.status_code == 412
    done = asked(api, "PATCH", path, {"read": True}, if_match="*")
    assert done.status_code == 200


def test_a_session_has_as_many_transactions_as_fit(api: Api) -> None:
    session = factories.session(ending="quit")
    for _ in range(3):
        factories.transaction(session=session, recipients_refused=2000)
    shown = api("GET", f"sessions/{session.pk}")["transactions"]
    assert [each["seq"] for each in shown] == [1, 2]


def test_a_release_that_changed_is_not_cancelled(api: Api) -> None:
    message = factories.message()
    api("POST", "routes", {**ROUTE, "allow": ["*"]}, status=201)
    given = {"route": "hop", "recipients": ["ann@example.com"]}
    made = api("POST", f"messages/{message.pk}/release", given, status=202)
    path = f"releases/{made['id']}"
    old = asked(api, "GET", path)["ETag"]
    Release.objects.update(subject="other")
    assert asked(api, "DELETE", path, if_match=old).status_code == 412
    new = asked(api, "GET", path)["ETag"]
    assert asked(api, "DELETE", path, if_match=new).status_code == 200


def test_sparse_objects(api: Api) -> None:
    message = factories.message()
    one = {"id": str(message.pk), "subject": message.subject}
    page = {"items": [one], "next": None}
    assert api("GET", "messages?fields=id,subject") == page
    assert api("GET", "messages/latest?fields=id,subject") == one
    session = message.transaction.session_id
    assert api("GET", f"sessions/{session}?fields=helo").keys() == {"helo"}
    assert api("GET", "sessions?fields=id")["items"] == [{"id": str(session)}]
    factories.transaction(outcome="rejected")
    assert [*api("GET", "transactions?fields=subject")["items"][0]] == ["subject"]


def test_an_unknown_field_is_named(api: Api) -> None:
    wrong = api("GET", "messages?fields=id,subjct", status=400)
    assert wrong["detail"].startswith(
        'fields: there is no "subjct"; there are id, inbox'
    )
