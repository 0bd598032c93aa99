"""API tokens: what they open, for how long, and what they never do."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from inbox.access import api_tokens, token_scopes, wrong_tokens
from inbox.access.api_tokens import SCOPES
from inbox.access.permissions import ROUTES
from inbox.errors import Invalid
from inbox.models import ApiToken, Membership, User
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_wrong_came() -> None:
    wrong_tokens.forget()


def bearer(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def basic(user: str, text: str) -> Client:
    pair = base64.b64encode(f"{user}:{text}".encode()).decode()
    return Client(headers={"Authorization": f"Basic {pair}"})


def token(user: User, *scopes: str, **given: Any) -> str:
    people.administrator() if not User.objects.filter(is_superuser=True) else None
    return api_tokens.add(user, "CI", scopes or ("read",), **given).text


def test_a_token_reads_what_its_user_reads() -> None:
    seen, hidden = people.mail_in("a"), people.mail_in("b")
    text = token(people.user("ann", a="viewer"))
    for client in (bearer(text), basic("anything", text)):
        assert client.get(f"/api/v3/messages/{seen.pk}").status_code == 200
        assert client.get(f"/api/v3/messages/{hidden.pk}").status_code == 404
        assert client.get("/api/v1/messages").json()["total"] == 1
        assert json.loads(client.get("/api/v2/messages").content)["total"] == 1


def test_only_a_hash_is_kept_and_use_is_noted_once_a_minute() -> None:
    text = token(people.user("ann", a="viewer"))
    row = ApiToken.objects.get()
    kept = [str(value) for value in vars(row).values()]
    assert not any(text[len(row.beginning) :] in each for each in kept)
    assert (len(text), text[:4], row.used_at) == (47, "msk_", None)
    bearer(text).get("/api/v3/inboxes")
    first = ApiToken.objects.get().used_at
    assert first is not None
    bearer(text).get("/api/v3/inboxes")
    assert ApiToken.objects.get().used_at == first
    ApiToken.objects.update(used_at=first - timedelta(seconds=61))
    bearer(text).get("/api/v3/inboxes")
    used_at = ApiToken.objects.get().used_at
    assert used_at is not None
    assert used_at >= first


def test_a_token_never_has_more_than_its_user_has_now() -> None:
    mail = people.mail_in("a")
    ann = people.user("ann", a="tester")
    client = bearer(token(ann, "read", "write"))
    tagged = {"tags": ["x"]}, "application/json"
    path = f"/api/v3/messages/{mail.pk}"
    assert client.patch(path, *tagged).status_code == 200
    Membership.objects.update(role="viewer")
    assert client.patch(path, *tagged).status_code in (403, 404)
    Membership.objects.all().delete()
    assert client.get(path).status_code == 403
    Membership.objects.create(inbox=people.an_inbox("a"), user=ann, role="viewer")
    assert client.get(path).status_code == 200
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert client.get(path).status_code == 401
    User.objects.filter(pk=ann.pk).update(is_active=True)
    ann.delete()
    assert client.get(path).status_code == 401


def test_a_token_for_an_inbox_is_for_that_one_alone() -> None:
    seen, hidden = people.mail_in("a"), people.mail_in("b")
    text = token(people.administrator(), "read", inboxes=[people.an_inbox("a")])
    client = bearer(text)
    assert client.get(f"/api/v3/messages/{seen.pk}").status_code == 200
    assert client.get(f"/api/v3/messages/{hidden.pk}").status_code == 404
    assert client.get("/api/v3/release-rules").status_code == 403
    ApiToken.objects.get().inboxes.clear()  # as when its inbox is deleted
    assert client.get(f"/api/v3/messages/{hidden.pk}").status_code == 403


def test_a_token_ends() -> None:
    root = people.administrator()
    text = token(root, days=1)
    assert bearer(text).get("/api/v3/info").status_code == 200
    ApiToken.objects.update(expires_at=datetime.now(UTC))
    assert bearer(text).get("/api/v3/info").status_code == 401
    text = token(root)
    client = people.signed_in(root)
    id = client.get("/api/v3/tokens").json()["items"][0]["id"]
    assert client.delete(f"/api/v3/tokens/{id}").status_code == 204
    assert bearer(text).get("/api/v3/info").status_code == 401


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_opens_its_own_routes_alone(scope: str) -> None:
    mail = people.mail_in("a")
    client = bearer(token(people.administrator(), scope))
    asked = {
        "read": client.get("/api/v3/messages"),
        "write": client.patch(
            f"/api/v3/messages/{mail.pk}", {"pinned": True}, "application/json"
        ),
        "rules": client.post("/api/v3/rules", {}, "application/json"),
        "send": client.post("/api/v3/messages", {}, "application/json"),
        "release": client.post(
            f"/api/v3/messages/{mail.pk}/release", {}, "application/json"
        ),
    }
    opened = {name for name, answer in asked.items() if answer.status_code != 403}
    assert opened == {scope}
    refused = next(each for name, each in asked.items() if name != scope)
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]


def test_every_route_needs_a_scope() -> None:
    """No change is had with `read`, and a person's never at all."""
    dry = {"api/v3/rules/dry-run", "rules/preview"}
    for route, methods in ROUTES.items():
        for method in methods:
            needed = token_scopes.needed(route, method)
            assert (needed == "read") == (method == "GET" or route in dry), route
    assert token_scopes.needed("api/v3/tokens", "POST") == "person"
    assert token_scopes.needed("api/v1/chaos", "PUT") == "rules"
    assert token_scopes.needed("messages/<message:id>/release", "POST") == "release"
    assert token_scopes.needed("api/v3/users/<id>", "PATCH") == "person"


def test_a_token_makes_and_revokes_no_token() -> None:
    root = people.administrator()
    client = bearer(token(root, *SCOPES))
    wanted = {"name": "more", "scopes": ["read"]}
    made = client.post("/api/v3/tokens", wanted, "application/json")
    assert made.status_code == 403
    assert "signed-in user" in made.json()["detail"]
    id = ApiToken.objects.get().pk
    assert client.delete(f"/api/v3/tokens/{id}").status_code == 403
    assert client.post(f"/account/tokens/{id}/revoke").status_code == 403


def test_wrong_tokens_are_refused_whatever_else_is_sent() -> None:
    root = people.administrator()
    client = people.signed_in(root)
    assert client.get("/api/v3/info").status_code == 200
    wrong = {"Authorization": f"Bearer msk_{'x' * 43}"}
    assert client.get("/api/v3/info", headers=wrong).status_code == 401
    for text in ("", "é", "x" * 5000, "Bearer"):
        field = {"Authorization": f"Bearer {text}"}
        assert Client().get("/api/v3/info", headers=field).status_code == 401
    proxy = {"Authorization": "Basic " + base64.b64encode(b"ann:proxy").decode()}
    assert client.get("/api/v3/info", headers=proxy).status_code == 200
    assert Client().get("/api/v3/info", headers=proxy).status_code == 401
    for text in (
        "Basic %%%",
        "Basic " + base64.b64encode(b"\xff").decode(),
        "Digest x",
    ):
        field = {"Authorization": text}
        assert Client().get("/api/v3/info", headers=field).status_code == 401


def test_who_sends_many_wrong_tokens_is_not_looked_up(
    django_assert_num_queries: Any,
) -> None:
    good = token(people.administrator())
    assert bearer(good).get("/api/v3/info").status_code == 200
    guess = bearer(f"msk_{'x' * 43}")
    answers = [guess.get("/api/v3/info").status_code for _ in range(21)]
    assert answers == [401] * 20 + [429]
    with django_assert_num_queries(0):
        refused = guess.get("/api/v3/info")
    assert refused["Retry-After"] == "60"
    assert bearer(good).get("/api/v3/info").status_code == 200
    elsewhere = guess.get("/api/v3/info", REMOTE_ADDR="192.0.2.1")
    assert elsewhere.status_code == 401


def test_addresses_of_a_network_of_ipv6_count_together() -> None:
    for last in range(20):
        wrong_tokens.came(f"2001:db8::{last:x}", "x", False)
    assert wrong_tokens.is_blocked("2001:db8::ffff", "y")
    assert not wrong_tokens.is_blocked("2001:db8:0:1::1", "y")


def test_the_api_makes_a_token_and_shows_it_once() -> None:
    people.administrator()
    people.an_inbox("b")
    client = people.signed_in(people.user("ann", a="viewer"))
    wanted: dict[str, Any] = {"name": " CI  job ", "scopes": ["write", "read"]}
    made = client.post("/api/v3/tokens", wanted, "application/json").json()
    assert (made["name"], made["scopes"], made["user"]) == ("CI job", ["read", "write"], "ann")  # fmt: skip
    assert made["token"].startswith(made["beginning"])
    [listed] = client.get("/api/v3/tokens").json()["items"]
    assert listed == {key: made[key] for key in made if key != "token"}
    assert client.get(f"/api/v3/tokens/{made['id']}").json() == listed
    for wrong in (
        {"name": ""}, {"name": "a\u202eb"}, {"scopes": []}, {"days": 0}, {"days": 10**6},
    ):  # fmt: skip
        answer = client.post("/api/v3/tokens", wanted | wrong, "application/json")
        assert answer.status_code == 422, wrong
    other = client.post(
        "/api/v3/tokens", wanted | {"inboxes": ["b"]}, "application/json"
    )
    assert other.status_code == 404
    bob = people.signed_in(people.user("bob", a="manager"))
    assert bob.get("/api/v3/tokens").json()["items"] == []
    assert bob.delete(f"/api/v3/tokens/{made['id']}").status_code == 404


def test_there_is_a_most(monkeypatch: Any) -> None:
    monkeypatch.setattr(api_tokens, "MOST", 1)
    ann = people.user("ann")
    api_tokens.add(ann, "x", ["read"])
    with pytest.raises(Invalid):
        api_tokens.add(ann, "x", ["read"])
    long_ago = datetime.now(UTC) - timedelta(days=91)
    ApiToken.objects.update(revoked_at=long_ago)
    api_tokens.add(ann, "y", ["read"])
    assert [each.name for each in ApiToken.objects.all()] == ["y"]


def test_without_accounts_no_token_is_made_or_asked_for(client: Client) -> None:
    wanted = {"name": "CI", "scopes": ["read"]}
    made = client.post("/api/v3/tokens", wanted, "application/json")
    assert made.status_code == 409
    assert b"There are no accounts" in client.get("/account/tokens").content
    assert b"/account/tokens" not in client.get("/").content
    assert bearer("nonsense").get("/api/v3/info").status_code == 200


def test_the_page_makes_shows_and_revokes_a_token() -> None:
    people.administrator()
    client = people.signed_in(people.user("ann", a="viewer"))
    assert b"/account/tokens" in client.get("/").content
    given = {"name": "CI", "scopes": ["read", "send"], "days": "30", "inboxes": ["a"]}
    made = client.post("/account/tokens", given)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    text = made.content.decode().split("<code>msk_")[1].split("<")[0]
    assert bearer(f"msk_{text}").get("/api/v3/messages").status_code == 200
    page = client.get("/account/tokens").content.decode()
    assert text not in page
    assert "Valid" in page
    for days in ("9" * 4400, "soon"):
        wrong = client.post("/account/tokens", {**given, "days": days})
        assert (wrong.status_code, b"1 to 3650 days" in wrong.content) == (422, True)
    wrong = client.post("/account/tokens", {**given, "name": ""})
    assert (wrong.status_code, b"a name has 1 to 64" in wrong.content) == (422, True)
    id = ApiToken.objects.get().pk
    assert client.post(f"/account/tokens/{id}/revoke").status_code == 302
    assert "Revoked" in client.get("/account/tokens").content.decode()
    bob = people.signed_in(people.user("bob", a="viewer"))
    assert bob.post(f"/account/tokens/{id}/revoke").status_code == 404


def test_the_command_prints_a_token(capsys: Any) -> None:
    people.administrator()
    out = StringIO()
    call_command("add_token", "--user=root", "--name=CI", "--scope=read", stdout=out)
    assert bearer(out.getvalue().strip()).get("/api/v3/info").status_code == 200
    with pytest.raises(SystemExit):
        call_command("add_token", "--user=none", "--name=CI", "--scope=read")
    assert 'no active user "none"' in capsys.readouterr().err
