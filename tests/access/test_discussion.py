"""Comments on messages, and whom messages are assigned to."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.access import users
from inbox.mailbox import discussion
from inbox.mailbox.purge import purge
from inbox.models import Assignment, AuditEntry, Comment, Membership, Message
from inbox.models import Session as MailSession
from tests import people

pytestmark = pytest.mark.django_db


class Team:
    """A manager, two testers and a viewer of inbox a; a message in it and in b."""

    max: Client
    ann: Client
    vic: Client

    def __init__(self) -> None:
        people.administrator()
        for name, role in (("max", "manager"), ("ann", "tester"), ("vic", "viewer")):
            setattr(self, name, people.signed_in(people.user(name, a=role)))
        people.group("others", people.user("bob"), a="tester")
        self.bob = people.signed_in(users.by_name("bob"))
        self.mail, self.hidden = people.mail_in("a"), people.mail_in("b")
        self.api = f"/api/v3/messages/{self.mail.pk}"
        self.page = f"/messages/{self.mail.pk}"


@pytest.fixture
def team() -> Team:
    return Team()


def patch(client: Client, path: str, **given: object) -> Any:
    return client.patch(path, given, "application/json")


def say(client: Client, team: Team, text: str) -> Any:
    return client.post(f"{team.api}/comments", {"text": text}, "application/json")


def found(client: Client, q: str) -> list[str]:
    return [
        each["id"] for each in client.get("/api/v3/messages", {"q": q}).json()["items"]
    ]


def html(client: Client, path: str) -> Html:
    return Html(client.get(path).content.decode())


def test_assigned_to_whom_it_may_concern(team: Team) -> None:
    assert patch(team.ann, team.api, assignee=" BOB ").json()["assignee"] == "bob"
    own = [str(team.mail.pk)]
    for q in ("assignee:bob", "has:assignee", "assignee:Bob -assignee:me"):
        assert found(team.ann, q) == own, q
    assert found(team.bob, "assignee:me") == own
    assert found(team.ann, "assignee:me") == []
    assert found(team.ann, "-has:assignee") == []
    row = html(team.vic, "/").css_first("[data-part=assigned]")
    assert "hidden" not in row.attributes
    assert "bob" in row.text()
    assert patch(team.ann, team.api, assignee="").json()["assignee"] is None
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("name", ["nobody", "eve", "off", "x" * 400])
def test_not_to_others(team: Team, name: str) -> None:
    people.user("eve", b="manager")
    gone = people.user("off", a="viewer")
    users.change(gone.pk, is_active=False)
    answer = patch(team.ann, team.api, assignee=name, note="not kept")
    assert answer.status_code == 422
    assert "There is no user" in answer.json()["detail"]
    assert team.ann.get(team.api).json()["note"] == ""
    url = f"/api/v3/messages?ids={team.mail.pk}"
    assert patch(team.ann, url, assignee=name).status_code == 422


def test_many_at_once_also_by_the_assignee(team: Team) -> None:
    second = people.mail_in("a")
    answer = patch(team.ann, "/api/v3/messages?q=inbox:a", assignee="ann")
    assert answer.json() == {"count": 2}
    assert len(found(team.ann, "assignee:me")) == 2
    path = "/api/v3/messages?q=assignee:me"
    assert patch(team.ann, path, assignee="max", status="bug").json() == {"count": 2}
    assert found(team.max, "assignee:me is:bug") == [str(second.pk), str(team.mail.pk)]
    # The administrator sees both inboxes; Ann only one of them.
    root = people.signed_in(users.by_name("root"))
    everything = "/api/v3/messages?all=true"
    assert patch(root, everything, assignee="ann").status_code == 422
    assert patch(root, everything, assignee="root").json() == {"count": 3}


def test_the_form_assigns_and_says_what_is_wrong(team: Team) -> None:
    form = html(team.ann, team.page).css_first("#assignee")
    options = [each.text().strip() for each in form.css("option")]
    assert options == ["Nobody", "ann", "bob", "max", "root", "vic"]
    assert form.css_first("#assign-me").attributes["value"] == "ann"
    path = f"{team.page}/assign"
    headers = {"HX-Target": "assignee"}
    answer = team.ann.post(path, {"assignee": "ann"}, headers=headers)
    assert Html(answer.content.decode()).css_first(".chip bdi").text() == "ann"
    wrong = team.ann.post(path, {"assignee": "eve"}, headers=headers)
    assert wrong.status_code == 422
    assert b"There is no user" in wrong.content
    assert team.ann.post(path, {"assignee": "eve"}).status_code == 422
    assert team.ann.post(path, {"assignee": ""}).status_code == 302
    assert not Assignment.objects.exists()
    noted = AuditEntry.objects.filter(kind="message.assigned").order_by("pk")
    assert [each.details for each in noted] == ["assignee=ann", "assignee="]
    patch(team.ann, team.api, assignee="bob")
    patch(team.ann, f"/api/v3/messages?ids={team.mail.pk}", assignee="max")
    by_api = AuditEntry.objects.filter(kind="message.changed").order_by("pk")
    assert [each.details for each in by_api] == ["assignee=bob", "assignee=max"]


def test_the_selected_are_assigned_by_the_form_of_the_list(team: Team) -> None:
    people.user("eve", b="manager")
    second = people.mail_in("a")
    menu = html(team.ann, "/").css_first("#chosen [data-menu=assign]")
    options = [each.text().strip() for each in menu.css("option")]
    assert options == ["Nobody", "ann", "bob", "max", "root", "vic"]
    assert menu.css_first("option[selected]").text().strip() == "ann"
    ids = f"{team.mail.pk},{second.pk}"

    def assign(client: Client, to: str, **given: str) -> Any:
        asked = {"do": "assign", "assignee": to, "ids": ids, **given}
        headers = {"Accept": "application/json"}
        return client.post("/messages/chosen", asked, headers=headers)

    assert assign(team.ann, "bob").json()["count"] == 2
    assert len(found(team.bob, "assignee:me")) == 2
    entry = AuditEntry.objects.latest("pk")
    assert (entry.user_name, entry.details) == ("ann", "assignee=bob")
    wrong = assign(team.ann, "eve")
    assert wrong.status_code == 422
    assert "There is no user" in wrong.json()["detail"]
    assert assign(team.vic, "vic").status_code == 403
    assert len(found(team.bob, "assignee:me")) == 2
    everything = assign(team.ann, "", ids="", all="yes")
    assert everything.json()["count"] == 2  # of those that Ann may see
    assert not Assignment.objects.exists()


def test_an_administrator_chooses_among_all_and_a_viewer_does_not(team: Team) -> None:
    people.user("eve", b="manager")
    people.user("new")
    root = people.signed_in(users.by_name("root"))
    options = html(root, "/").css("#chosen [data-menu=assign] option")
    names = [each.text().strip() for each in options]
    assert names == ["Nobody", "ann", "bob", "eve", "max", "root", "vic"]
    assert not html(team.vic, "/").css("#chosen [data-menu=assign]")


def test_who_may_no_longer_see_it_is_still_shown(team: Team) -> None:
    patch(team.ann, team.api, assignee="vic")
    Membership.objects.filter(user__username="vic").delete()
    form = html(team.ann, team.page).css_first("#assignee")
    assert form.css_first("option[selected]").text().strip() == "vic"


def test_viewers_see_it_and_do_not_write(team: Team) -> None:
    patch(team.ann, team.api, assignee="ann")
    say(team.ann, team, "Mine")
    page = html(team.vic, team.page)
    assert page.css_first("#assignee bdi").text() == "ann"
    assert page.css_first("#comments .text").text() == "Mine"
    assert not page.css("#assignee form, #comments form")
    assert say(team.vic, team, "x").status_code == 403
    assert patch(team.vic, team.api, assignee="vic").status_code == 403
    assert team.vic.post(f"{team.page}/comments", {"text": "x"}).status_code == 403
    listed = team.vic.get(f"{team.api}/comments").json()["items"]
    assert [each["text"] for each in listed] == ["Mine"]


def test_comments_in_order_each_removed_by_its_author_or_a_manager(team: Team) -> None:
    first = say(team.ann, team, " One\r\ntwo ").json()
    second = say(team.bob, team, "<b>Three</b>").json()
    assert (first["author"], first["text"]) == ("ann", "One\ntwo")
    listed = team.vic.get(f"{team.api}/comments").json()["items"]
    assert listed == [first, second]
    assert team.vic.get(team.api).json()["comments"] == 2
    assert found(team.vic, "has:comment") == [str(team.mail.pk)]
    of_ann, of_bob = (f"{team.api}/comments/{each['id']}" for each in listed)
    assert team.bob.delete(of_ann).status_code == 403
    removable = html(team.bob, team.page).css("#comments li form")
    assert [each.attributes["action"] for each in removable] == [
        f"{team.page}/comments/{second['id']}/delete"
    ]
    assert len(html(team.max, team.page).css("#comments li form")) == 2
    assert team.bob.delete(of_bob).status_code == 204
    assert (
        team.max.post(f"{team.page}/comments/{first['id']}/delete").status_code == 302
    )
    assert team.max.delete(of_ann).status_code == 404
    assert team.vic.get(team.api).json()["comments"] == 0
    kinds = AuditEntry.objects.filter(kind__startswith="comment.")
    assert sorted(kinds.values_list("kind", flat=True)) == [
        "comment.added", "comment.added", "comment.deleted", "comment.deleted",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001, "a\0b", "a\x1bb"])
def test_what_is_no_comment(team: Team, text: str) -> None:
    answer = say(team.ann, team, text)
    assert answer.status_code == 422
    form = team.ann.post(
        f"{team.page}/comments", {"text": text}, headers={"HX-Target": "comments"}
    )
    assert form.status_code == 422
    assert "A comment has 1 to 2,000 characters" in form.content.decode()
    assert not Comment.objects.exists()


def test_a_message_has_so_many_comments(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discussion, "MOST", 2)
    assert [say(team.ann, team, "x").status_code for _ in "abc"] == [201, 201, 422]


def test_a_comment_belongs_to_its_message(team: Team) -> None:
    own = say(team.ann, team, "x").json()["id"]
    other = people.mail_in("a")
    path = f"/api/v3/messages/{other.pk}/comments/{own}"
    assert team.max.delete(path).status_code == 404
    assert team.max.delete(f"{team.api}/comments/none").status_code == 404
    hidden = f"/api/v3/messages/{team.hidden.pk}/comments"
    assert team.max.get(hidden).status_code == 404
    assert team.max.post(hidden, {"text": "x"}, "application/json").status_code == 404


def test_who_is_deleted_leaves_their_comments_and_no_assignment(team: Team) -> None:
    patch(team.ann, team.api, assignee="bob")
    say(team.bob, team, "Bye")
    root = people.signed_in(users.by_name("root"))
    path = f"/api/v3/users/{users.by_name('bob').pk}"
    assert root.delete(path).status_code == 204
    shape = team.ann.get(team.api).json()
    assert (shape["assignee"], shape["comments"]) == (None, 1)
    (left,) = team.ann.get(f"{team.api}/comments").json()["items"]
    assert (left["author"], left["text"]) == ("bob", "Bye")
    # Another one of the name is another user.
    again = people.signed_in(people.user("bob", a="tester"))
    assert again.delete(f"{team.api}/comments/{left['id']}").status_code == 403
    assert AuditEntry.objects.get(kind="user.deleted").object == "bob"


def test_they_go_with_their_message(team: Team) -> None:
    patch(team.ann, team.api, assignee="bob")
    say(team.bob, team, "Bye")
    assert purge(Message.objects.filter(pk=team.mail.pk), "deleted") == 1
    assert not Comment.objects.exists()
    assert not Assignment.objects.exists()
    assert MailSession.objects.exists()


def test_without_accounts_there_are_none(client: Client) -> None:
    mail = people.mail_in("a")
    api = f"/api/v3/messages/{mail.pk}"
    shape = client.get(api).json()
    assert (shape["assignee"], shape["comments"]) == (None, 0)
    assert client.get(f"{api}/comments").json()["items"] == []
    answer = client.post(f"{api}/comments", {"text": "x"}, "application/json")
    assert answer.status_code == 409
    assert patch(client, api, assignee="ann").status_code == 409
    given = {"do": "assign", "assignee": "ann", "ids": str(mail.pk)}
    assert client.post("/messages/chosen", given).status_code == 409
    assert found(client, "assignee:me") == []
    page = html(client, f"/messages/{mail.pk}")
    assert not page.css("#assignee *, #comments *, #chosen [data-menu=assign]")
    assert not html(client, "/").css("[data-part=assigned]:not([hidden])")
