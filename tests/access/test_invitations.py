"""Invitations, and links for a new password: what they open, for whom, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from inbox.access import (
    account_links,
    accounts,
    api_tokens,
    first_visit,
    memberships,
    wrong_tokens,
)
from inbox.access.account_links import NewLink
from inbox.errors import Forbidden, Invalid, NotFound
from inbox.models import AccountLink, AuditEntry, Membership, User
from tests import people

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 42"
JSON = "application/json"
GUEST = {"name": "zoe", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _nothing_wrong_came() -> None:
    wrong_tokens.forget()
    cache.clear()


def invited(host: User | None = None, *slugs: str, **given: Any) -> NewLink:
    host = host or people.administrator()
    for slug in slugs or ("a",):
        people.an_inbox(slug)
    return account_links.invite(memberships.of_user(host), slugs or ("a",), **given)


def page(made: NewLink) -> str:
    return f"/invitations/{made.key}"


def test_from_the_setup_to_a_colleague_who_reads_a_mail() -> None:
    mail = people.mail_in("default")
    first_visit.make_administrator("root", PASSWORD)  # as `mailsink setup` does
    root, guest = Client(), Client()
    signed_in = root.post("/login", {"name": "root", "password": PASSWORD})
    assert signed_in.status_code == 302
    assert b"Invitations" in root.get("/inboxes/default").content
    wanted = {"inboxes": "default", "role": "viewer", "days": "7", "back": "default"}
    made = root.post("/invitations", wanted)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    url = made.content.decode().partition('data-copy-value="')[2].partition('"')[0]
    assert url.startswith("http://testserver/invitations/")
    path = url.removeprefix("http://testserver")
    asked = guest.get(path)
    assert asked.status_code == 200
    assert b"viewer of default" in asked.content
    assert guest.post(path, GUEST)["Location"] == "/"
    assert b"Your account" in guest.get("/").content
    assert guest.get(f"/messages/{mail.pk}").status_code == 200
    assert guest.post(f"/messages/{mail.pk}/delete").status_code == 403
    assert User.objects.get(username="zoe").password.startswith("argon2$argon2id$")
    kinds = AuditEntry.objects.order_by("pk").values_list("kind", "user_name")
    wanted_kinds = {
        ("invitation.added", "root"),
        ("invitation.accepted", "zoe"),
        ("signed in", "zoe"),
        ("message.read", "zoe"),
    }
    assert wanted_kinds <= set(kinds)


def test_only_a_hash_is_kept() -> None:
    made = invited()
    row = AccountLink.objects.get()
    assert len(made.key) == 43
    assert not any(made.key in str(value) for value in vars(row).values())
    assert row.expires_at - row.created_at == timedelta(days=7)


def test_it_works_once() -> None:
    made = invited()
    assert Client().post(page(made), GUEST).status_code == 302
    for again in (Client().get(page(made)), Client().post(page(made), GUEST)):
        assert again.status_code == 404
    other = {**GUEST, "name": "other"}
    assert Client().post(page(made), other).status_code == 404
    assert not User.objects.filter(username="other").exists()


def test_what_is_wrong_with_a_link_is_not_said() -> None:
    root = people.administrator()
    revoked, old, used = (invited(root) for _ in "abc")
    client = people.signed_in(root)
    gone = f"/api/v3/invitations/{revoked.link.pk}"
    assert client.delete(gone).status_code == 204
    assert client.get(gone).json()["state"] == "revoked"
    rows = AccountLink.objects.filter(pk=old.link.pk)
    rows.update(expires_at=datetime.now(UTC))
    account_links.accept(used.key, "192.0.2.1", "zoe", PASSWORD)
    paths = [page(each) for each in (revoked, old, used)]
    answers = [Client().get(path) for path in [*paths, "/invitations/wrong"]]
    assert {each.status_code for each in answers} == {404}
    assert len({each.content for each in answers}) == 1


def test_many_wrong_links_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    good = page(invited())
    assert Client().get(good).status_code == 200
    answers = [Client().get("/invitations/wrong").status_code for _ in range(21)]
    assert answers == [*[404] * 20, 429]
    assert Client().post("/invitations/wrong", GUEST).status_code == 429
    assert Client().get(good).status_code == 200  # it was right before
    other = {"REMOTE_ADDR": "192.0.2.1"}
    assert Client().get("/invitations/wrong", **other).status_code == 404
    monkeypatch.setattr(account_links, "_live", None)
    assert Client().get("/invitations/wrong").status_code == 429


@pytest.mark.parametrize(
    ("given", "status"),
    [({"name": ""}, 422), ({"name": "a b"}, 422), ({"name": "ROOT"}, 409),
     ({"password": "short"}, 422), ({"password": "1234567890"}, 422),
     ({"name": "correct horse", "password": "correct-horse"}, 422)],
)  # fmt: skip
def test_a_wrong_form_uses_nothing_up(given: dict[str, str], status: int) -> None:
    made = invited()
    wrong = Client().post(page(made), GUEST | given)
    assert wrong.status_code == status
    assert b'role="alert"' in wrong.content
    assert User.objects.count() == 1
    assert Client().post(page(made), GUEST).status_code == 302


def test_it_is_good_only_as_long_as_the_host_may_invite_there() -> None:
    people.administrator()
    ann = people.user("ann", a="manager", b="manager")
    both, one = invited(ann, "a", "b"), invited(ann, "a")
    Membership.objects.filter(inbox__slug="b").update(role="tester")
    assert Client().get(page(both)).status_code == 404
    assert Client().get(page(one)).status_code == 200
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert Client().post(page(one), GUEST).status_code == 404
    assert not User.objects.filter(username="zoe").exists()


def test_the_host_loses_the_right_while_the_form_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people.administrator()
    made = invited(people.user("ann", a="manager"), "a")
    link = account_links.presented(made.key, "192.0.2.1")
    monkeypatch.setattr(account_links, "presented", lambda *_: link)
    Membership.objects.all().delete()
    with pytest.raises(NotFound):
        account_links.accept(made.key, "192.0.2.1", "zoe", PASSWORD)
    assert not User.objects.filter(username="zoe").exists()
    assert AccountLink.objects.get().used_at is None


def test_of_two_guests_at_once_one_gets_an_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = invited()
    link = account_links.presented(made.key, "192.0.2.1")
    monkeypatch.setattr(account_links, "presented", lambda *_: link)
    account_links.accept(made.key, "192.0.2.1", "zoe", PASSWORD)
    with pytest.raises(NotFound):
        account_links.accept(made.key, "192.0.2.1", "other", PASSWORD)
    assert set(User.objects.values_list("username", flat=True)) == {"root", "zoe"}


def test_managers_invite_into_their_own_inboxes() -> None:
    people.administrator()
    people.an_inbox("b")
    ann = people.signed_in(people.user("ann", a="manager", c="tester"))
    wanted = {"inboxes": ["a"], "role": "manager", "name": "zoe", "days": 30}
    made = ann.post("/api/v3/invitations", wanted, JSON)
    assert made.status_code == 201
    assert made.json()["url"].startswith("http://testserver/invitations/")
    assert made["Cache-Control"] == "no-store"
    [listed] = ann.get("/api/v3/invitations").json()["items"]
    assert listed == {key: made.json()[key] for key in made.json() if key != "url"}
    for wrong, status in (
        ({"inboxes": ["b"]}, 404), ({"inboxes": ["a", "c"]}, 404), ({"inboxes": []}, 422),
        ({"administrator": True}, 403), ({"days": 31}, 422), ({"days": 0}, 422),
        ({"role": "administrator"}, 422), ({"name": "a b"}, 422),
    ):  # fmt: skip
        answer = ann.post("/api/v3/invitations", wanted | wrong, JSON)
        assert answer.status_code == status, wrong
    bob = people.signed_in(people.user("bob", b="manager"))
    path = f"/api/v3/invitations/{listed['id']}"
    assert bob.get("/api/v3/invitations").json()["items"] == []
    assert (bob.get(path).status_code, bob.delete(path).status_code) == (404, 404)
    assert bob.post(f"/invitations/{listed['id']}/revoke").status_code == 404
    tester = people.signed_in(people.user("cleo", a="tester"))
    assert tester.post("/api/v3/invitations", wanted, JSON).status_code == 403
    assert ann.post(f"/invitations/{listed['id']}/revoke").status_code == 302
    assert ann.get(path).json()["state"] == "revoked"


def test_a_manager_sees_no_invitation_that_opens_more() -> None:
    root = people.administrator()
    ann = memberships.of_user(people.user("ann", a="manager"))
    wider, administrator = (
        invited(root, "a", "b"),
        account_links.invite(memberships.of_user(root), as_administrator=True),
    )
    assert account_links.find(ann) == []
    for each in (wider, administrator):
        with pytest.raises(NotFound):
            account_links.revoke(ann, each.link.pk)
    assert len(account_links.find(memberships.of_user(root))) == 2


def test_an_administrator_invites_another_one() -> None:
    root = people.signed_in(people.administrator())
    made = root.post("/invitations", {"role": "administrator", "days": "1"})
    url = made.content.decode().partition('data-copy-value="')[2].partition('"')[0]
    assert Client().post(url, GUEST).status_code == 302
    assert User.objects.get(username="zoe").is_superuser


def test_what_is_wrong_with_an_invitation_stands_beside_its_form() -> None:
    people.an_inbox("b")
    root = people.signed_in(people.administrator())
    ann = people.signed_in(people.user("ann", a="manager"))
    for client, given, words in (
        (root, {}, "an invitation is for 1 to"),
        (ann, {"back": "a", "inboxes": "a", "days": "31"}, "1 to 30 days"),
    ):
        answer = client.post("/invitations", {"role": "viewer", "days": "7"} | given)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert 'id="invitations"' in answer.content.decode()
    beyond = {"back": "b", "inboxes": "a", "role": "viewer", "days": "7"}
    assert ann.post("/invitations", beyond).status_code == 404
    assert not AccountLink.objects.exists()


def test_a_link_for_a_new_password() -> None:
    root = people.signed_in(people.administrator())
    ann = people.user("ann", a="viewer")
    old_session = people.signed_in(ann)
    path = f"/api/v3/users/{ann.pk}/password-link"
    first, second = (root.post(path).json()["url"] for _ in "ab")
    assert Client().get(first).status_code == 404  # the second one replaced it
    guest = Client()
    form = guest.get(second)
    assert b'name="name"' not in form.content
    assert guest.post(second, {"password": "ann"}).status_code == 422
    assert guest.post(second, {"name": "zoe", "password": PASSWORD}).status_code == 302
    assert b"<bdi>ann</bdi>" in guest.get("/account").content
    assert old_session.get("/").status_code == 302
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)
    assert Client().get(second).status_code == 404
    third = root.post(path).json()["url"]
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert Client().get(third).status_code == 404
    assert root.post(path).status_code == 409
    manager = memberships.of_user(people.user("bob", a="manager"))
    with pytest.raises(Forbidden):
        account_links.for_password(manager, ann)


def test_there_is_a_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_links, "MOST", 1)
    root = people.administrator()
    invited(root)
    with pytest.raises(Invalid):
        invited(root)
    long_ago = datetime.now(UTC) - timedelta(days=91)
    AccountLink.objects.update(expires_at=long_ago)
    invited(root)
    assert AccountLink.objects.count() == 1


def test_no_token_invites() -> None:
    root = people.administrator()
    text = api_tokens.add(root, "CI", ["read", "write"]).text
    client = Client(headers={"Authorization": f"Bearer {text}"})
    wanted = {"inboxes": ["a"]}
    assert client.post("/api/v3/invitations", wanted, JSON).status_code == 403
    assert client.get("/api/v3/invitations").status_code == 200


def test_without_accounts_nobody_is_invited(client: Client) -> None:
    assert not accounts.are_on()
    wanted = {"inboxes": ["default"]}
    assert client.post("/api/v3/invitations", wanted, JSON).status_code == 409
    assert client.get("/api/v3/invitations").json()["items"] == []
    assert client.get("/invitations/wrong").status_code == 404
    assert b"There are no accounts" in client.get("/users").content
    assert b"Invitations" not in client.get("/inboxes/default").content
