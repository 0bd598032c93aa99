"""What all of API v3 has: its document, its docs page, problems, health and info."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.db import DatabaseError
from django.test import Client

from inbox.api import health
from inbox.api.v3.info import Info
from inbox.mailbox import inboxes, messages
from inbox.models import Inbox
from inbox.upkeep import servers
from tests import factories
from tests.api.conftest import Api
from tests.between import after_query

ROUTES = {
    "/api/v3/messages": {"get", "patch", "delete", "post"},
    "/api/v3/messages/archive": {"get"},
    "/api/v3/messages/wait": {"get"},
    "/api/v3/messages/{id}": {"get", "patch", "delete"},
    "/api/v3/messages/{id}/restore": {"post"},
    "/api/v3/messages/{id}/release": {"post"},
    "/api/v3/releases": {"get"},
    "/api/v3/releases/{id}": {"get", "delete"},
    "/api/v3/releases/{id}/retry": {"post"},
    "/api/v3/releases/{id}/hold": {"post"},
    "/api/v3/held": {"get", "post"},
    "/api/v3/held/{domain}": {"get", "patch", "delete"},
    "/api/v3/held/{domain}/releases": {"get"},
    "/api/v3/held/{domain}/send": {"post"},
    "/api/v3/rules": {"get", "post"},
    "/api/v3/rules/dry-run": {"post"},
    "/api/v3/rules/export": {"get"},
    "/api/v3/rules/import": {"post"},
    "/api/v3/rules/order": {"post"},
    "/api/v3/rules/speed": {"post"},
    "/api/v3/rules/scenarios": {"get"},
    "/api/v3/rules/scenarios/{name}": {"post", "delete"},
    "/api/v3/rules/scenarios/{name}/report": {"get"},
    "/api/v3/messages/{id}/retries": {"get"},
    "/api/v3/transactions/{id}/retries": {"get"},
    "/api/v3/rules/{id}": {"get", "patch", "delete"},
    "/api/v3/rules/{id}/move": {"post"},
    "/api/v3/rules/provider-replies": {"get"},
    "/api/v3/routes": {"get", "post"},
    "/api/v3/routes/{name}": {"get", "patch", "delete"},
    "/api/v3/webhooks": {"get", "post"},
    "/api/v3/webhooks/{id}": {"get", "patch", "delete"},
    "/api/v3/webhooks/{id}/secret": {"post"},
    "/api/v3/routes/{name}/try": {"post"},
    "/api/v3/webhooks/{id}/deliveries": {"get"},
    "/api/v3/webhooks/{id}/deliveries/{delivery}": {"get"},
    "/api/v3/webhooks/{id}/deliveries/{delivery}/replay": {"post"},
    "/api/v3/webhooks/{id}/replay": {"post"},
    "/api/v3/webhooks/{id}/test": {"post"},
    "/api/v3/release-rules": {"get", "post"},
    "/api/v3/release-rules/{id}": {"get", "patch", "delete"},
    "/api/v3/guard": {"get", "patch"},
    "/api/v3/guard/today": {"get"},
    "/api/v3/messages/{id}/findings": {"get"},
    "/api/v3/messages/{id}/checks": {"get"},
    "/api/v3/messages/{id}/compare/{other}": {"get"},
    "/api/v3/messages/{id}/attempts": {"get"},
    "/api/v3/messages/{id}/case": {"get"},
    "/api/v3/messages/{id}/comments": {"get", "post"},
    "/api/v3/messages/{id}/comments/{comment}": {"delete"},
    "/api/v3/messages/{id}/screenshot": {"get"},
    "/api/v3/messages/{id}/unsubscribe": {"get", "post"},
    "/api/v3/messages/{id}/raw": {"get"},
    "/api/v3/messages/{id}/html": {"get"},
    "/api/v3/messages/{id}/text": {"get"},
    "/api/v3/messages/{id}/headers": {"get"},
    "/api/v3/messages/{id}/links": {"get"},
    "/api/v3/messages/{id}/parts": {"get"},
    "/api/v3/messages/{id}/parts/{n}": {"get"},
    "/api/v3/messages/{id}/parts/{n}/files": {"get"},
    "/api/v3/messages/{id}/parts/{n}/files/{file}": {"get"},
    "/api/v3/sessions": {"get"},
    "/api/v3/sessions/{id}": {"get", "delete"},
    "/api/v3/sessions/{id}/exchanges": {"get"},
    "/api/v3/sessions/{id}/case": {"get"},
    "/api/v3/sessions/{id}/exchanges.jsonl": {"get"},
    "/api/v3/sessions/{id}/exchanges.txt": {"get"},
    "/api/v3/sessions/{id}/exchanges/{seq}": {"get"},
    "/api/v3/sessions/{id}/timeline": {"get"},
    "/api/v3/sessions/{id}/replay": {"get"},
    "/api/v3/sessions/{id}/findings": {"get"},
    "/api/v3/saved-searches": {"get", "post"},
    "/api/v3/saved-searches/{id}": {"get", "patch", "delete"},
    "/api/v3/starttls-withheld": {"get", "delete"},
    "/api/v3/mutes": {"get", "post"},
    "/api/v3/mutes/{id}": {"delete"},
    "/api/v3/transactions": {"get"},
    "/api/v3/transactions/{id}": {"get"},
    "/api/v3/transactions/{id}/attempts": {"get"},
    "/api/v3/transactions/{id}/case": {"get"},
    "/api/v3/transactions/{id}/raw": {"get"},
    "/api/v3/trace": {"get"},
    "/api/v3/events": {"get"},
    "/api/v3/info": {"get"},
    "/api/v3/inboxes": {"get", "post"},
    "/api/v3/inboxes/{slug}": {"get", "patch", "delete"},
    "/api/v3/inboxes/{slug}/restore": {"post"},
    "/api/v3/inboxes/{slug}/credentials": {"get", "post"},
    "/api/v3/inboxes/{slug}/credentials/{username}": {"delete"},
    "/api/v3/inboxes/{slug}/credentials/{username}/rotate": {"post"},
    "/api/v3/inboxes/{slug}/remote-hosts": {"get", "post"},
    "/api/v3/inboxes/{slug}/remote-hosts/{host}": {"delete"},
    "/api/v3/tags": {"get"},
    "/api/v3/audit": {"get"},
    "/api/v3/inboxes/{slug}/members": {"get", "post"},
    "/api/v3/inboxes/{slug}/members/{id}": {"get", "patch", "delete"},
    "/api/v3/users": {"get", "post"},
    "/api/v3/users/{id}": {"get", "patch", "delete"},
    "/api/v3/users/{id}/password-link": {"post"},
    "/api/v3/users/{id}/second-factors": {"delete"},
    "/api/v3/groups": {"get", "post"},
    "/api/v3/groups/{id}": {"get", "patch", "delete"},
    "/api/v3/invitations": {"get", "post"},
    "/api/v3/invitations/{id}": {"get", "delete"},
    "/api/v3/shares": {"get", "post"},
    "/api/v3/shares/{id}": {"get", "delete"},
    "/api/v3/tokens": {"get", "post"},
    "/api/v3/tokens/{id}": {"get", "delete"},
}


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    told = api("GET", "openapi.json")
    assert isinstance(told, dict)
    return told


def test_openapi_has_every_route(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"].keys() >= {"title", "version"}
    found = {path: set(methods) for path, methods in document["paths"].items()}
    assert found == ROUTES


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


def test_openapi_is_sound(document: dict[str, Any]) -> None:
    operations = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(names) == len(set(names))
    for path, operation in operations:
        given = {
            each["name"] for each in operation["parameters"] if each["in"] == "path"
        }
        assert given == set(re.findall(r"{(\w+)}", path))
        problem = operation["responses"]["default"]["content"]
        assert problem.keys() == {"application/problem+json"}
    for reference in _references(document):
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
    from_ = document["components"]["schemas"]["Message"]["properties"]
    assert "from" in from_


def test_openapi_describes_the_answers(api: Api, document: dict[str, Any]) -> None:
    described = document["components"]["schemas"]
    made = factories.message()
    for name, path in (
        ("MessageDetail", f"messages/{made.pk}?include=headers,links,attachments"),
        ("SessionDetail", f"sessions/{made.transaction.session_id}"),
        ("Transaction", f"transactions/{made.transaction_id}"),
        ("Info", "info"),
        ("Trace", "trace?address=bob@example.com"),
    ):
        assert set(api("GET", path)) == set(described[name]["properties"])


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/v3/", "/api/v9/x"])
def test_unknown_routes(api: Api, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert path in api(method, path, status=404)["detail"]


@pytest.mark.parametrize("path", sorted(ROUTES))
def test_other_methods(api: Api, path: str) -> None:
    response = api.response(
        "PUT",
        path.format(
            id="latest",
            other="latest",
            n=0,
            file=0,
            seq=1,
            slug="default",
            host="x",
            username="x",
            name="x",
            domain="x.test",
            delivery="x",
            comment="x",
        ),
    )
    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    allowed = {each.strip().lower() for each in response["Allow"].split(",")}
    assert allowed == ROUTES[path]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_faults_are_problems_too(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with patch.object(messages, "find", side_effect=ZeroDivisionError("secret")):
        problem = api("GET", "messages", status=500)
    assert "secret" not in json.dumps(problem)
    assert "ZeroDivisionError" in caplog.text


def test_pages_keep_their_own_errors(default_inbox: Inbox) -> None:
    response = Client().get("/nothing-here")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_info(api: Api) -> None:
    server = factories.server(smtp=["127.0.0.1:1025"], http=["127.0.0.1:8025"])
    told = api("GET", "info")
    assert told["last_connection"] is None
    factories.message()
    factories.transaction()
    session = factories.session(client_address="192.0.2.1")
    factories.session(direction="out")
    with patch("inbox.api.v3.info.datetime") as clock:  # the test itself may take long
        clock.now.return_value = server.started_at + timedelta(seconds=90.9)
        told = api("GET", "info")
    Info.model_validate(told)
    assert told["smtp"] == server.smtp
    assert told["web"] == server.http
    assert told["uptime"] == 90
    assert told["counts"] == {
        "messages": 1,
        "unread": 1,
        "not_accepted": 1,
        "sessions": 4,
        "live_sessions": 2,
    }
    at = session.opened_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert told["last_connection"] == {"at": at, "client_address": "192.0.2.1"}


def test_no_more_sessions_are_live_than_there_are(api: Api) -> None:
    """They are counted one after the other; a client may come between."""
    with after_query('FROM "inbox_session"', factories.session):
        counts = api("GET", "info")["counts"]
    assert counts["live_sessions"] <= counts["sessions"]


def test_inboxes_and_tags(api: Api) -> None:
    Inbox.objects.create(slug="app", name="An app")
    items = api("GET", "inboxes")["items"]
    assert items == [
        {"slug": "app", "name": "An app"},
        {"slug": "default", "name": "Inbox"},
    ]
    factories.message(tags=["b", "a"])
    factories.message(tags=["b"])
    gone = factories.message(tags=["gone"])
    api("DELETE", f"messages/{gone.pk}", status=204)
    assert api("GET", "tags") == {
        "items": [{"name": "a", "messages": 1}, {"name": "b", "messages": 2}],
        "next": None,
    }


@pytest.mark.parametrize(("sort", "names"), [("name", "abcd"), ("messages", "cbad")])
def test_tags_come_in_pages(api: Api, sort: str, names: str) -> None:
    for tags in (["a", "b b", "c"], ["b b", "c"], ["c", "d"]):
        factories.message(tags=tags)
    found, cursor = [], ""
    while cursor is not None:
        page = api("GET", f"tags?sort={sort}&limit=1&cursor={quote(cursor)}")
        found += [each["name"][0] for each in page["items"]]
        cursor = page["next"]
    assert "".join(found) == names


@pytest.mark.parametrize("cursor", ["a", "-1 a", "1 ", "9" * 30 + " a", "²  a"])
def test_a_cursor_of_tags_is_one_of_a_page(api: Api, cursor: str) -> None:
    problem = api("GET", f"tags?cursor={quote(cursor)}", status=400)
    assert problem["detail"].startswith("cursor: ")


@pytest.mark.django_db(transaction=True)
def test_renamed_inbox_shows(api: Api) -> None:
    made = factories.message()
    assert made.inbox is not None
    inbox = Inbox.objects.get(pk=made.inbox_id)
    inbox.slug = "renamed"
    inbox.save()
    assert api("GET", "messages/latest")["inbox"] == "renamed"
    assert inboxes.known([inbox.pk])


def test_health(api: Api) -> None:
    assert api("GET", "/health/live") == {"status": "ok", "checks": {}}
    told = api("GET", "/health/ready")
    assert told == {"status": "ok", "checks": {"database": "ok"}}
    with patch.object(servers, "write_turn", side_effect=DatabaseError("full")):
        response = api.response("GET", "/health/ready")
    assert response.status_code == 503
    told = json.loads(response.content)
    assert told["status"] == "unready"
    assert "full" in told["checks"]["database"]
    with patch.dict(health.checks, {"recorder": lambda: "congested"}):
        response = api.response("GET", "/health/ready")
    assert json.loads(response.content)["checks"]["recorder"] == "congested"
