"""API v3: held mail."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

ROUTE = {"name": "hop", "host": "smtp.test", "allow": ["example.com"]}


def held(api: Api, **fields: Any) -> Any:
    factories.inbox()
    return api("POST", "held", {"domain": "example.com", **fields}, 201)


def test_a_held_domain(api: Api) -> None:
    api("POST", "routes", ROUTE, 201)
    made = held(api, users=["ann"])
    assert (made["inbox"], made["route"], made["waiting"]) == ("default", "", 0)
    factories.message(recipients=["b@example.com"])
    changed = api("PATCH", "held/example.com", {"route": "hop"})
    assert (changed["users"], changed["route"], changed["waiting"]) == (
        ["ann"],
        "hop",
        1,
    )
    assert api("GET", "held")["items"] == [changed] == [api("GET", "held/Example.com")]
    assert api("PATCH", "held/example.com", {"route": ""})["route"] == ""
    api("DELETE", "held/example.com", status=204)
    wrong = api("GET", "held/example.com", status=404)
    assert wrong["detail"] == 'no mail is held for "example.com"'


def test_one_with_what_is_below(api: Api) -> None:
    held(api, domain="*.example.com")
    assert api("GET", "held/*.example.com")["domain"] == "*.example.com"


def test_what_waits_is_sent_and_held_again(api: Api) -> None:
    factories.message(recipients=["b@example.com"])
    held(api, earlier=True)
    wrong = api("POST", "held/example.com/send", status=409)
    assert wrong["detail"] == "no route is set for example.com"
    api("POST", "routes", ROUTE, 201)
    api("PATCH", "held/example.com", {"route": "hop"})
    [waits] = api("GET", "held/example.com/releases")["items"]
    assert (waits["state"], waits["held_for"], waits["route"]) == (
        "held",
        "example.com",
        "",
    )
    assert api("GET", "releases")["items"] == []
    assert api("POST", "held/example.com/send") == {"started": 1}
    [queued] = api("GET", "releases")["items"]
    assert (queued["state"], queued["route"]) == ("queued", "hop")
    again = api("POST", f"releases/{queued['id']}/hold")
    assert again["state"] == "held"
    api("POST", f"releases/{queued['id']}/hold", status=409)


def test_a_fault_is_said(api: Api) -> None:
    factories.inbox()
    wrong = api("POST", "held", {"domain": "com"}, 422)
    assert (
        wrong["detail"]
        == '"com" is not a domain: write the whole name, as in example.com'
    )
    assert (
        "no route"
        in api("POST", "held", {"domain": "a.test", "route": "x"}, 404)["detail"]
    )
