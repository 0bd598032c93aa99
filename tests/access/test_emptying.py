"""Deleting much at once: for managers alone, and on a page with the inbox's slug typed."""

from __future__ import annotations

import pytest
from django.test import Client

from inbox.access import emptying
from inbox.models import Message
from tests import people
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
ALL = {"do": "delete", "all": "yes", "q": ""}


@pytest.fixture(autouse=True)
def _a_page_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "MOST", 2)


def client_of(**roles: str) -> Client:
    people.administrator()
    return people.signed_in(people.user("ann", **roles))


def left(slug: str) -> int:
    return Message.objects.filter(inbox__slug=slug, deleted_at=None).count()


def fill(slug: str, count: int = 3) -> list[Message]:
    return [people.mail_in(slug) for _ in range(count)]


def test_a_tester_deletes_what_they_choose_and_a_page_by_a_search() -> None:
    mail, client = fill("a", 5), client_of(a="tester")
    ids = ",".join(str(each.pk) for each in mail[:3])
    assert client.delete(f"/api/v3/messages?ids={ids}").status_code == 204
    assert left("a") == 2
    assert client.delete("/api/v3/messages?q=subject:order").status_code == 204
    assert left("a") == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/messages?all=true",
        "/api/v3/messages?q=subject:order",
        "/api/v3/messages?q=larger:0",
        "/api/v3/messages?q=-subject:nothing&inbox=a",
        "/api/v1/messages",
        "/api/v1/search?query=order",
        "/api/v1/search?query=",
    ],
)
def test_a_tester_deletes_no_more_and_a_manager_does(path: str) -> None:
    fill("a")
    client = client_of(a="tester")
    assert client.delete(path).status_code in (400, 403)
    assert left("a") == 3
    manager = people.signed_in(people.user("max", a="manager"))
    manager.delete(path)
    assert left("a") == (3 if path.endswith("query=") else 0)


def test_what_is_much_is_counted_where_one_is_no_manager() -> None:
    fill("a")
    fill("b", 1)
    client = client_of(a="manager", b="tester")
    assert client.delete("/api/v3/messages?q=subject:order").status_code == 204
    assert (left("a"), left("b")) == (0, 0)
    fill("a", 1)
    fill("b")
    assert client.delete("/api/v3/messages?q=subject:order").status_code == 204
    assert (left("a"), left("b")) == (0, 3)


def test_the_page_asks_a_manager_for_the_slug() -> None:
    fill("a")
    fill("b")
    client = client_of(a="manager", b="manager")
    for given in (ALL, {**ALL, "q": "subject:order"}):
        answer = client.post("/messages/chosen", given)
        assert answer.status_code == 302
        form = client.get(answer["Location"]).content.decode()
        assert 'name="slug"' in form
        assert given["q"] in form
        script = client.post("/messages/chosen", given, headers=JSON)
        assert (script.status_code, script.json()["page"]) == (409, answer["Location"])
    for wrong in ("", "c", "A"):
        answer = client.post("/messages/chosen", {**ALL, "slug": wrong})
        assert (answer.status_code, b'role="alert"' in answer.content) == (422, True)
    assert (left("a"), left("b")) == (3, 3)
    assert client.post("/messages/chosen", {**ALL, "slug": " a "}).status_code == 302
    assert (left("a"), left("b")) == (0, 3)


def test_the_page_types_nothing_for_a_few_and_no_slug_of_another_inbox() -> None:
    fill("a", 2)
    fill("b")
    client = client_of(a="manager", b="tester")
    few = {**ALL, "q": "inbox:a"}
    assert client.post("/messages/chosen", few, headers=JSON).json()["count"] == 2
    answer = client.post("/messages/chosen", {**ALL, "slug": "b"})
    assert (answer.status_code, left("b")) == (422, 3)
    fill("a", 1)
    one = {**ALL, "q": "larger:0 inbox:a", "slug": "b"}
    client.post("/messages/chosen", one)
    assert (left("a"), left("b")) == (1, 3)


def test_the_page_refuses_a_tester() -> None:
    fill("a")
    client = client_of(a="tester")
    for given in (ALL, {**ALL, "q": "subject:order"}, {**ALL, "slug": "a"}):
        assert client.post("/messages/chosen", given).status_code == 403
    assert client.get("/messages/delete").status_code == 403
    assert left("a") == 3


def test_without_accounts_all_is_deleted_at_once(client: Client) -> None:
    for _ in range(3):
        recorded_message()
    answer = client.post("/messages/chosen", ALL, headers=JSON)
    assert answer.json()["count"] == 3


def test_mailhogs_clients_need_a_manager() -> None:
    fill("a", 1)
    client = client_of(a="tester")
    assert client.delete("/api/v1/messages").status_code == 403
    manager = people.signed_in(people.user("max", a="manager"))
    assert manager.delete("/api/v1/messages").status_code == 200
    assert left("a") == 0
