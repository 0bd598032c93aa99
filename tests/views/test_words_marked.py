"""Every word of every page is marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html
from selectolax.lexbor import LexborNode as Node

from inbox.access import account_links, first_visit, memberships, share_links, users
from inbox.access.identity import EVERYBODY
from inbox.access.share_links import SharedKind
from inbox.insight.findings.finding_kinds import KINDS
from inbox.mailbox import (
    discussion,
    inbox_removal,
    inboxes,
    label_inboxes,
    marking,
    saved_searches,
    selection,
    trash,
)
from inbox.mailbox.scope import ALL
from inbox.models import Exchange, MadeReport, Message, Unsubscription, WebhookDelivery
from inbox.models.webhook import EVENTS
from inbox.outgoing import held_domains, release_rules, releases, routes
from inbox.policy import smtp_credentials, sorting_conditions
from inbox.rules import rulebook
from inbox.webhooks import hooks
from tests import people
from tests.factories import recorded_message, recorded_transaction
from tests.mails import ORDER
from tests.translated import marked, unmarked

pytestmark = pytest.mark.django_db
NEWSLETTER = b"List-Unsubscribe: <https://1.1/>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n1"
_SPOKEN = ("aria-label", "title", "placeholder", "alt", "aria-description")
# Code, keys, data of ours, and what is written the same in all languages.
_NO_WORDS = frozenset(
    ("script", "style", "code", "kbd", "samp", "pre", "option", "bdi", "template")
)


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    with marked():
        yield


def words(node: Node) -> Iterator[str]:
    """Yield what a page says: its texts, and those of the attributes that are spoken."""
    for each in node.traverse(include_text=True):
        if each.tag == "-text":
            parents = set()
            above = each.parent
            while above is not None:
                parents.add(above.tag)
                above = above.parent
            if not parents & _NO_WORDS:
                yield each.text_content or ""
        elif each.tag and each.attributes:
            yield from (each.attributes.get(name) or "" for name in _SPOKEN)


def left_over(page: bytes) -> list[str]:
    html = Html(page.decode())
    assert html.root
    text = unmarked(" ¦ ".join(words(html.root)))
    return [each.strip() for each in text.split("¦") if re.search("[A-Za-z]{2}", each)]


BOUNCE = (
    ORDER.replace(b"\r\n\r\n", b"\r\nX-Failed-Recipients: 1@b.test, 2@b.test\r\n\r\n")
    + b"\r\n1@b.test: 550 5.1.1\r\n2@b.test: 451 4.0.0\r\n\r\nMessage-ID: <1>\r\n"
)
SCRIPTS = Path(__file__).resolve().parents[2] / "static/js"
TITLES = {kind.section.title for kind in KINDS.values()}
# What the mails of these tests hold, and what the wire says.
_DATA = re.compile(
    r"Mailsink|Shop|default|<?orders@shop\.test>?|<?ann@example\.com>?|Your order|Thank you!|[0-9a-f]{64}|"
    r"https://1\.1/|MAIL|FROM:|ESMTP|[CS]: |250 2\.[01]\.0 Ok|550 5\.7\.1 No|From|To|Subject|"
    r"[0-9.]+ ms|RFC [0-9]+ §[0-9.]+|\(RFC [0-9]+(?: §[0-9.]+)?\)"
)


def wordless(text: str) -> bool:
    title = text.removeprefix(", ")  # of an RFC's section
    return title in TITLES or not re.search("[A-Za-z]{2}", _DATA.sub("", text))


def report(message: Message, made: Message) -> None:
    """Have reports about a message: one that is stored, and one that was withheld."""
    given = {"about": message.pk, "sender": "1", "recipient": "1", "cause": "address"}
    for row in (
        {"kind": "failed", "message_id": made.pk, "recipients": 3, "not_sent": "1"},
        {"kind": "automatic_reply", "withheld": "automatic"},
    ):
        MadeReport.objects.create(made_at=message.received_at, **given | row)


@pytest.fixture
def paths() -> list[str]:
    """All pages, with something on each of them."""
    message, refused = (
        recorded_message(),
        recorded_transaction(ORDER, "rejected", 550, "550 5.7.1 No"),
    )
    session = refused.session_id
    saved_searches.save("1", "2")
    marking.update(ALL, message.pk, note="1", tags=["1"])
    gone, other = recorded_message(), recorded_message()
    bounced = recorded_message(BOUNCE)
    asking = recorded_message()
    newsletter = recorded_message(NEWSLETTER)
    to = {
        "requested_at": other.received_at,
        "requested_by": "1",
        "url": "1",
        "request": "1",
    }
    for code in (200, None):
        Unsubscription.objects.create(
            about=newsletter.pk, code=code, answer="1", took_ms=1, **to
        )
    report(asking, other)
    trash.delete(ALL, selection.by_ids([gone.pk]), "1")
    routes.add({"name": "1", "host": "1", "allow": ["*"]})
    released_by = release_rules.add({"name": "1", "recipients": ["*"], "route": "1"})
    copies = {"action": "copy", "copy_to": "1@1", "inbox": "default"}
    release_rules.add({"name": "2", "recipients": ["*"], "route": "1", **copies})
    releases.request(ALL, message.pk, "1", by="1")
    to_hold = {"domain": "1.1", "users": ["1"], "route": "1"}
    held_domains.add(ALL, "default", to_hold, earlier=True)
    hook = hooks.add(
        ALL, {"url": "http://1.1.1.1/", "name": "1", "events": EVENTS}
    ).webhook
    for state in ("queued", "delivered", "failed"):
        given = {"event": EVENTS[0], "event_id": hook.pk, "object_id": message.pk}
        WebhookDelivery.objects.create(
            webhook=hook, state=state, tries=1, text="1", **given
        )
    rule = rulebook.add(ALL, "default", {"stage": "rcpt", "actions": {"code": 550, "text": ["1"]}})  # fmt: skip
    faulty = recorded_transaction(
        b"From: 1\r\n" + ORDER, "rejected", 554, "554 5.6.0 1"
    )
    faulty_lines = Exchange.objects.filter(session_id=faulty.session_id, code=554)
    faulty_lines.update(rule="strict mode of inbox 1")
    compare = f"/compare?a={message.pk}&b={other.pk}"
    inboxes.update(ALL, "default", name="1")
    shop = inboxes.add(ALL, "1", "1")
    smtp_credentials.add(ALL, "1", "1", with_cram_md5=True)
    smtp_credentials.rotate(ALL, "1", "1", overlap=60)
    label_inboxes.make("1", "1")
    put = sorting_conditions.replacement(shop, {"users": ["1"]})
    inboxes.update(ALL, "1", conditions=put)
    inboxes.add(ALL, "gone", "1")
    inbox_removal.delete(ALL, "gone")
    tabs = "html text markup source headers parts links checks smtp"
    shared: list[tuple[SharedKind, UUID]] = [
        ("message", message.pk),
        ("session", session),
    ]
    return [
        "/", "/?q=subject:1 -is:read", "/?q=frm:x", "/?q=larger:x", "/searches/none",
        "/sessions", f"/sessions/{session}", f"/sessions/{session}?exchange=1",
        f"/sessions/{session}?panel=replay", "/sessions/none",
        f"/messages/{newsletter.pk}", "/trace", "/trace?address=ann@example.com", "/trace?address=x",
        "/trash", "/trash?q=1", "/settings", "/nothing-arriving",
        "/outgoing", "/outgoing/held", "/outgoing/held/1.1", "/outgoing/routes", "/outgoing/routes/1",
        "/outgoing/guard", "/outgoing/rules", f"/outgoing/rules/{released_by.pk}", f"/messages/{message.pk}/release",
        "/inboxes", f"/inboxes/{shop.slug}", "/inboxes/default?saved=keeping",
        "/webhooks", "/webhooks/add", f"/webhooks/{hook.pk}", f"/webhooks/{hook.pk}/change",
        "/rules", "/rules/new", f"/rules/{rule.pk}", "/rules/import", "/rules/providers", "/rules/try", "/rules/try?of=1",
        "/rules/try?of=1@1&sender=1", f"/rules/try?of={session}",
        f"/transactions/{refused.pk}", f"/transactions/{faulty.pk}", "/messages/none", f"/messages/{bounced.pk}",
        "/rules/scenarios/greylisting/report", f"/transactions/{refused.pk}/retries",
        f"/messages/{asking.pk}",
        f"/compare?a={message.pk}", f"/compare?a={message.pk}&none=before",
        "/shares", f"/shares/new?message={message.pk}", f"/shares/new?session={session}", "/shared/none",
        *(f"/shared/{share_links.add(EVERYBODY, *each).text}" for each in shared),
        *(f"/messages/{message.pk}?tab={tab}" for tab in tabs.split()),
        *(f"{compare}&tab={tab}" for tab in "headers text envelope transcript".split()),
    ]  # fmt: skip


def test_every_page(client: Client, paths: list[str]) -> None:
    missed = {
        words: path
        for path in paths
        for words in left_over(client.get(path).content)
        if not wordless(words)
    }
    assert missed == {}


_EMPTY = {"do": "delete", "all": "yes", "q": "", "slug": "none"}


def test_the_pages_of_accounts() -> None:
    link = f"/setup/{first_visit.offer()}"
    assert [w for w in left_over(Client().get(link).content) if not wordless(w)] == []
    administrator = people.administrator("1")
    root, caller = people.signed_in(administrator), memberships.of_user(administrator)
    people.group("2", people.user("3", default="viewer"), default="tester")
    off = people.user("4")
    users.change(off.pk, is_active=False)
    invited = account_links.invite(caller, ["default"], name="5")
    password = account_links.for_password(caller, administrator)
    inboxes.update(ALL, "default", name="1")
    told = recorded_message(b"Subject: 1\r\n\r\n1")
    discussion.add(told, administrator.pk, "1", "1")
    marking.update(ALL, told.pk, assignee=marking.Assignee(administrator.pk))
    viewer = people.signed_in(people.user("7", default="viewer"))
    session = root.session
    session["proved_at"] = 2**40  # else they ask for the password
    session.save()
    for client, path in (
        (Client(), "/login"), (root, "/account"), (root, "/account/confirm"), (root, "/account/second-factors"), (root, "/account/second-factors/app"), (root, "/users"), (root, "/inboxes/default"),
        (Client(), f"/invitations/{invited.key}"), (Client(), f"/invitations/{password.key}"),
        (Client(), "/invitations/wrong"), (root, "/messages/delete"), (root, "/messages/delete?q=1"),
        (root, f"/messages/{told.pk}"), (viewer, f"/messages/{told.pk}"),
        (root, "/?q=assignee:me"), (root, "/settings"),
    ):  # fmt: skip
        words = left_over(client.get(path).content)
        assert [each for each in words if not wordless(each)] == [], path
    made = [root.post("/users", {"name": "6"})]
    made += [root.post("/invitations", {"role": "administrator", "days": "7"})]
    given = {"message": recorded_message().pk, "days": "7"}
    made += [root.post("/shares/new", given), root.post("/messages/chosen", _EMPTY)]
    for each in made:
        shown = left_over(each.content.replace(b"http://testserver", b""))
        assert [word for word in shown if not wordless(word)] == []


def test_the_empty_inbox(client: Client) -> None:
    for path in ("/", "/trash", "/sessions"):
        assert [w for w in left_over(client.get(path).content) if not wordless(w)] == []


# A text that begins like a sentence.
_SAID = re.compile(r'"[A-Z][a-z]+(?: [^"]*)?"')
# Names of keys, of methods, of what browsers have.
_NAMES = re.compile(
    r'"(?:Arrow|Escape|Enter|Home|End|Shift|Accept|Content|Notification|Mailsink).*"'
)


@pytest.mark.parametrize(
    "path",
    sorted(SCRIPTS.rglob("*.js")),
    ids=lambda each: str(each.relative_to(SCRIPTS)),
)
def test_every_script(path: Path) -> None:
    code = "\n".join(
        re.sub(r"//.*", "", line) for line in path.read_text().splitlines()
    )
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)
    missed = [
        text[0]
        for text in _SAID.finditer(code)
        if not re.search(r"gettext\($", code[: text.start()])
        and not _NAMES.match(text[0])
    ]
    assert missed == []
