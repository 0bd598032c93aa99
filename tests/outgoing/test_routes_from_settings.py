"""Routes that MAILSINK_ROUTES has."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.errors import Conflict
from inbox.models import Route
from inbox.outgoing import routes, routes_from_settings

pytestmark = pytest.mark.django_db

GIVEN: dict[str, dict[str, Any]] = {
    "staging": {"host": "smtp.test", "port": 587, "allow": ["*.test"]}
}


def test_they_are_there_and_cannot_be_changed() -> None:
    routes_from_settings.take(GIVEN)
    route = routes.get("staging")
    assert (route.host, route.port, route.tls, route.allow) == (
        "smtp.test", 587, "required", ["*.test"],
    )  # fmt: skip
    with pytest.raises(Conflict, match="MAILSINK_ROUTES"):
        routes.change("staging", {"port": 25})
    with pytest.raises(Conflict, match="MAILSINK_ROUTES"):
        routes.delete("staging")


def test_another_start_takes_over_what_changed() -> None:
    routes.add({"name": "mine", "host": "mine.test"})
    routes_from_settings.take(GIVEN | {"gone": {"host": "gone.test"}})
    key = routes.get("staging").pk
    routes_from_settings.take({"staging": {"host": "other.test"}})
    assert [each.name for each in routes.find()] == ["mine", "staging"]
    route = routes.get("staging")
    assert (route.pk, route.host, route.port, route.allow) == (
        key,
        "other.test",
        25,
        [],
    )
    routes_from_settings.take({})
    assert [each.name for each in routes.find()] == ["mine"]


def test_one_of_the_same_name_is_replaced() -> None:
    routes.add({"name": "staging", "host": "mine.test", "allow": ["*"]})
    routes_from_settings.take(GIVEN)
    assert routes.get("staging").allow == ["*.test"]


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("A b", {}, "A b: the name of a route"),
        ("a", {"port": 0}, "a: a port is a number"),
        ("a", {"tls": "maybe"}, "a: tls is one of"),
        ("a", {"username": "u"}, "a: a login has"),
        ("a", {"allow": ["a b"]}, "a: the pattern"),
        ("a", {"inboxes": ["none"]}, "a: there is no inbox"),
    ],
)
def test_faults(name: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        routes_from_settings.take({name: {"host": "smtp.test", **fields}})
    assert not Route.objects.exists()
