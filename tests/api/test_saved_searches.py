"""Saved searches by the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from inbox.mailbox import messages, saved_searches
from inbox.models import SavedSearch
from tests import factories
from tests.storage.test_bounded import LONG

pytestmark = pytest.mark.django_db
URL = "/api/v3/saved-searches"


def test_saved_listed_changed_and_deleted(client: Client) -> None:
    factories.inbox()
    factories.message(subject="Your order")
    given = {"name": "Orders", "query": "subject:order"}
    answer = client.post(URL, given, "application/json")
    assert answer.status_code == 201
    made = answer.json()
    assert made == {**given, "id": str(SavedSearch.objects.get().pk), "count": 1}
    assert client.get(URL).json() == {"items": [made], "next": None}
    one = f"{URL}/{made['id']}"
    answer = client.patch(one, {"query": "subject:none"}, "application/json")
    assert answer.json() == {**made, "query": "subject:none", "count": 0}
    answer = client.patch(one, {"name": "None"}, "application/json")
    assert answer.json()["name"] == "None"
    assert client.delete(one).status_code == 204
    assert client.delete(one).status_code == 404


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "Orders", "query": "frm:ann"}, 'Unknown filter "frm:"'),
        ({"name": "", "query": "ann"}, "a name has 1 to 64 characters"),
        ({"name": "Orders", "query": ""}, "there is nothing to save"),
    ],
)
def test_wrong(client: Client, given: dict[str, str], words: str) -> None:
    answer = client.post(URL, given, "application/json")
    assert answer.status_code in {400, 422}
    assert words in answer.content.decode().replace('\\"', '"')


def test_one_of_an_older_language_can_be_renamed(client: Client) -> None:
    answer = client.post(URL, {"name": "Old", "query": "old"}, "application/json")
    SavedSearch.objects.update(query="gone:field")
    one = f"{URL}/{answer.json()['id']}"
    answer = client.patch(one, {"name": "Older"}, "application/json")
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["count"]) == ("Older", None)


@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_change_does_not_count_for_long(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """It has one of a few threads meanwhile, and nothing cuts it as a list is cut."""
    given = {"name": "Orders", "query": "subject:order"}
    made = client.post(URL, given, "application/json").json()

    def count(*_: object) -> int:
        with connection.cursor() as cursor:
            cursor.execute(LONG[connection.vendor])
        return 1

    monkeypatch.setattr(messages, "count", count)
    monkeypatch.setattr(saved_searches, "_SECONDS", 0.05, raising=False)
    path = URL if method == "post" else f"{URL}/{made['id']}"
    answer = getattr(client, method)(path, given, "application/json")
    assert answer.json() == {**made, "count": None}


@pytest.mark.parametrize(
    ("members", "errors", "words"),
    [(100, 20, "; and 82 more"), (50_000, 0, "the body has more than 30,000 values")],
)
def test_many_members_that_there_are_not_get_a_short_answer(
    client: Client, members: int, errors: int, words: str
) -> None:
    """Each would take its time, and a sentence of the answer."""
    given = {f"k{number}": number for number in range(members)}
    answer = client.post(URL, given, "application/json")
    assert answer.status_code == 422
    assert len(answer.content) < 5000
    problem = answer.json()
    assert len(problem.get("errors", ())) == errors
    assert problem["detail"].endswith(words)
