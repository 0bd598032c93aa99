"""API v3: rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from inbox.models import Rule
from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

RULE: dict[str, Any] = {
    "name": "Fail twice",
    "stage": "rcpt",
    "conditions": {"forward_path": "audit@*"},
    "actions": {"code": 451, "enhanced": "4.7.1", "text": ["Try later"]},
    "limits": {"first": 2, "per": "recipient"},
}


def test_a_rule(api: Api) -> None:
    made = api("POST", "rules", RULE, 201)
    assert {name: made[name] for name in RULE} == RULE
    assert (made["on"], made["hits"], made["last_hits"]) == (True, 0, [])
    assert (made["inbox"], made["expires_at"]) == ("default", None)
    url = f"rules/{made['id']}"
    assert api("GET", "rules?inbox=default")["items"] == [made] == [api("GET", url)]
    given = {"on": False, "limits": {}, "expires_in": 60, "max_hits": 3}
    changed = api("PATCH", url, given)
    assert (changed["on"], changed["limits"], changed["max_hits"]) == (False, {}, 3)
    assert changed["expires_at"] is not None
    assert changed["actions"] == RULE["actions"]
    assert api("PATCH", url, {"expires_in": None})["expires_at"] is None
    assert api("GET", url)["max_hits"] == 3
    api("DELETE", url, status=204)
    assert "there is no rule" in api("GET", url, status=404)["detail"]


def test_hits_are_linked(api: Api) -> None:
    made = api("POST", "rules", RULE, 201)
    session = str(factories.session().pk)
    hit = [session, 4, "2026-11-29T10:00:00+00:00"]
    Rule.objects.update(hits=1, last_hits=[hit])
    (shown,) = api("GET", f"rules/{made['id']}")["last_hits"]
    assert (shown["session"], shown["seq"]) == (session, 4)
    assert shown["url"].startswith("/s/")
    assert shown["at"] == "2026-11-29T10:00:00.000000Z"


def test_an_order(api: Api) -> None:
    first, second = (api("POST", "rules", RULE, 201)["id"] for _ in range(2))
    found = api("POST", "rules/order", {"ids": [second, first]})
    assert [each["id"] for each in found["items"]] == [second, first]
    assert [each["id"] for each in api("GET", "rules")["items"]] == [second, first]
    api("POST", "rules/order", {"ids": [second]}, 422)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actions": {"code": 99}}, "code is a number"),
        ({"conditions": {"forward_path": "/(/"}}, "cannot be used"),
        ({"conditions": {"colour": "red"}}, "colour"),
        ({"stage": "soon"}, "stage"),
        ({"limits": {"first": True}}, "first"),
    ],
)
def test_a_fault_is_said(api: Api, changes: dict[str, Any], words: str) -> None:
    assert words in api("POST", "rules", {**RULE, **changes}, 422)["detail"]


def test_numbers_beyond_the_database(api: Api) -> None:
    api("GET", f"rules/{10**30}", status=404)
    api("POST", "rules/order", {"ids": [10**30]}, 422)
    api("GET", "rules?inbox=none", status=404)


def test_scenarios(api: Api) -> None:
    listed = api("GET", "rules/scenarios")["items"]
    assert {each["name"] for each in listed} > {"greylisting", "chaos"}
    assert not any(each["on"] for each in listed)
    made = api("POST", "rules/scenarios/greylisting", status=201)["items"]
    assert [each["scenario"] for each in made] == ["greylisting"]
    api("POST", "rules/scenarios/greylisting", status=409)
    on = [each["name"] for each in api("GET", "rules/scenarios")["items"] if each["on"]]
    assert on == ["greylisting"]
    api("DELETE", "rules/scenarios/greylisting", status=204)
    assert api("GET", "rules")["items"] == []
    api("POST", "rules/scenarios/none", status=404)


def test_a_speed(api: Api) -> None:
    made = api("POST", "rules/scenarios/greylisting?speed=60", status=201)["items"]
    assert made[0]["limits"]["speed"] == 60
    listed = {each["name"]: each for each in api("GET", "rules/scenarios")["items"]}
    assert (listed["greylisting"]["on"], listed["greylisting"]["speed"]) == (True, 60)
    assert (listed["chaos"]["on"], listed["chaos"]["speed"]) == (False, None)
    (changed,) = api("POST", "rules/speed", {"speed": 1000})["items"]
    assert changed["limits"]["speed"] == 1000


@pytest.mark.parametrize("speed", ["0", "1001", "soon", "-60", "1.5"])
def test_a_bad_speed(api: Api, speed: str) -> None:
    wrong = api("POST", f"rules/scenarios/greylisting?speed={speed}", status=422)
    assert "speed" in wrong["detail"]
    assert api("GET", "rules")["items"] == []


def test_a_dry_run(api: Api) -> None:
    rule = api("POST", "rules", RULE, 201)
    api("POST", "rules", RULE | {"conditions": {"reverse_path": "x@*"}}, 201)
    found = api("POST", "rules/dry-run", {"recipient": "audit@b.test", "sender": "a@b.test"})  # fmt: skip
    assert (found["rules_on"], found["complete"], found["stopped"]) == (
        True,
        True,
        True,
    )
    last = found["lines"][-1]
    assert (last["stage"], last["line"]) == ("rcpt", "RCPT TO:<audit@b.test>")
    assert last["reply"] == ["451 4.7.1 Try later"]
    assert [each["id"] for each in last["acting"]] == [rule["id"]]
    assert [each["reason"] for each in last["others"]] == ["settled"]
    assert api("GET", f"rules/{rule['id']}")["hits"] == 0
    for given in ({}, {"recipient": "a@b", "session": "x"}, {"recipient": "a@b", "client": "x"}):  # fmt: skip
        api("POST", "rules/dry-run", given, 422)
    api("POST", "rules/dry-run", {"message": "none"}, 404)


def test_a_file(api: Api, client: Client) -> None:
    api("POST", "rules", RULE, 201)
    for form in ("yaml", "json"):
        text = client.get(f"/api/v3/rules/export?format={form}").content
        found = client.post(
            "/api/v3/rules/import?replace=true",
            text,
            content_type=f"application/{form}",
        )
        assert found.status_code == 201
        (made,) = found.json()["items"]
        assert {name: made[name] for name in RULE} == RULE
    wrong = text.replace(b"451", b"99")
    answer = client.post("/api/v3/rules/import", wrong, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["member"] == "rules.1.actions.code"
    assert len(api("GET", "rules")["items"]) == 1


def test_moves_and_replies_of_providers(api: Api) -> None:
    a, b = (api("POST", "rules", RULE, 201)["id"] for _ in range(2))
    found = api("POST", f"rules/{b}/move", {"before": a})["items"]
    assert [each["id"] for each in found] == [b, a]
    found = api("POST", f"rules/{b}/move", {"before": None})["items"]
    assert [each["id"] for each in found] == [a, b]
    api("POST", f"rules/{b}/move", {"before": 10**6}, 404)
    (reply,) = api("GET", "rules/provider-replies?q=gmail-25")["items"]
    assert (reply["code"], reply["stage"], reply["retry"]) == (535, "auth", "fix")
    assert len(api("GET", "rules/provider-replies")["items"]) == 99
