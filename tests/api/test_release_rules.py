"""API v3: release rules and the guard."""

from __future__ import annotations

import pytest

from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

ROUTE = {"name": "hop", "host": "smtp.test", "allow": ["*"]}
RULE = {"name": "team", "recipients": ["*.test"], "route": "hop"}


def test_a_rule(api: Api) -> None:
    api("POST", "routes", ROUTE, 201)
    made = api("POST", "release-rules", RULE, 201)
    assert (made["enabled"], made["action"], made["inbox"]) == (True, "release", "")
    other = api("POST", "release-rules", {**RULE, "name": "b", "inbox": "default"}, 201)
    assert api("GET", "release-rules")["items"] == [made, other]
    assert api("GET", f"release-rules/{other['id']}") == other
    moved = api("PATCH", f"release-rules/{other['id']}", {"position": 1, "inbox": ""})
    assert (moved["position"], moved["inbox"]) == (1, "")
    api("DELETE", f"release-rules/{made['id']}", status=204)
    api("GET", f"release-rules/{made['id']}", status=404)
    assert [each["name"] for each in api("GET", "release-rules")["items"]] == ["b"]


def test_a_fault_of_a_rule_is_said(api: Api) -> None:
    wrong = api("POST", "release-rules", RULE, 404)
    assert wrong["detail"] == 'there is no route "hop"'
    api("POST", "routes", ROUTE, 201)
    wrong = api("POST", "release-rules", {**RULE, "recipients": []}, 422)
    assert "needs recipients" in wrong["detail"]
    api("POST", "release-rules", RULE, 201)
    wrong = api("POST", "release-rules", RULE, 422)
    assert wrong["detail"] == 'there is already a rule "team"'


def test_the_guard(api: Api) -> None:
    off = {"on": False, "always_on": False, "allow": [], "route": "", "fault": ""}
    assert api("GET", "guard") == off
    api("POST", "routes", ROUTE, 201)
    on = api("PATCH", "guard", {"on": True, "allow": ["*.test"], "route": "hop"})
    assert on == off | {"on": True, "allow": ["*.test"], "route": "hop"}
    assert api("PATCH", "guard", {"on": False}) == on | {"on": False}
    assert "a b" in api("PATCH", "guard", {"allow": ["a b"]}, 422)["detail"]
    factories.message(recipients=["x@real.example"])
    refused = {"route": "hop", "recipients": ["x@real.example"]}
    api("PATCH", "guard", {"on": True})
    wrong = api("POST", "messages/latest/release", refused, 422)
    assert "The guard is on" in wrong["detail"]


def test_today(api: Api) -> None:
    factories.message(recipients=["ann@real.example"])
    found = api("GET", "guard/today")
    assert (found["messages"], found["domains"], found["is_cut"]) == (1, 1, False)
    [row] = found["items"]
    assert (row["domain"], row["recipients"], row["held_back"]) == (
        "real.example",
        1,
        1,
    )
