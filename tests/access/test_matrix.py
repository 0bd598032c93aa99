"""Every route as every role: what the table says, and that no inbox shows in another one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import resolve

from inbox.access import (
    accounts,
    api_tokens,
    current,
    recognising,
    share_links,
    wrong_tokens,
)
from inbox.access.api_tokens import SCOPES
from inbox.access.identity import STRANGER, Identity
from inbox.access.permissions import ROUTES
from inbox.access.roles import Role
from inbox.access.share_links import SharedKind
from inbox.api.v3.api import api
from inbox.http import gate
from inbox.models import Assignment, Comment, MessageRead, User
from inbox.outgoing import routes as hops
from inbox.outgoing import switch
from tests import people
from tests.access.worlds import World, routes, world

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ALPHA, BRAVO = "alphaword", "bravoword"
# Their answers have no end; tests/live has what they tell.
ENDLESS = {"api/v3/events", "api/v1/events"}
# It asks on a thread of its own, on which a test has no rows.
ELSEWHERE = {"api/v3/messages/wait"}


class Place:
    """Two inboxes, and users of every kind."""

    def __init__(self) -> None:
        switch.use(True)
        hops.add({"name": "hop", "host": "127.0.0.1", "allow": ["*"]})
        self.a, self.b = world("a", ALPHA), world("b", BRAVO)
        self.users = {
            "without": people.user("without"),
            "viewer": people.user("viewer", a="viewer"),
            "tester": people.user("tester", a="tester"),
            "manager": people.user("manager", a="manager"),
            "administrator": people.administrator(),
        }
        by = {
            "reading token": ("manager", ("read",), None),
            "token for a": ("administrator", SCOPES, [self.a.inbox]),
            "token for b": ("administrator", SCOPES, [self.b.inbox]),
        }
        self.tokens = {
            name: api_tokens.add(self.users[user], name, scopes, inboxes)
            for name, (user, scopes, inboxes) in by.items()
        }

    def caller(self, name: str) -> Client:
        """Return a client with the session of a user, or with a token."""
        if name in self.tokens:
            text = self.tokens[name].text
            return Client(headers={"Authorization": f"Bearer {text}"})
        return people.signed_in(self.users[name])


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    # The rows of a test are on its own connection.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    yield Place()
    switch.use(True)


RANKS = {
    "stranger": Role.PUBLIC, "without": Role.SIGNED_IN, "viewer": Role.VIEWER,
    "tester": Role.TESTER, "manager": Role.MANAGER, "administrator": Role.ADMINISTRATOR,
    "reading token": Role.MANAGER, "token for a": Role.MANAGER, "token for b": Role.MANAGER,
}  # fmt: skip


def test_every_route_is_in_the_table_and_nothing_else_is() -> None:
    assert set(routes()) == set(ROUTES)
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            whole = "/".join(
                part.strip("/") for part in (prefix, path) if part.strip("/")
            )
            route = f"api/v3/{whole.replace('{', '<').replace('}', '>')}"
            for operation in view.operations:
                assert {*operation.methods} <= {*ROUTES[route]}, route


def test_every_route_with_every_method_as_every_role(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "resolve", cache(resolve))
    known = {name: recognising.of_user(user) for name, user in place.users.items()}
    known["stranger"] = STRANGER
    known |= {
        name: api_tokens.of_token(each.token) for name, each in place.tokens.items()
    }
    wrong = [
        f"{role} {method} {route}: {found}, not {wanted}"
        for route in routes()
        for method in METHODS
        for role, identity in known.items()
        if (found := _admitted(identity, method, place.a.path(route)))
        != (wanted := _wanted(role, method, route))
    ]
    assert not wrong, "\n".join(wrong[:40])


def _wanted(role: str, method: str, route: str) -> int:
    rank = RANKS[role]
    least = ROUTES[route].get("GET" if method == "HEAD" else method)
    if method == "OPTIONS" or least is Role.PUBLIC:
        return 200
    if rank is Role.PUBLIC:
        return 401
    if least is None:
        return 405
    if "token" in role and not _is_for_tokens(role, method, route):
        return 403
    return 200 if rank >= least else 403


# What a token of all scopes does not do, without what is below
_PEOPLE = ("account", "logout", "tokens", "users", "groups", "invitations", "members")
_DRY = ("rules/preview", "api/v3/rules/dry-run")


def _is_for_tokens(role: str, method: str, route: str) -> bool:
    if method in ("GET", "HEAD") or route in _DRY:
        return True
    own = route.removeprefix("api/v3/").split("/")
    is_of_people = own[0] in _PEOPLE or (own[0] == "inboxes" and "members" in own)
    return role != "reading token" and not is_of_people


def _admitted(identity: Identity, method: str, path: str) -> int:
    """Return the status that the gate answers with; 200 where it lets a request pass."""
    asked = RequestFactory().generic(
        method, path, headers={"Accept": "application/json"}
    )
    asked.path_info = path  # of //view/ the factory would make a host
    setattr(asked, recognising._KEPT, identity)
    try:
        refused = gate.admit(asked)
    except PermissionDenied:
        return 403
    finally:
        current.leave()
    return refused.status_code if refused else 200


callers = pytest.mark.parametrize(
    "caller", ["manager", pytest.param("token for a", marks=pytest.mark.long)]
)


def _content(response: HttpResponseBase) -> str:
    if response.streaming and response.is_async:  # type: ignore[attr-defined]
        return async_to_sync(_gathered)(response).decode("utf-8", "replace")
    if response.streaming:
        return b"".join(response).decode("utf-8", "replace")  # type: ignore[arg-type, call-overload]
    return response.content.decode("utf-8", "replace")  # type: ignore[attr-defined]


async def _gathered(response: Any) -> bytes:
    return b"".join([each async for each in response])


def _reading(world: World) -> Iterator[tuple[str, str]]:
    for route, methods in ROUTES.items():
        if "GET" in methods and route not in ENDLESS | ELSEWHERE:
            yield route, world.path(route)
    slug = world.inbox.slug
    for path in (
        f"/?q=inbox:{slug}", f"/entries?q=inbox:{slug}", f"/entries/count?q=inbox:{slug}",
        f"/api/v3/messages?inbox={slug}", f"/api/v3/messages?q=inbox:{slug}",
        f"/api/v3/messages?q=subject:{world.word}", f"/api/v3/sessions?q=inbox:{slug}",
        f"/api/v3/transactions?q={world.word}", f"/api/v3/messages?ids={world.message.pk}",
        f"/api/v3/messages/archive?ids={world.message.pk}&format=mbox",
        f"/api/v3/messages/archive?all=true&inbox={slug}",
        f"/api/v3/trace?address={world.word}@example.com", f"/api/v3/mutes?inbox={slug}",
        f"/api/v3/rules?inbox={slug}", f"/api/v3/rules/export?inbox={slug}",
        f"/api/v3/releases?message={world.message.pk}", f"/api/v3/events?inbox={slug}",
        f"/api/v3/events?to=session:{world.refused.session_id}",
        f"/api/v3/messages/latest?inbox={slug}",
        f"/trace?address={world.word}@example.com", f"/trace/answer?address={world.word}@example.com",
        "/trace/suggest?part=bravo", f"/trace/summary?address={world.word}@example.com",
        f"/compare?a={world.message.pk}&b={world.message.pk}", f"/trash?q={world.word}",
        f"/sessions?q={world.word}", f"/sessions/rows?ids={world.refused.session_id}",
        f"/rules/try?of={world.message.pk}", f"/rules/new?session={world.refused.session_id}&seq=1",
        f"/api/v1/search?query={world.word}", f"/api/v2/search?kind=containing&query={world.word}",
        f"/webhooks/{world.webhook.pk}?state=failed", f"/nothing-arriving/steps?word={world.word}",
    ):  # fmt: skip
        yield path, path


# An address that was asked for is said again, in a sentence about nothing.
_SAID_AGAIN = ("trace", "wait?", "search?", "subject:", "?q=", "/tags/", "credentials/", "word=", "remote-hosts", "held/", "suggest")  # fmt: skip


@callers
def test_no_address_shows_another_inbox(place: Place, caller: str) -> None:
    client = place.caller(caller)
    client.raise_request_exception = False
    for route, path in _reading(place.b):
        answer = client.get(path)
        assert answer.status_code < 500 or answer.status_code == 503, path
        shown = _content(answer)
        if any(each in path for each in _SAID_AGAIN):
            shown = shown.replace(f"{BRAVO}@example.com", "").replace(f":{BRAVO}", "")
            assert f"{BRAVO}@shop.test" not in shown, path
            assert str(place.b.message.pk) not in shown, path
        else:
            assert BRAVO not in shown, route


def test_all_of_that_is_there_to_be_seen(place: Place) -> None:
    client = people.signed_in(place.users["administrator"])
    shown = [
        path for _, path in _reading(place.b) if BRAVO in _content(client.get(path))
    ]
    assert len(shown) > 80, shown


@callers
def test_no_change_reaches_another_inbox(place: Place, caller: str) -> None:
    before = _rows(place.b)
    client = place.caller(caller)
    client.raise_request_exception = False
    for route, methods in ROUTES.items():
        for method in sorted(methods.keys() - {"GET"}):
            path = place.b.path(route)
            if path in ("/logout", "/account", "/login"):
                continue
            for body, kind in _bodies(place.b, route):
                answer = client.generic(method, path, body, kind)
                assert answer.status_code < 500 or answer.status_code == 507, (
                    method,
                    path,
                    answer.content[:300],
                )
                assert BRAVO not in _content(answer) or answer.status_code >= 400, (
                    method, path, _content(answer)[:2000],
                )  # fmt: skip
        assert _rows(place.b) == before, route


def _bodies(world: World, route: str) -> list[tuple[str, str]]:
    """Bodies that name the things of an inbox, as forms and as JSON do.

    To a page all JSON is the same: a form that is empty.
    """
    id = world.message.pk
    form = "application/x-www-form-urlencoded"
    bodies = [
        (f"id={id}&ids={id}&do=delete&inbox=b&all=&read=no&status=bug&tag=x&name=x&q=&text=x&assignee=manager", form),
        (f'{{"ids": ["{id}"], "IDs": ["{id}"], "inbox": "b", "read": false, "Read": false,'
         f' "Tags": ["x"], "tags": ["x"]}}', "application/json"),
        ('{"text": "x"}', "application/json"), ('{"assignee": "manager"}', "application/json"),
    ]  # fmt: skip
    return bodies if route.startswith("api/") else bodies[:2]


def _rows(world: World) -> list[Any]:
    """Return all rows of an inbox, but for when they were looked at."""
    tables = ("message", "transaction", "session", "rule", "webhook", "helddomain", "mute", "remotehost", "membership", "sharelink", "inbox")  # fmt: skip
    found: list[Any] = []
    with connection.cursor() as cursor:
        for table in tables:
            column = "id" if table == "inbox" else "inbox_id"
            cursor.execute(
                f"SELECT * FROM inbox_{table} WHERE {column} = %s ORDER BY 1",
                [world.inbox.pk],
            )
            found.append(cursor.fetchall())
    discussed = (Comment, Assignment, MessageRead)
    rows = [each.objects.filter(message__inbox=world.inbox) for each in discussed]
    return [*found, *(list(each.order_by("pk").values()) for each in rows)]


@pytest.mark.parametrize("kind", ["message", "session"])
def test_a_share_link_shows_nothing_of_what_is_beside(
    place: Place, kind: SharedKind
) -> None:
    """Whatever else is asked of it, and whoever opens it."""
    of = place.a.message
    viewer = recognising.of_user(place.users["viewer"])
    object_id = of.pk if kind == "message" else of.transaction.session_id
    path = f"/shared/{share_links.add(viewer, kind, object_id).text}"
    asked = (
        f"?message={place.b.message.pk}&session={place.b.refused.session_id}&after=0"
    )
    for caller in (Client(), *map(place.caller, ("manager", "token for b"))):
        shown = [
            _content(caller.get(f"{path}{part}{asked}"))
            for part in ("", "/frame", "/raw", "/parts/0")
        ]
        assert ALPHA in shown[0]
        assert not any(BRAVO in each for each in shown)
        assert caller.post(path).status_code in (302, 401, 403, 405)


def test_a_share_link_opens_one_message_and_no_other_route(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent in every way in which a caller can be named, and is a stranger's."""
    monkeypatch.setattr(gate, "resolve", cache(resolve))
    monkeypatch.setattr(wrong_tokens, "MOST", 10**6)
    viewer = recognising.of_user(place.users["viewer"])
    text = share_links.add(viewer, "message", place.a.message.pk).text
    assert ALPHA in _content(Client().get(f"/shared/{text}"))
    pair = b64encode(f"x:{text}".encode()).decode()
    ways: list[dict[str, str]] = [
        {"Authorization": f"Bearer {text}"},
        {"Authorization": f"Basic {pair}"},
        {"Cookie": f"mailsink_session={text}"},
        {"Referer": f"http://testserver/shared/{text}"},
    ]
    for route, methods in ROUTES.items():
        for method in methods.keys() - {"OPTIONS"}:
            if methods[method] is Role.PUBLIC:
                continue
            for way in ways:
                asked = RequestFactory().generic(
                    method,
                    place.a.path(route),
                    headers={"Accept": "application/json", **way},
                )
                asked.path_info = place.a.path(route)
                refused = gate.admit(asked)
                assert refused is not None, (method, route, way)
                assert refused.status_code == 401, (method, route, way)
                current.leave()


@pytest.mark.parametrize(
    "trick",
    [
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
        {"HTTP_X_METHOD_OVERRIDE": "DELETE"},
        {"HTTP_X_ORIGINAL_URL": "/health/live"},
        {"HTTP_X_REWRITE_URL": "/health/live"},
        {"HTTP_X_FORWARDED_PREFIX": "/health/live"},
        {"QUERY_STRING": "_method=DELETE"},
    ],
)
def test_a_method_or_address_is_what_the_request_line_says(
    place: Place, trick: dict[str, str]
) -> None:
    path = f"/api/v3/messages/{place.a.message.pk}"
    viewer = people.signed_in(place.users["viewer"])
    for method in ("get", "post"):
        getattr(viewer, method)(path, **trick)
        getattr(viewer, method)(f"/messages/{place.a.message.pk}/delete", **trick)
        assert getattr(Client(), method)(path, **trick).status_code == 401
    place.a.message.refresh_from_db()
    assert place.a.message.deleted_at is None


@pytest.mark.parametrize("path", ["//messages", "/./api/v3/messages", "/api//v3/messages", "/API/v3/messages", "/health/live/../../api/v3/messages", "/static/../api/v3/messages", "/health/live;/api/v3/messages", "/%61pi/v3/messages", "/login/api/v3/messages"])  # fmt: skip
def test_another_way_to_write_an_address_leads_no_further(
    place: Place, path: str
) -> None:
    answer = Client().get(path)
    assert answer.status_code in (301, 302, 401, 404)
    assert ALPHA not in _content(answer)


def test_a_request_that_nobody_judged_sees_nothing(place: Place) -> None:
    assert accounts.are_on()
    assert current.identity() is STRANGER
    assert current.scope().inboxes == frozenset()


def test_who_is_deleted_is_a_stranger_at_once(place: Place) -> None:
    client = people.signed_in(place.users["viewer"])
    assert client.get("/").status_code == 200
    User.objects.get(username="viewer").delete()
    assert client.get("/").status_code == 302


def test_it_is_one_request(place: Place) -> None:
    """Who asks is found out once, not for each question."""
    request = HttpRequest()
    request.session = people.signed_in(place.users["viewer"]).session  # type: ignore[assignment]
    first = recognising.identity_of(request)
    assert recognising.identity_of(request) is first
