"""An inbox and its settings, over the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.mailbox import inbox_removal, label_inboxes
from inbox.models import Inbox
from inbox.policy import smtp_credentials
from tests import factories
from tests.api.conftest import Api

ANN = {
    "address": "ann@example.com",
    "name": "Ann Example",
    "kind": "mailbox",
    "target": [],
}


def test_an_inbox_as_it_is_at_first(api: Api) -> None:
    found = api("GET", "inboxes/default")
    found.pop("created_at")
    assert found == {
        "slug": "default",
        "name": "Inbox",
        "parent": None,
        "conditions": {
            "users": [],
            "recipients": [],
            "helo": [],
            "networks": [],
            "listeners": [],
            "header": True,
        },
        "retention": {"messages": None, "days": None, "octets": None},
        "label_days": 7,
        "known_only": False,
        "quota_octets": 0,
        "used_octets": 0,
        "paused": False,
        "addresses": [],
        "address_words": True,
        "rules_on": True,
        "strict": "server",
        "strict_ignored": [],
    }


def test_what_is_not_given_stays(api: Api) -> None:
    given = {"known_only": True, "address_words": False}
    changed = api("PATCH", "inboxes/default", given)
    assert (changed["known_only"], changed["paused"]) == (True, False)
    changed = api(
        "PATCH",
        "inboxes/default",
        {"quota_octets": 1000, "paused": True, "addresses": [ANN]},
    )
    assert changed == api("GET", "inboxes/default")
    changed.pop("created_at")
    assert changed == {
        "slug": "default",
        "name": "Inbox",
        "parent": None,
        "conditions": {
            "users": [],
            "recipients": [],
            "helo": [],
            "networks": [],
            "listeners": [],
            "header": True,
        },
        "retention": {"messages": None, "days": None, "octets": None},
        "label_days": 7,
        "known_only": True,
        "quota_octets": 1000,
        "used_octets": 0,
        "paused": True,
        "addresses": [ANN],
        "address_words": False,
        "rules_on": True,
        "strict": "server",
        "strict_ignored": [],
    }
    cleared = api("PATCH", "inboxes/default", {"quota_octets": None, "addresses": []})
    assert (cleared["quota_octets"], cleared["addresses"]) == (0, [])
    assert cleared["known_only"] is True
    assert api("PATCH", "inboxes/default", {}) == cleared


def test_members_of_an_address_have_defaults(api: Api) -> None:
    given = [{"address": "ann@example.com"}]
    changed = api("PATCH", "inboxes/default", {"addresses": given})
    assert changed["addresses"] == [{**ANN, "name": ""}]


def test_used_octets_are_those_outside_the_trash(api: Api) -> None:
    kept, gone = factories.message(), factories.message()
    assert api("GET", "inboxes/default")["used_octets"] == kept.size + gone.size
    api("DELETE", f"messages/{gone.pk}", status=204)
    assert api("GET", "inboxes/default")["used_octets"] == kept.size


BAD: list[tuple[dict[str, Any], str]] = [
    ({"known_only": "yes"}, "known_only"),
    ({"quota_octets": -1}, "quota_octets"),
    ({"quota_octets": 2**63}, "quota_octets"),
    ({"quota_octets": "10M"}, "quota_octets"),
    ({"quota_octets": True}, "quota_octets"),
    ({"unknown": 1}, "unknown"),
    ({"addresses": ["ann@example.com"]}, "addresses.0"),
    ({"addresses": [{**ANN, "kind": "robot"}]}, "kind"),
    ({"addresses": [{**ANN, "kind": "moved"}]}, "exactly one target"),
    ({"addresses": [{**ANN, "address": "ann@"}]}, '"ann@" is not an address'),
    ({"addresses": [ANN, {**ANN, "address": "ann@EXAMPLE.com"}]}, "given twice"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_bad_settings_change_nothing(
    api: Api, body: dict[str, Any], words: str
) -> None:
    problem = api("PATCH", "inboxes/default", {"paused": True, **body}, status=422)
    assert words in problem["detail"]
    assert api("GET", "inboxes/default")["paused"] is False


def test_an_inbox_that_is_not_there(api: Api) -> None:
    for method, body in (("GET", None), ("PATCH", {"paused": True})):
        problem = api(method, "inboxes/other", body, status=404)
        assert problem["detail"] == 'there is no inbox "other"'


def test_strict_mode_is_set(api: Api) -> None:
    given = {"strict": "error", "strict_ignored": ["placeholder", "local_link"]}
    changed = api("PATCH", "inboxes/default", given)
    assert (changed["strict"], changed["strict_ignored"]) == (
        "error",
        ["local_link", "placeholder"],
    )


@pytest.mark.parametrize("given", [{"strict": "on"}, {"strict_ignored": ["no_quit"]}])
def test_strict_mode_takes_its_words_alone(api: Api, given: dict[str, Any]) -> None:
    api("PATCH", "inboxes/default", given, status=422)


def test_a_name_conditions_and_retention(api: Api) -> None:
    made = api("POST", "inboxes", {"slug": "shop"}, 201)
    assert (made["slug"], made["name"]) == ("shop", "shop")
    given = {
        "name": " Shop ",
        "conditions": {"recipients": ["*@shop.test", "*@shop.test"], "header": False},
        "retention": {"messages": 10, "octets": 0},
        "label_days": 3,
    }
    changed = api("PATCH", "inboxes/shop", given)
    assert changed["name"] == "Shop"
    assert changed["conditions"]["recipients"] == ["*@shop.test"]
    assert changed["retention"] == {"messages": 10, "days": None, "octets": 0}
    again = api("PATCH", "inboxes/shop", {"conditions": changed["conditions"]})
    assert again == changed
    kept = api("PATCH", "inboxes/shop", {"retention": {"messages": None}})
    assert kept["retention"] == {"messages": None, "days": None, "octets": 0}


def test_inboxes_of_labels_share_the_limits_of_conditions(api: Api) -> None:
    """At any depth: the inbox of a label may have a login with labels."""
    api("POST", "inboxes", {"slug": "shop"}, 201)
    label_inboxes.make("shop", "a")
    label_inboxes.make("shop-a", "b")
    many = {"conditions": {"recipients": [f"{n}@a.test" for n in range(60)]}}
    api("PATCH", "inboxes/shop-a-b", many)
    assert "at most 100" in api("PATCH", "inboxes/shop", many, 422)["detail"]
    api("PATCH", "inboxes/shop-a-b", many)
    api("PATCH", "inboxes/default", many)
    api("PATCH", "inboxes/shop-a-b", {"conditions": {}})
    api("PATCH", "inboxes/shop", many)


def test_conditions_beyond_the_limits_can_become_fewer(api: Api) -> None:
    names = [f"{n}@a.test" for n in range(102)]
    Inbox.objects.filter(slug="default").update(conditions={"recipients": names[:101]})
    for number, status in ((101, 200), (102, 422), (100, 200), (101, 422)):
        given = {"conditions": {"recipients": names[:number]}}
        api("PATCH", "inboxes/default", given, status)


@pytest.mark.parametrize("gone", ["shop", "shop-a"])
def test_inboxes_of_labels_share_limits_though_one_between_them_is_gone(
    api: Api, gone: str
) -> None:
    """In the trash, and after it: a manager could delete it to have limits for each."""
    api("POST", "inboxes", {"slug": "shop"}, 201)
    label_inboxes.make("shop", "a")
    for label in "bc":
        label_inboxes.make("shop-a", label)
    many = {"conditions": {"recipients": [f"{n}@a.test" for n in range(60)]}}
    api("PATCH", "inboxes/shop-a-b", many)
    inbox_removal.delete_row(Inbox.objects.get(slug=gone), "")
    assert "at most 100" in api("PATCH", "inboxes/shop-a-c", many, 422)["detail"]
    Inbox.objects.filter(slug=gone).update(deleted_at=datetime(2020, 1, 1, tzinfo=UTC))
    while inbox_removal.purge(hours=1):
        pass
    assert "at most 100" in api("PATCH", "inboxes/shop-a-c", many, 422)["detail"]
    for each in ("shop-a-b", "shop-a-c"):
        api("DELETE", f"inboxes/{each}", status=204)
    Inbox.objects.exclude(slug="default").update(
        deleted_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    while inbox_removal.purge(hours=1):
        pass
    assert Inbox.objects.get().slug == "default"


def test_no_credential_has_the_name_of_a_login_of_the_server(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inbox would get the mail of that."""
    of_server = replace(smtp_credentials.CONFIG, smtp_auth=(("app", "secret"),))
    monkeypatch.setattr(smtp_credentials, "CONFIG", of_server)
    api("POST", "inboxes/default/credentials", {"username": "app"}, 409)
    api("POST", "inboxes/default/credentials", {"username": "app2"}, 201)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "inboxes", {"slug": "default"}, 409),
        ("POST", "inboxes", {"slug": "Shop"}, 422),
        ("POST", "inboxes", {"slug": "-"}, 422),
        ("POST", "inboxes", {"slug": "shop", "name": "a\x1bb"}, 422),
        ("PATCH", "inboxes/default", {"name": " "}, 422),
        ("PATCH", "inboxes/default", {"conditions": {"networks": ["x"]}}, 422),
        ("DELETE", "inboxes/default", None, 422),
        ("DELETE", "inboxes/nobody", None, 404),
        ("POST", "inboxes/nobody/restore", {}, 404),
        ("POST", "inboxes/default/credentials", {"username": "a+b"}, 422),
        ("POST", "inboxes/default/credentials", {"username": "a" * 65}, 422),
        ("POST", "inboxes/default/credentials/a/rotate", {}, 404),
        ("POST", "inboxes/default/credentials/a/rotate", {"overlap": 10**9}, 422),
        ("DELETE", "inboxes/default/credentials/a", None, 404),
    ],
)
def test_what_cannot_be(
    api: Api, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    assert api(method, path, body, status)["status"] == status


def test_a_password_is_shown_once(api: Api) -> None:
    path = "inboxes/default/credentials"
    made = api("POST", path, {"username": "shop"}, 201)
    assert len(made.pop("password")) == 32
    assert api("GET", path)["items"] == [made]
    api("POST", path, {"username": "shop"}, 409)
    turned = api("POST", f"{path}/shop/rotate", {"overlap": 60}, 201)
    assert turned["old_until"] > made["created_at"]
    api("DELETE", f"{path}/shop", None, 204)
    assert api("GET", path)["items"] == []
