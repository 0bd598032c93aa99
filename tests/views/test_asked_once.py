"""What all pages show of who looks is asked of the database once a page."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.access import own_addresses
from inbox.mailbox import inboxes, saved_searches
from inbox.mailbox.scope import ALL
from tests.factories import recorded_message
from tests.people import administrator, signed_in

pytestmark = pytest.mark.django_db


def asked(path: str) -> Counter[str]:
    """Count the statements of a page, for a user with saved searches and own addresses."""
    inboxes.add(ALL, "shop", "Shop")
    recorded_message()
    user = administrator()
    saved_searches.save("Ann", "from:ann", user.pk)
    own_addresses.keep(user.pk, "*@example.com")
    client = signed_in(user)
    with CaptureQueriesContext(connection) as statements:
        assert client.get(path).status_code == 200
    return Counter(each["sql"] for each in statements)


@pytest.mark.parametrize("path", ["/", "/sessions"])
def test_nothing_is_asked_twice(path: str) -> None:
    assert {sql: times for sql, times in asked(path).items() if times > 1} == {}


def test_settings_ask_once_for_ones_own_addresses() -> None:
    own = '"inbox_user"."mine" AS'
    assert [times for sql, times in asked("/settings").items() if own in sql] == [1]
