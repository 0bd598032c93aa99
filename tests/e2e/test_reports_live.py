"""The page of a message says that a report was made, also while it is open."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.mails import plain
from tests.running import Mailsink
from tests.serve.test_releases import post, scripted

_REFUSES = """
> 220 hop.test
< EHLO
> 250 hop.test
< MAIL
> 250 Ok
< RCPT
> 550 5.1.1 No such user
< RSET
> 250 Ok
< QUIT
> 221 Bye
"""


def test_a_report_is_made_while_its_message_is_open(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Sent to nobody"))
    open_inbox(mailsink, page)
    row(page, "Sent to nobody").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Sent to nobody")).to_be_visible()
    id = page.url.split("/")[-1]
    with scripted(_REFUSES) as ((host, port), _heard):
        given = {"name": "refuses", "tls": "off", "allow": ["example.com"]}
        post(mailsink, "routes", host=host, port=port, **given)
        post(mailsink, f"messages/{id}/release", route="refuses")
        said = page.locator(".upshot", has_text="since a release to ann@example.com failed")  # fmt: skip
        expect(said).to_be_visible()
    assert_accessible(page)
    said.get_by_role("link", name="Open the report").click()
    heading = page.get_by_role("heading", name="Delivery Status Notification")
    expect(heading).to_be_visible()
    card = page.locator(".cards > .card")
    expect(card).to_contain_text("Bounce: ann@example.com")
    expect(card).to_contain_text("550 5.1.1 No such user")
    assert_accessible(page)
    card.get_by_role("link", name="Sent to nobody").click()
    expect(page.get_by_role("heading", name="Sent to nobody")).to_be_visible()
