"""Share links: what one opens, for how long, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.access import api_tokens, audit_log, memberships, share_links, wrong_tokens
from inbox.access.identity import EVERYBODY
from inbox.errors import Invalid
from inbox.mailbox import selection, trash
from inbox.mailbox.scope import ALL
from inbox.models import AuditEntry, Membership, Message, ShareLink, User
from tests import people
from tests.factories import recorded_message
from tests.mails import ORDER, rich

pytestmark = pytest.mark.django_db
SAYS_NOTHING = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


@pytest.fixture(autouse=True)
def _nothing_wrong_came() -> None:
    wrong_tokens.forget()
    audit_log.forget()


def of_ann(mail: Message, role: str = "viewer", **given: Any) -> str:
    """Return the path of a link that ann has made; there are accounts."""
    people.administrator()
    ann = memberships.of_user(people.user("ann", a=role))
    return f"/shared/{share_links.add(ann, 'message', mail.pk, **given).text}"


def status(path: str) -> int:
    answer = Client().get(path)
    for name, value in SAYS_NOTHING.items():
        assert answer[name] == value, path
    return answer.status_code


def mail_in(slug: str, octets: bytes) -> Message:
    made, inbox = recorded_message(octets), people.an_inbox(slug)
    for each in (made, made.transaction, made.transaction.session):
        each.inbox = inbox
        each.save(update_fields=["inbox"])
    return made


PNG = b"\x89PNG\r\n\x1a\nnearly a picture"
MIXED = (
    b"From: a@shop.test\r\nSubject: With a file\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nSee the file at https://shop.test/x.\r\n"
    b"--x\r\nContent-Type: text/html\r\nContent-Disposition: attachment; "
    b'filename="a.html"\r\n\r\n<script>alert(1)</script>\r\n--x--\r\n'
)


def test_a_link_shows_one_message_whole() -> None:
    mail = mail_in("a", MIXED)
    path = of_ann(mail)
    answer = Client().get(path)
    shown = answer.content.decode()
    for each in ("With a file", "See the file at", "a.html", "MAIL", "MIME-Version"):
        assert each in shown, each
    assert status(path) == 200
    raw = Client().get(f"{path}/raw")
    assert (raw.content, raw["Content-Type"]) == (MIXED, "message/rfc822")
    part = Client().get(f"{path}/parts/2")
    assert b"alert" in part.content
    assert part["Content-Disposition"] == 'attachment; filename="a.html"'
    assert "sandbox" in part["Content-Security-Policy"]
    for below in ("/raw", "/parts/0", "/parts/2"):
        assert status(f"{path}{below}") == 200
    for below in ("/parts/3", "/parts/99999999999999999999", "/frame"):
        assert status(f"{path}{below}") == 404
    for method in ("post", "put", "patch", "delete"):
        assert getattr(Client(), method)(path).status_code in (302, 405)


def test_its_page_leads_nowhere_else_in_mailsink() -> None:
    path = of_ann(mail_in("a", MIXED))
    page = Html(Client().get(path).content)
    own = [
        value
        for each in page.css("[href], [src], [action]")
        for name in ("href", "src", "action")
        if (value := each.attributes.get(name))
        and not value.startswith(("/static/", "https://shop.test/"))
    ]
    assert own
    assert all(each.startswith(f"{path}/") for each in own), own
    assert not page.css("nav, form, input, button")


def test_its_frame_shows_the_pictures_of_the_mail() -> None:
    mail = mail_in("a", rich("Logo", '<img src="cid:logo">', PNG))
    frame = Client().get(f"{of_ann(mail)}/frame")
    assert "sandbox" in frame["Content-Security-Policy"]
    picture = Html(frame.content).css_first("img").attributes["src"]
    assert picture
    assert Client().get(urlsplit(picture).path).status_code == 200
    for name, value in SAYS_NOTHING.items():
        assert frame[name] == value


def test_a_link_to_a_session_shows_its_transcript_alone() -> None:
    mail = people.mail_in("a")
    people.administrator()
    ann = memberships.of_user(people.user("ann", a="viewer"))
    session = mail.transaction.session_id
    path = f"/shared/{share_links.add(ann, 'session', session).text}"
    shown = Client().get(path).content.decode()
    assert "MAIL FROM:&lt;orders@shop.test&gt;" in shown
    assert "Thank you" not in shown
    assert "/messages/" not in shown
    assert status(f"{path}?after=1") == 200
    assert status(f"{path}?after=x{'9' * 30}") == 200
    for below in ("/raw", "/frame", "/parts/0"):
        assert status(f"{path}{below}") == 404


def test_whatever_is_wrong_with_a_link_the_answer_is_the_same() -> None:
    mail = people.mail_in("a")
    expired, revoked, deleted = of_ann(mail), of_ann_too(mail), of_ann_too(mail)
    links = list(ShareLink.objects.order_by("pk"))
    now = datetime.now(UTC)
    ShareLink.objects.filter(pk=links[0].pk).update(expires_at=now)
    ShareLink.objects.filter(pk=links[1].pk).update(revoked_at=now)
    trash.delete(ALL, selection.by_ids([mail.pk]))
    wrong = f"/shared/{share_links.PREFIX}{'x' * 43}"
    answers = set()
    for each in (expired, revoked, deleted, wrong, "/shared/é", f"{wrong}{'x' * 999}"):
        wrong_tokens.forget()
        for below in ("", "/raw"):
            assert status(f"{each}{below}") == 404, each
            answers.add(Client().get(f"{each}{below}").content)
    assert len(answers) == 1
    trash.restore(ALL, mail.pk)
    wrong_tokens.forget()
    assert [status(each) for each in (expired, revoked, deleted)] == [404, 404, 200]


def of_ann_too(mail: Message) -> str:
    ann = memberships.of_user(User.objects.get(username="ann"))
    return f"/shared/{share_links.add(ann, 'message', mail.pk).text}"


def test_a_link_never_shows_what_its_maker_may_not_see_by_now() -> None:
    path = of_ann(people.mail_in("a"))
    assert status(path) == 200
    User.objects.filter(username="ann").update(is_active=False)
    assert status(path) == 404
    User.objects.filter(username="ann").update(is_active=True)
    assert status(path) == 200
    Membership.objects.all().delete()
    assert status(path) == 404
    Membership.objects.create(
        inbox=people.an_inbox("a"), user=User.objects.get(username="ann"), role="viewer"
    )
    assert status(path) == 200
    User.objects.get(username="ann").delete()
    assert status(path) == 404


def test_a_link_made_by_a_token_ends_with_it() -> None:
    mail = people.mail_in("a")
    people.administrator()
    ann = people.user("ann", a="viewer")
    inboxes = [people.an_inbox("a")]
    token = api_tokens.add(ann, "CI", ["read", "write"], inboxes)
    given = {"message": str(mail.pk)}
    client = Client(headers={"Authorization": f"Bearer {token.text}"})
    made = client.post("/api/v3/shares", given, "application/json")
    path = urlsplit(made.json()["url"]).path
    assert status(path) == 200
    token.token.inboxes.clear()
    assert status(path) == 404
    token.token.inboxes.set(inboxes)
    assert status(path) == 200
    api_tokens.revoke(memberships.of_user(ann), token.token.pk)
    assert status(path) == 404
    blind = api_tokens.add(ann, "no reader", ["write"]).text
    refused = Client(headers={"Authorization": f"Bearer {blind}"}).post(
        "/api/v3/shares", given, "application/json"
    )
    assert refused.status_code == 403


def test_who_sends_many_wrong_links_is_not_looked_up(
    django_assert_num_queries: Any,
) -> None:
    good = of_ann(people.mail_in("a"))
    assert status(good) == 200
    wrong = f"/shared/{share_links.PREFIX}{'x' * 43}"
    assert [status(wrong) for _ in range(21)] == [404] * 20 + [429]
    with django_assert_num_queries(0):
        assert Client().get(wrong)["Retry-After"] == "60"
    assert status(good) == 200


def test_only_a_hash_is_kept() -> None:
    path = of_ann(people.mail_in("a"))
    text = path.removeprefix("/shared/")
    assert (len(text), text[:4]) == (47, "msl_")
    kept = [str(value) for value in vars(ShareLink.objects.get()).values()]
    assert not any(text[4:] in each for each in kept)


def test_the_log_has_making_revoking_and_each_use() -> None:
    mail = people.mail_in("a")
    people.administrator()
    client = people.signed_in(people.user("ann", a="viewer"))
    given = {"message": str(mail.pk), "days": "7"}
    made = client.post("/shares/new", given).content.decode()
    text = made.split(f"/shared/{share_links.PREFIX}")[1].split("<")[0].split('"')[0]
    path = f"/shared/{share_links.PREFIX}{text}"
    link = ShareLink.objects.get()
    for below in ("", "/raw", "/parts/0"):
        assert status(f"{path}{below}") == 200
    assert client.post(f"/shares/{link.pk}/revoke").status_code == 302
    assert status(path) == 404
    entries = AuditEntry.objects.exclude(kind="signed in").order_by("pk")
    seen = [(each.kind, each.caller, each.user_name) for each in entries]
    assert seen == [
        ("share link.added", "user", "ann"),
        ("message.read", "share link", ""),
        ("message.raw", "share link", ""),
        ("message.attachment", "share link", ""),
        ("share link.revoked", "user", "ann"),
    ]
    assert {each.object for each in entries} == {str(mail.pk)}
    assert {each.inbox_slug for each in entries} == {"a"}
    assert {each.token_id for each in entries if each.caller == "share link"} == {link.pk}  # fmt: skip
    assert not any(text in str(vars(each)) for each in entries)
    log = people.signed_in(User.objects.get(username="root")).get("/audit")
    assert b"share link" in log.content


def test_links_are_listed_and_revoked_by_their_makers_and_managers() -> None:
    mail, other = people.mail_in("a"), people.mail_in("b")
    of_ann(mail)
    [link] = ShareLink.objects.all()
    share_links.add(EVERYBODY, "message", other.pk)
    seen = {
        "ann": 1, "bob": 0, "max": 1, "root": 2,
    }  # fmt: skip
    people.user("bob", a="tester", b="viewer")
    people.user("max", a="manager")
    for name, count in seen.items():
        client = people.signed_in(User.objects.get(username=name))
        listed = client.get("/api/v3/shares").json()["items"]
        assert len(listed) == count, name
        assert client.get("/shares").content.count(b"<li>") >= count
        found = client.get(f"/api/v3/shares/{link.pk}").status_code
        assert found == (200 if count else 404), name
    bob = people.signed_in(User.objects.get(username="bob"))
    assert bob.delete(f"/api/v3/shares/{link.pk}").status_code == 404
    assert bob.post(f"/shares/{link.pk}/revoke").status_code == 404
    manager = people.signed_in(User.objects.get(username="max"))
    assert manager.delete(f"/api/v3/shares/{link.pk}").status_code == 204
    [listed] = manager.get("/api/v3/shares").json()["items"]
    assert (listed["user"], listed["message"]) == ("ann", str(mail.pk))
    assert listed["revoked_at"]


def test_the_api_makes_a_link() -> None:
    mail, hidden = people.mail_in("a"), people.mail_in("b")
    people.administrator()
    client = people.signed_in(people.user("ann", a="viewer"))
    given: dict[str, Any] = {"message": str(mail.pk)}
    made = client.post("/api/v3/shares", given, "application/json").json()
    assert made["url"].startswith(f"http://testserver/shared/{share_links.PREFIX}")
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(
        made["created_at"]
    )
    assert lasts == timedelta(days=7)
    session = {"session": str(mail.transaction.session_id), "days": 90}
    assert client.post("/api/v3/shares", session, "application/json").status_code == 201
    for wrong, code in (
        ({**given, "days": 91}, 422), ({**given, "days": 0}, 422), ({}, 422),
        ({**given, **session}, 422), ({"message": str(hidden.pk)}, 404),
        ({"session": str(hidden.transaction.session_id)}, 404), ({"message": "x"}, 404),
    ):  # fmt: skip
        answer = client.post("/api/v3/shares", wrong, "application/json")
        assert answer.status_code == code, wrong


def test_the_pages_lead_to_the_form_which_says_what_is_wrong(client: Client) -> None:
    mail = recorded_message(ORDER)
    session = mail.transaction.session_id
    for path, to in (
        (f"/messages/{mail.pk}", f"/shares/new?message={mail.pk}"),
        (f"/sessions/{session}", f"/shares/new?session={session}"),
    ):
        assert to in client.get(path).content.decode()
        assert client.get(to).status_code == 200
    for days in ("", "x", "91", "99999"):
        given = {"message": str(mail.pk), "days": days}
        answer = client.post("/shares/new", given)
        assert (answer.status_code, b"1 to 90 days" in answer.content) == (422, True)
    assert client.get("/shares/new").status_code == 404


def test_without_accounts_everybody_makes_links_until_there_are_accounts(
    client: Client,
) -> None:
    mail = recorded_message(ORDER)
    given = {"message": str(mail.pk)}
    made = client.post("/api/v3/shares", given, "application/json").json()
    path = urlsplit(made["url"]).path
    assert made["user"] is None
    assert status(path) == 200
    assert not AuditEntry.objects.exists()
    assert len(client.get("/api/v3/shares").json()["items"]) == 1
    root = people.administrator()
    assert status(path) == 404
    assert Client().get("/shares").status_code == 302
    listed = people.signed_in(root).get("/api/v3/shares").json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]


def test_there_is_a_most_of_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_links, "MOST", 1)
    mail = recorded_message(ORDER)
    share_links.add(EVERYBODY, "message", mail.pk)
    with pytest.raises(Invalid):
        share_links.add(EVERYBODY, "message", mail.pk)
    long_ago = datetime.now(UTC) - timedelta(days=91)
    ShareLink.objects.update(revoked_at=long_ago)
    share_links.add(EVERYBODY, "message", mail.pk)
    assert ShareLink.objects.count() == 1
