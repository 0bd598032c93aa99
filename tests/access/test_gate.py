"""The gate: without accounts it is open, with accounts it knows who asks and for what."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.urls import ResolverMatch, resolve

from inbox.access import accounts, api_tokens, current
from inbox.access.identity import EVERYBODY
from inbox.access.memberships import of_user
from inbox.access.roles import Role
from inbox.errors import Conflict
from inbox.http import gate
from inbox.mailbox.scope import ALL
from inbox.models import Message, User
from tests import people
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db


def test_without_accounts_everybody_may_everything_and_nothing_is_asked(
    client: Client, django_assert_num_queries: Any
) -> None:
    message = recorded_message()
    with django_assert_num_queries(0):
        assert current.identity() is EVERYBODY
        assert current.scope(Role.ADMINISTRATOR) == ALL
        client.get("/health/live")
    assert client.get(f"/api/v3/messages/{message.pk}").status_code == 200
    assert "Cookie" not in client.get("/").headers.get("Vary", "")


def test_other_processes_are_asked_once_in_a_while(
    client: Client, django_assert_num_queries: Any
) -> None:
    User.objects.bulk_create([User(username="root", is_superuser=True)])  # no signal
    assert client.get("/").status_code == 200
    accounts.forget()
    assert client.get("/").status_code == 302
    with django_assert_num_queries(0):
        assert accounts.look_if_due()


def test_a_route_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    people.administrator()
    made = api_tokens.add(people.user("ann", a="tester"), "CI", ["write"])
    client = Client(headers={"Authorization": f"Bearer {made.text}"})
    looked: list[str] = []

    def resolve_noted(path: str) -> ResolverMatch:
        looked.append(path)
        return resolve(path)

    monkeypatch.setattr(gate, "resolve", resolve_noted)
    answer = client.patch(
        "/api/v3/messages?all=true", {"read": True}, "application/json"
    )
    assert answer.status_code == 200
    assert looked == ["/api/v3/messages"]


def test_a_stranger_is_led_to_the_login_and_reads_nothing() -> None:
    message = recorded_message()
    people.administrator()
    client = Client()
    page = client.get(f"/messages/{message.pk}?tab=text")
    assert page.status_code == 302
    assert page["Location"] == f"/login?next=/messages/{message.pk}%3Ftab%3Dtext"
    answer = client.get(f"/api/v3/messages/{message.pk}")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    part = client.get("/entries", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (401, "/login")
    assert client.get("/health/ready").status_code == 200
    assert client.get("/livez").status_code == 200
    assert client.get("/no/such/page").status_code == 302


def test_a_member_sees_the_own_inbox_alone() -> None:
    people.administrator()
    seen, hidden = people.mail_in("a"), people.mail_in("b")
    client = people.signed_in(people.user("ann", a="viewer"))
    assert client.get(f"/messages/{seen.pk}").status_code == 200
    assert client.get(f"/messages/{hidden.pk}").status_code == 404
    found = client.get("/api/v3/messages").json()["items"]
    assert [each["id"] for each in found] == [str(seen.pk)]
    assert client.get("/api/v3/messages?inbox=b").status_code == 404
    assert client.get("/api/v3/messages?q=inbox:b").json()["items"] == []
    assert client.get("/api/v1/messages").json()["total"] == 1
    waited = client.get("/api/v3/inboxes").json()["items"]
    assert [each["slug"] for each in waited] == ["a"]


def test_a_role_counts_in_its_own_inbox() -> None:
    people.administrator()
    own, viewed = people.mail_in("a"), people.mail_in("b")
    client = people.signed_in(people.user("ann", a="tester", b="viewer"))
    assert client.delete(f"/api/v3/messages/{viewed.pk}").status_code == 404
    assert (
        client.delete(f"/api/v3/messages?ids={own.pk},{viewed.pk}").status_code == 204
    )
    left = Message.objects.filter(deleted_at__isnull=True).values_list("pk", flat=True)
    assert list(left) == [viewed.pk]
    everything = client.delete("/api/v3/messages?all=true")
    assert everything.status_code == 403
    assert "manager" in everything.json()["detail"]
    tagged = client.patch(
        f"/api/v3/messages/{viewed.pk}", {"tags": ["x"]}, "application/json"
    )
    assert tagged.status_code == 404
    read = client.patch(
        f"/api/v3/messages/{viewed.pk}", {"read": True}, "application/json"
    )
    assert read.status_code == 200


def test_a_viewer_and_a_member_of_none_are_refused_in_words() -> None:
    people.administrator()
    viewer = people.signed_in(people.user("ann", a="viewer"))
    assert viewer.get("/webhooks").status_code == 403
    assert viewer.post("/test-message").status_code == 403
    assert viewer.get("/api/v3/webhooks").status_code == 403
    alone = people.signed_in(people.user("bob"))
    assert alone.get("/").status_code == 403
    assert alone.get("/api/v3/docs").status_code == 200


def test_the_roles_of_groups_count_and_the_higher_one_wins() -> None:
    ann = people.user("ann", a="viewer", b="manager")
    people.group("qa", ann, a="tester", b="viewer", c="viewer")
    found = of_user(ann)
    roles = {slug: found.roles[people.an_inbox(slug).pk] for slug in "abc"}
    assert roles == {"a": Role.TESTER, "b": Role.MANAGER, "c": Role.VIEWER}
    assert found.may(Role.TESTER, people.an_inbox("a").pk)
    assert not found.may(Role.TESTER, people.an_inbox("c").pk)
    assert found.within(Role.MANAGER).inboxes == {people.an_inbox("b").pk}


def test_the_last_administrator_stays() -> None:
    root = people.administrator()
    with pytest.raises(Conflict), transaction.atomic():
        root.delete()
    root.is_active = False
    with pytest.raises(Conflict), transaction.atomic():
        root.save()
    root.is_active = True
    people.administrator("second")
    root.delete()
    assert accounts.look()


def test_who_is_no_longer_active_is_a_stranger() -> None:
    people.administrator()
    ann = people.user("ann", a="viewer")
    client = people.signed_in(ann)
    assert client.get("/").status_code == 200
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert client.get("/").status_code == 302
    User.objects.filter(pk=ann.pk).update(is_active=True)
    Session.objects.all().delete()
    assert client.get("/").status_code == 302


def test_what_is_not_in_the_table_is_refused(monkeypatch: Any) -> None:
    client = people.signed_in(people.administrator())
    assert client.put("/trash").status_code == 405
    monkeypatch.setattr("inbox.access.permissions.ROUTES", {})
    assert client.get("/trash").status_code == 403
    assert client.get("/health/live").status_code == 403
