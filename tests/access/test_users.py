"""Users, groups and members, as administrators and managers keep them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import Client

from inbox.access import api_tokens, memberships
from inbox.models import AuditEntry, Inbox, Membership, User
from tests import people

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture(autouse=True)
def _attempts() -> None:
    cache.clear()


@pytest.fixture
def root() -> Client:
    return people.signed_in(people.administrator())


def noted(kind: str) -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(kind=kind).order_by("pk")
    slugs = dict(Inbox.objects.values_list("pk", "slug"))
    return [(each.object, each.details, slugs.get(each.inbox_id, "")) for each in rows]


def test_members_by_the_api(root: Client) -> None:
    mail = people.mail_in("a")
    ann = people.user("ann")
    people.group("testers", people.user("bob"))
    path = "/api/v3/inboxes/a/members"
    assert people.signed_in(ann).get(f"/api/v3/messages/{mail.pk}").status_code == 403
    made = root.post(path, {"user": "ann"}, JSON)
    assert made.status_code == 201
    assert made.json() | {"id": 0} == {
        "id": 0, "user": "ann", "group": None, "role": "viewer",
    }  # fmt: skip
    assert people.signed_in(ann).get(f"/api/v3/messages/{mail.pk}").status_code == 200
    several = root.post(path, {"group": "testers", "role": "tester"}, JSON).json()
    listed = root.get(path).json()["items"]
    assert listed == [made.json(), several]
    one = f"{path}/{made.json()['id']}"
    assert root.get(one).json() == made.json()
    assert root.patch(one, {"role": "manager"}, JSON).json()["role"] == "manager"
    assert root.delete(one).status_code == 204
    assert root.delete(one).status_code == 404
    assert people.signed_in(ann).get(f"/api/v3/messages/{mail.pk}").status_code == 403
    assert noted("member.added") == [
        ("ann", "role=viewer", "a"),
        ("testers", "role=tester", "a"),
    ]
    assert noted("member.changed") == [("ann", "role=manager", "a")]
    assert noted("member.deleted") == [("ann", "role=manager", "a")]


@pytest.mark.parametrize(
    ("given", "status"),
    [({"user": "none"}, 404), ({"group": "none"}, 404), ({}, 422),
     ({"user": "ann", "group": "testers"}, 422), ({"user": "ann", "role": "root"}, 422),
     ({"user": "a\x00"}, 422), ({"user": "bob"}, 409)],
)  # fmt: skip
def test_what_is_no_member(root: Client, given: dict[str, str], status: int) -> None:
    people.user("ann")
    people.group("testers")
    people.user("bob", a="viewer")
    answer = root.post("/api/v3/inboxes/a/members", given, JSON)
    assert answer.status_code == status
    assert Membership.objects.count() == 1


def test_a_manager_changes_the_own_members_alone() -> None:
    people.administrator()
    ann = people.signed_in(people.user("ann", a="manager", b="tester"))
    bob = people.user("bob", b="viewer")
    other = Membership.objects.get(user=bob)
    assert (
        ann.post("/api/v3/inboxes/a/members", {"user": "bob"}, JSON).status_code == 201
    )
    for inbox in ("a", "b"):
        path = f"/api/v3/inboxes/{inbox}/members/{other.pk}"
        assert ann.patch(path, {"role": "tester"}, JSON).status_code == 404
        assert ann.delete(path).status_code == 404
    assert ann.get("/api/v3/inboxes/b/members").status_code == 404
    assert (
        ann.post("/api/v3/inboxes/b/members", {"user": "ann"}, JSON).status_code == 404
    )
    assert ann.post(f"/inboxes/b/members/{other.pk}/remove").status_code == 404
    other.refresh_from_db()
    assert other.role == "viewer"


def test_members_on_the_page() -> None:
    people.administrator()
    client = people.signed_in(people.user("ann", a="manager"))
    people.user("bob")
    people.group("testers")
    added = {"member": "bob", "kind": "user", "role": "tester"}
    done = client.post("/inboxes/a/members", added)
    assert done["Location"] == "/inboxes/a?saved=members#members"
    group = {"member": "testers", "kind": "group", "role": "viewer"}
    assert client.post("/inboxes/a/members", group).status_code == 302
    twice = client.post("/inboxes/a/members", added)
    assert twice.status_code == 409
    assert b"The inbox already has this member." in twice.content
    wrong = client.post("/inboxes/a/members", added | {"member": "none"})
    assert wrong.status_code == 404
    assert b"there is no user" in wrong.content
    member = Membership.objects.get(user__username="bob")
    path = f"/inboxes/a/members/{member.pk}"
    assert client.post(f"{path}/change", {"role": "viewer"}).status_code == 302
    member.refresh_from_db()
    assert member.role == "viewer"
    page = client.get("/inboxes/a").content
    assert b"<bdi>bob</bdi>" in page
    assert b"<bdi>testers</bdi>" in page
    assert client.post(f"{path}/remove").status_code == 302
    assert b"<bdi>bob</bdi>" not in client.get("/inboxes/a").content


def test_users_by_the_api(root: Client) -> None:
    made = root.post("/api/v3/users", {"name": " ann "}, JSON)
    assert made.status_code == 201
    ann = made.json()
    assert (ann["name"], ann["has_password"], ann["administrator"]) == ("ann", False, False)  # fmt: skip
    path = f"/api/v3/users/{ann['id']}"
    assert root.get(path).json() == ann
    assert [each["name"] for each in root.get("/api/v3/users").json()["items"]] == ["ann", "root"]  # fmt: skip
    for name, status in (("Ann", 409), ("", 422), ("a b", 422), ("x" * 151, 422)):
        assert root.post("/api/v3/users", {"name": name}, JSON).status_code == status
    changed = root.patch(path, {"administrator": True}, JSON).json()
    assert changed == ann | {"administrator": True}
    assert root.patch(path, {"active": False}, JSON).json()["active"] is False
    assert root.delete(path).status_code == 204
    assert root.get(path).status_code == 404
    assert root.get("/api/v3/users/0").status_code == 404
    assert root.get(f"/api/v3/users/{2**70}").status_code == 404
    assert noted("user.added") == [("ann", "no administrator", "")]
    assert noted("user.changed") == [
        ("ann", "administrator", ""),
        ("ann", "administrator, disabled", ""),
    ]
    assert noted("user.deleted") == [("ann", "", "")]


def test_who_is_disabled_or_deleted_is_out_at_once(root: Client) -> None:
    mail = people.mail_in("a")
    ann = people.user("ann", a="viewer")
    client = people.signed_in(ann)
    text = api_tokens.add(ann, "CI", ["read"]).text
    program = Client(headers={"Authorization": f"Bearer {text}"})
    seen = f"/api/v3/messages/{mail.pk}"
    path = f"/api/v3/users/{ann.pk}"
    for active, status in ((False, 401), (True, 200)):
        root.patch(path, {"active": active}, JSON)
        assert client.get(seen).status_code == status
        assert program.get(seen).status_code == status
    root.delete(path)
    assert client.get(seen).status_code == 401
    assert program.get(seen).status_code == 401
    mail.refresh_from_db()


def test_the_last_administrator_stays(root: Client) -> None:
    one = User.objects.get()
    path = f"/api/v3/users/{one.pk}"
    assert root.patch(path, {"administrator": False}, JSON).status_code == 409
    assert root.patch(path, {"active": False}, JSON).status_code == 409
    assert root.delete(path).status_code == 409
    page = root.post(f"/users/{one.pk}/change", {"do": "demote"})
    assert page.status_code == 409
    assert b"The last administrator must stay" in page.content
    people.administrator("second")
    assert root.post(f"/users/{one.pk}/change", {"do": "demote"}).status_code == 302
    assert root.get("/users").status_code == 403


def test_groups_by_the_api(root: Client) -> None:
    mail = people.mail_in("a")
    ann, bob = people.user("ann"), people.user("bob")
    wanted = {"name": " the  testers ", "users": ["bob", "ann", "bob"]}
    made = root.post("/api/v3/groups", wanted, JSON)
    group = made.json()
    assert (made.status_code, group["name"], group["users"]) == (201, "the testers", ["ann", "bob"])  # fmt: skip
    path = f"/api/v3/groups/{group['id']}"
    root.post("/api/v3/inboxes/a/members", {"group": "the testers"}, JSON)
    seen = f"/api/v3/messages/{mail.pk}"
    assert people.signed_in(ann).get(seen).status_code == 200
    assert root.patch(path, {"users": ["bob"]}, JSON).json()["users"] == ["bob"]
    assert people.signed_in(ann).get(seen).status_code == 403
    assert root.patch(path, {"name": "qa"}, JSON).json() == {
        "id": group["id"], "name": "qa", "users": ["bob"],
    }  # fmt: skip
    for wrong, status in (
        ({"name": "QA"}, 409), ({"name": ""}, 422), ({"name": "a\u202eb"}, 422),
        ({"name": "b", "users": ["none"]}, 404), ({"name": "x" * 151}, 422),
    ):  # fmt: skip
        answer = root.post("/api/v3/groups", {"users": []} | wrong, JSON)
        assert answer.status_code == status, wrong
    assert Group.objects.count() == 1
    assert root.get("/api/v3/groups").json()["items"] == [root.get(path).json()]
    assert root.delete(path).status_code == 204
    assert root.get(path).status_code == 404
    assert people.signed_in(bob).get(seen).status_code == 403
    assert [each[0] for each in noted("group.added")] == ["the testers"]
    assert [each[0] for each in noted("group.deleted")] == ["qa"]


def test_users_and_groups_on_the_page(root: Client) -> None:
    made = root.post("/users", {"name": "ann"})
    assert made.status_code == 201
    assert b"Password link for ann" in made.content
    assert b"/invitations/" in made.content
    assert root.post("/users", {"name": "ann"}).status_code == 409
    ann = User.objects.get(username="ann")
    page = root.get("/users").content
    assert b"no password yet" in page
    for deed, (active, administrator) in {
        "promote": (True, True), "demote": (True, False),
        "disable": (False, False), "enable": (True, False),
    }.items():  # fmt: skip
        assert root.post(f"/users/{ann.pk}/change", {"do": deed}).status_code == 302
        ann.refresh_from_db()
        assert (ann.is_active, ann.is_superuser) == (active, administrator)
    assert root.post(f"/users/{ann.pk}/change", {"do": "x"}).status_code == 422
    assert root.post(f"/users/{ann.pk}/password-link").status_code == 201
    root.post("/groups", {"name": "testers", "users": "ann\r\n\r\n"})
    group = Group.objects.get()
    assert [each.username for each in group.user_set.all()] == ["ann"]
    wrong = root.post("/groups", {"name": "testers", "users": ""})
    assert (wrong.status_code, b"There is already a group" in wrong.content) == (
        409,
        True,
    )
    root.post(f"/groups/{group.pk}/change", {"name": "qa", "users": ""})
    assert b"<bdi>qa</bdi>" in root.get("/users").content
    assert root.post(f"/groups/{group.pk}/delete").status_code == 302
    assert root.post(f"/users/{ann.pk}/delete").status_code == 302
    assert list(User.objects.values_list("username", flat=True)) == ["root"]
    assert b"/users" in root.get("/").content
    viewer = people.signed_in(people.user("bob", a="viewer"))
    assert b"Users and groups" not in viewer.get("/").content


def test_what_a_deleted_user_did_stays(root: Client) -> None:
    ann = people.user("ann", a="tester")
    mail = people.mail_in("a")
    client = people.signed_in(ann)
    client.patch(f"/api/v3/messages/{mail.pk}", {"note": "wrong"}, JSON)
    root.delete(f"/api/v3/users/{ann.pk}")
    mail.refresh_from_db()
    assert mail.note == "wrong"
    assert AuditEntry.objects.filter(user_name="ann").exists()


def test_the_identity_changes_with_the_membership() -> None:
    """What a websocket compares every two seconds (inbox.live.viewers)."""
    people.administrator()
    ann = people.user("ann", a="viewer")
    before: Any = memberships.of_user(ann)
    member = Membership.objects.get()
    scope = memberships.of_user(User.objects.get(username="root")).scope
    memberships.change(scope, "a", member.pk, "tester")
    assert memberships.of_user(ann) != before
    memberships.remove(scope, "a", member.pk)
    assert memberships.of_user(ann).scope.inboxes == frozenset()


def test_nothing_of_djangos_own_permissions_is_stored() -> None:
    assert not Permission.objects.exists()
    assert not ContentType.objects.exists()
