"""Saved searches: each user has their own, and all share those from before the accounts."""

from __future__ import annotations

import pytest

from inbox.mailbox import saved_searches
from tests import people

pytestmark = pytest.mark.django_db


def test_each_user_has_their_own_and_shares_the_others() -> None:
    shared = saved_searches.save("All", "subject:all")
    root = people.signed_in(people.administrator())
    ann = people.signed_in(people.user("ann", a="viewer"))
    bob = people.signed_in(people.user("bob", a="manager"))
    api = "/api/v3/saved-searches"
    given = {"name": "Mine", "query": "subject:secret"}
    own = ann.post(api, given, "application/json").json()["id"]
    assert bob.post(api, given, "application/json").status_code == 201
    assert [each["name"] for each in ann.get(api).json()["items"]] == ["All", "Mine"]
    assert b"Mine" in ann.get("/").content
    for other in (bob, root):
        assert other.get(f"{api}/{own}").status_code == 404
        assert other.delete(f"{api}/{own}").status_code == 404
        assert other.post(f"/searches/{own}/delete").status_code == 404
    assert b"Mine" not in root.get("/").content
    assert own not in bob.get("/searches/counts").json()
    assert bob.delete(f"{api}/{shared.pk}").status_code == 403
    assert bob.post(f"/searches/{shared.pk}/rename", {"name": "x"}).status_code == 403
    assert root.delete(f"{api}/{shared.pk}").status_code == 204
    assert ann.delete(f"{api}/{own}").status_code == 204
    assert ann.get(api).json()["items"] == []
