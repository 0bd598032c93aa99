"""An inbox and its settings, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.conftest import Api

ANN = {
    "address": "ann@example.com",
    "name": "Ann Example",
    "kind": "mailbox",
    "target": [],
}


def test_an_inbox_as_it_is_at_first(api: Api) -> None:
    assert api("GET", "inboxes/default") == {
        "slug": "default",
        "name": "Inbox",
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
    assert changed == {
        "slug": "default",
        "name": "Inbox",
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
