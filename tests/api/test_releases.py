"""API v3: routes, and releases by them."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.mailbox.paging import MOST_OCTETS
from inbox.models import ReleaseRecipient
from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

ROUTE = {
    "name": "hop", "host": "smtp.test", "port": 587, "username": "user",
    "password": "secret", "allow": ["example.com"],
}  # fmt: skip


def released(api: Api) -> Any:
    api("POST", "routes", ROUTE, 201)
    factories.message(recipients=["ann@example.com"])
    return api("POST", "messages/latest/release", {"route": "hop"}, 202)


def test_a_route(api: Api) -> None:
    made = api("POST", "routes", ROUTE, 201)
    assert "password" not in made
    assert made["has_password"]
    assert made["tls"] == "required"
    assert api("GET", "routes")["items"] == [made] == [api("GET", "routes/hop")]
    changed = api("PATCH", "routes/hop", {"port": 25, "username": ""})
    assert (changed["port"], changed["username"], changed["has_password"]) == (
        25,
        "",
        False,
    )
    api("DELETE", "routes/hop", status=204)
    assert "hop" in api("GET", "routes/hop", status=404)["detail"]


def test_a_fault_of_a_route_is_said(api: Api) -> None:
    wrong = api("POST", "routes", {**ROUTE, "allow": ["a b"]}, 422)
    assert wrong["detail"] == 'the pattern "a b" has a space or a control character'


def test_a_release(api: Api) -> None:
    made = released(api)
    assert made["state"] == "queued"
    assert [each["forward_path"] for each in made["recipients"]] == ["ann@example.com"]
    assert made["tries"] == []
    assert api("GET", f"releases/{made['id']}") == made
    assert api("GET", "releases")["items"] == [made]
    assert api("GET", f"releases?message={made['message']}")["items"] == [made]
    assert api("DELETE", f"releases/{made['id']}")["state"] == "cancelled"
    again = api("POST", f"releases/{made['id']}/retry", status=409)
    assert "it is cancelled" in again["detail"]


def test_pages(api: Api) -> None:
    first = released(api)
    second = api("POST", "messages/latest/release", {"route": "hop"}, 202)
    page = api("GET", "releases?limit=1")
    assert page["items"] == [second]
    rest = api("GET", f"releases?limit=1&cursor={page['next']}")
    assert (rest["items"], rest["next"]) == ([first], None)


def test_long_replies_make_short_pages(api: Api) -> None:
    made = [released(api)["id"]]
    for _ in range(2):
        again = api("POST", "messages/latest/release", {"route": "hop"}, 202)
        made.append(again["id"])
    ReleaseRecipient.objects.update(text="x" * (MOST_OCTETS * 2 // 5))
    page = api("GET", "releases")
    assert [each["id"] for each in page["items"]] == [made[2], made[1]]
    rest = api("GET", f"releases?cursor={page['next']}")
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([made[0]], None)


def test_what_is_not_there(api: Api) -> None:
    factories.message(recipients=["ann@example.com"])
    for path in ("releases/none", "releases?message=none"):
        api("GET", path, status=404)
    wrong = api("POST", "messages/latest/release", {"route": "none"}, 404)
    assert wrong["detail"] == 'there is no route "none"'
