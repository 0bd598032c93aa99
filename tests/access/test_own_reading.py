"""Each user has read their own mail, and has their own addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.access import users, wrong_tokens
from inbox.mailbox import marking, messages
from inbox.mailbox.scope import Scope
from inbox.mailbox.selection import Selection
from inbox.models import Message, MessageRead, ReadUpTo
from tests import people

pytestmark = pytest.mark.django_db

V3 = "/api/v3/messages"


@pytest.fixture
def team() -> tuple[Client, Client, Message, Message]:
    """Ann, who sees two inboxes; Bob, who sees one; and a message in each of them."""
    people.administrator()
    ann = people.user("ann", a="viewer", b="tester")
    bob = people.user("bob", a="viewer")
    mail = people.mail_in("a"), people.mail_in("b")
    return people.signed_in(ann), people.signed_in(bob), *mail


def unread(client: Client) -> int:
    """How much is unread, by everything that counts it, which has to agree."""
    listed = client.get(V3, {"q": "is:unread"}).json()["items"]
    searched = client.get("/api/v1/search", {"query": "is:unread"}).json()
    counts = {
        client.get("/counts").json()["unread"],
        client.get("/api/v3/info").json()["counts"]["unread"],
        client.get("/api/v1/info").json()["Unread"],
        client.get("/api/v1/messages").json()["unread"],
        searched["messages_count"],
        searched["messages_unread"],
        len(listed),
        sum(not each["read"] for each in client.get(V3).json()["items"]),
        len(Html(client.get("/").content.decode()).css("#entries .row.unread")),
        len(Html(client.get("/?q=is:unread").content.decode()).css("#entries .row")),
    }
    assert len(counts) == 1, counts
    return counts.pop()


def patch(client: Client, id: object, read: bool) -> None:
    answer = client.patch(f"{V3}/{id}", {"read": read}, "application/json")
    assert answer.json()["read"] is read


def everything(client: Client, do: str, q: str = "") -> None:
    client.post("/messages/chosen", {"do": do, "all": "yes", "q": q})


def test_each_has_read_their_own(team: Any) -> None:
    ann, bob, seen, other = team
    assert (unread(ann), unread(bob)) == (2, 1)
    patch(ann, seen.pk, True)
    assert (unread(ann), unread(bob)) == (1, 1)
    ann.get(f"/api/v1/message/{other.pk}", headers={"Sec-Fetch-Mode": "navigate"})
    bob.get(f"/messages/{seen.pk}", headers={"HX-Request": "true"})
    assert unread(bob) == 0
    patch(ann, seen.pk, False)
    assert unread(bob) == 0
    row = Html(ann.get("/?q=is:unread").content.decode()).css_first(".row.unread")
    assert row is not None


def test_a_token_reads_as_its_user(team: Any) -> None:
    wrong_tokens.forget()  # of the tests before
    ann, bob, seen, _ = team
    given = {"name": "t", "scopes": ["read", "write"], "days": 1}
    secret = ann.post("/api/v3/tokens", given, "application/json").json()["token"]
    own = Client(headers={"Authorization": f"Bearer {secret}"})
    patch(own, seen.pk, True)
    assert unread(ann) == 1
    assert unread(bob) == 1


@pytest.mark.parametrize("q", ["", "is:unread", "inbox:a OR inbox:b", "inbox:a"])
def test_all_is_read_at_once(team: Any, q: str) -> None:
    ann, bob, seen, other = team
    patch(ann, other.pk, True)
    everything(ann, "read", q)
    assert (unread(ann), unread(bob)) == (0, 1)
    later = people.mail_in("a")
    assert (unread(ann), unread(bob)) == (1, 2)
    patch(ann, seen.pk, False)
    patch(ann, later.pk, True)
    assert unread(ann) == 1
    everything(ann, "unread", "inbox:a")
    assert unread(ann) == 2


def test_it_takes_a_row_for_an_inbox_and_one_for_what_differs(team: Any) -> None:
    ann, _, seen, _ = team
    for _ in "abc":
        patch(ann, people.mail_in("a").pk, True)
    assert MessageRead.objects.count() == 3
    everything(ann, "read")
    assert (MessageRead.objects.count(), ReadUpTo.objects.count()) == (0, 2)
    patch(ann, seen.pk, False)
    assert MessageRead.objects.count() == 1
    patch(ann, seen.pk, True)
    assert MessageRead.objects.count() == 0
    everything(ann, "read")
    everything(ann, "unread")
    assert (MessageRead.objects.count(), ReadUpTo.objects.count()) == (0, 0)
    assert unread(ann) == 5


def test_trash_does_not_count(team: Any) -> None:
    ann, _, _, other = team
    patch(ann, other.pk, True)
    ann.delete(f"{V3}/{other.pk}")
    assert unread(ann) == 1
    everything(ann, "read")
    ann.post(f"/messages/{other.pk}/restore")
    assert unread(ann) == 0
    patch(ann, other.pk, False)
    ann.delete(f"{V3}/{other.pk}")
    assert unread(ann) == 0


def test_a_search_to_delete_by_what_is_read_takes_the_readers(team: Any) -> None:
    ann, bob, seen, other = team
    patch(ann, other.pk, True)
    ann.delete(f"{V3}?q=is:read")
    assert [each["id"] for each in ann.get(V3).json()["items"]] == [str(seen.pk)]
    assert bob.get(V3, {"q": "-is:read"}).json()["items"]


def test_other_marks_leave_it_alone(team: Any) -> None:
    ann, _, _, _ = team
    reader = Scope(reader=users.by_name("ann").pk)
    marking.update_many(reader, Selection(), marking.Marks(read=True, pinned=True))
    assert unread(ann) == 0
    assert all(each["pinned"] for each in ann.get(V3).json()["items"])
    assert messages.counts(Scope())["unread"] == 2


def test_who_is_deleted_takes_their_marks_along(team: Any) -> None:
    ann, _, seen, other = team
    everything(ann, "read", "inbox:a")
    patch(ann, other.pk, True)
    root = people.signed_in(people.administrator("other"))
    assert root.delete(f"/api/v3/users/{users.by_name('ann').pk}").status_code == 204
    assert not MessageRead.objects.exists()
    assert not ReadUpTo.objects.exists()
    assert {seen.pk, other.pk} == set(Message.objects.values_list("pk", flat=True))


def test_the_last_administrator_keeps_their_marks() -> None:
    root = people.administrator()
    client = people.signed_in(root)
    patch(client, people.mail_in("a").pk, True)
    assert client.delete(f"/api/v3/users/{root.pk}").status_code == 409
    assert unread(client) == 0


def test_own_addresses_are_the_users(team: Any) -> None:
    ann, bob, _, _ = team
    # What a browser kept before there were accounts may be anybody's.
    bob.cookies["mailsink_mine"] = "*@*"
    ann.post("/settings/mine", {"patterns": "*@*"})
    assert "mailsink_mine" not in ann.cookies
    again = people.signed_in(users.by_name("ann"))
    assert again.get("/counts").json()["mine"] == 2
    assert bob.get("/counts").json()["mine"] is None
    page = Html(again.get("/settings").content.decode())
    assert page.css_first("#patterns").text() == "*@*"
    assert "stored with your account" in page.css_first("#browser").text()
    again.post("/settings/mine", {"patterns": ""})
    assert ann.get("/counts").json()["mine"] is None
