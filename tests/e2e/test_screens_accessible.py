"""Every screen as it is opened, in light and dark, wide and narrow: axe finds nothing."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests import company_screens
from tests.company_screens import Company, setup_page
from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import send, until_live
from tests.e2e.wire import Wire
from tests.mails import rich
from tests.releasing import post, until
from tests.running import Mailsink
from tools import sample_mail

_TABS = "html text markup source headers parts links checks smtp"
# Have no scripts: as it may have to do without the database, or shows one thing alone
_PLAIN = ("/no-such-page", "/shared/")
_PARTS = 8  # each within the time that a test has, on a busy machine too
_COMPARED = "headers text markup rendered envelope transcript"
_NEWSLETTER = (
    b"From: news@shop.test\r\nList-Unsubscribe: <https://x.invalid/u>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nBuy!\r\n"
)


def _faulty(mailsink: Mailsink) -> str:
    """Return the id of a transaction that strict mode refused."""
    octets = rich("Hello {{ name }}", '<a href="/x">{{ link }}</a><img src="cid:logo">')
    with smtplib.SMTP(*mailsink.smtp) as client:
        client.login("app+strict", "any")
        with pytest.raises(smtplib.SMTPDataError):
            client.sendmail("a@shop.test", ["b@shop.test"], octets)
    # A refusal is stored a moment after its reply.
    found = until(lambda: mailsink.get("transactions?outcome=rejected")["items"])
    return str(found[0]["id"])


@pytest.fixture(scope="module")
def paths(mailsink: Mailsink) -> list[str]:
    """The screens, with the day's mail in them."""
    for mail in sample_mail.everyday():
        send(mailsink, mail.message.as_bytes(), to=mail.recipients[:1])
    with Wire(mailsink.smtp) as client:
        client.say("EHLO refused.shop.test")
        client.say("MAIL FROM:<a@shop.test>")
        client.say("RCPT TO:<bob@@example.com>")
        client.say("RSET")
    send(mailsink, rich("To be deleted", "<p>Hi</p>"))
    deleted = mailsink.get("messages/latest")["id"]
    mailsink.delete(f"messages/{deleted}")
    mailsink.patch("messages/latest", status="bug", note="Wrong", tags=["red"])
    post(mailsink, "held", domain="example.com", users=["ann"], earlier=True)
    events = ["message.created", "session.closed"]
    post(mailsink, "inboxes", slug="shop", name="Shop")
    hook = post(mailsink, "webhooks", url="https://x.invalid/", events=events)["id"]
    items = mailsink.get("messages?limit=2")["items"]
    newest, before = (each["id"] for each in items)
    send(mailsink, rich("Asks for reports", "<p>Hi</p>"), to=["bounce+5.1.1@a.test"])
    asking = mailsink.get("messages?q=subject:asks")["items"][0]["id"]
    report = mailsink.get("messages/wait?q=subject:notification&timeout=120")["items"][
        0
    ]
    send(mailsink, _NEWSLETTER)
    left = mailsink.get("messages/latest")["id"]
    mailsink.post(f"messages/{left}/unsubscribe")  # which nobody answers
    refused = until(lambda: mailsink.get("transactions?outcome=reset")["items"])[0]
    session = refused["session"]
    post(mailsink, "rules", stage="rcpt", name="No", actions={"code": 451}, on=False)
    faulty = _faulty(mailsink)  # before a rule refuses its recipient
    post(
        mailsink, "inboxes/shop/credentials", username="shop", cram_md5=True
    )  # from here on, no other
    mailsink.post("rules/scenarios/full-mailbox?speed=60")
    with Wire(mailsink.smtp) as client:
        client.say("EHLO full.shop.test")
        client.say("MAIL FROM:<a@shop.test>")
        client.say("RCPT TO:<full@example.com>")
    mailsink.get("sessions?q=ending:dropped")
    pair = f"/compare?a={before}&b={newest}"
    return [
        "/", "/?q=from:shop+-subject:news", "/?q=frm:wrong", "/?q=subject:nothing",
        *(f"/messages/{newest}?tab={tab}" for tab in _TABS.split()),
        f"/messages/{asking}", f"/messages/{report['id']}", f"/messages/{left}", f"/transactions/{refused['id']}", f"/transactions/{faulty}", "/messages/none", _PLAIN[0],
        *(f"{pair}&tab={tab}" for tab in _COMPARED.split()), f"/compare?a={newest}",
        "/sessions", "/sessions?code=5xx", f"/sessions/{session}",
        f"/sessions/{session}?exchange=4", f"/sessions/{session}?panel=replay",
        "/sessions/none", "/trace", "/trace?address=ann@example.com",
        "/trace?address=nobody@example.com", "/trash", f"/trash/{deleted}",
        "/settings", "/nothing-arriving", "/import", "/?show=failed",
        "/inboxes", "/inboxes/shop",
        *_shared(mailsink, newest, session),
        "/webhooks", "/webhooks/add", f"/webhooks/{hook}",
        "/rules", "/rules/new", "/rules/import", "/rules/providers?q=gmail", "/rules/try?of=ann@example.com&tls=1",
        "/rules/scenarios/full-mailbox/report", f"/transactions/{refused['id']}/retries",
        "/outgoing/held", "/outgoing/held/example.com", *_outgoing(mailsink, newest),
    ]  # fmt: skip


def _shared(mailsink: Mailsink, message: str, session: str) -> list[str]:
    """The pages of share links, and what they show."""
    made = [post(mailsink, "shares", message=message), post(mailsink, "shares", session=session)]  # fmt: skip
    links = [each["url"].removeprefix(mailsink.url) for each in made]
    return ["/shares", f"/shares/new?message={message}", "/shared/none", *links]


def _outgoing(mailsink: Mailsink, message: str) -> list[str]:
    """The screens of mail that goes out, with something on each of them."""
    nobody = {"host": "127.0.0.1", "port": 1, "tls": "off"}
    mailsink.post("routes", name="hop", allow=["*"], **nobody)
    mailsink.post("routes/hop/try")
    mailsink.post(f"messages/{message}/release", route="hop", recipients=["a@b.test"])
    given = {"recipients": ["none.test"], "route": "hop"}
    rules = [
        mailsink.post("release-rules", name="team", **given),
        mailsink.post("release-rules", name="copies", action="copy", copy_to="a@b.test", **given),
    ]  # fmt: skip
    return [
        "/outgoing", "/outgoing/routes", "/outgoing/routes/hop", "/outgoing/guard",
        "/outgoing/rules", f"/outgoing/rules/{rules[1]['id']}", f"/messages/{message}/release",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "part",
    [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, _PARTS))],
)
def test_every_screen(
    mailsink: Mailsink, page: Page, paths: list[str], part: int
) -> None:
    for path in paths[part::_PARTS]:
        page.set_viewport_size({"width": 1440, "height": 800})
        page.goto(f"{mailsink.url}{path}")
        if not path.startswith(_PLAIN):
            until_live(page)
        _assert_accessible(page)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    made = Company.started(tmp_path_factory.mktemp("company"))
    yield made
    made.stop()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "login" else pytest.mark.long)
        for name in company_screens.SCREENS
    ],
)
def test_every_screen_of_accounts(company: Company, page: Page, name: str) -> None:
    screen = company_screens.SCREENS[name]
    if screen.is_signed_in:
        company.sign_in(page)
    page.goto(f"{company.url}{company.path_of(screen)}")
    screen.do(page)
    _assert_accessible(page)


def test_the_first_administrator(tmp_path: Path, page: Page) -> None:
    server, url = setup_page(tmp_path)
    page.goto(url)
    _assert_accessible(page)
    server.stop()


def _assert_accessible(page: Page) -> None:
    """Fail with what axe finds, and where a narrow page is too wide."""
    page.set_viewport_size({"width": 1440, "height": 800})
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert_accessible(page)
    over = page.evaluate("document.documentElement.scrollWidth")
    assert over <= 390, f"{page.url} is {over} pixels wide"
