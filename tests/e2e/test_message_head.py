"""The head of an open message: how high the mail begins, its cards, tools and tabs."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import open_inbox, row, send
from tests.mails import plain, rich
from tests.running import Mailsink


def newsletter(subject: str) -> bytes:
    """Return a mail to many: an envelope of its own, remote images, a way to leave it."""
    message = EmailMessage()
    message["From"] = "Northwind Weekly <news@northwind.example>"
    message["To"] = "ann.keller@example.com"
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain="northwind.example")
    message["List-Unsubscribe"] = "<https://northwind.example/u/1>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Please view this mail as HTML.\n")
    message.add_alternative(
        '<html lang="en"><body style="background:#fff;color:#000"><p>Sale</p>'
        '<img src="https://cdn.northwind.example/1.png" alt="Shoes"></body></html>',
        subtype="html",
    )
    return message.as_bytes()


@pytest.mark.parametrize(
    ("width", "height", "limit"), [(1440, 900, 240), (1024, 700, 260), (390, 844, 320)]
)
def test_the_mail_begins_near_the_top(
    mailsink: Mailsink, page: Page, width: int, height: int, limit: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    subject = "20% off until Sunday (and free repairs)"
    to = ["ann.keller@example.com", "qa+run812@example.com"]
    send(mailsink, newsletter(subject), to=to)
    page.goto(f"{mailsink.url}/messages/latest")
    expect(page.frame_locator("#panel iframe").get_by_text("Sale")).to_be_visible()
    expect(page.locator(".fact", has_text="Bcc")).to_contain_text(to[1])
    top = page.locator("#panel iframe").evaluate("n => n.getBoundingClientRect().top")
    assert top <= limit
    # The head scrolls away with the mail.
    page.locator("#detail").evaluate("node => node.scrollTop = 10_000")
    title = page.locator("#message-title")
    detail = page.locator("#detail").evaluate("n => n.scrollHeight > n.clientHeight")
    if detail:
        assert title.evaluate("n => n.getBoundingClientRect().top") < 48
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)


def test_tabs_do_not_move_when_one_is_chosen(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, rich("Still tabs", "<p>Hi</p>"))
    open_inbox(mailsink, page)
    row(page, "Still tabs").get_by_role("link").click()
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_text(
        [re.compile(each) for each in ("Preview", "Source", "Headers", "Parts", "Checks", "SMTP")]
    )  # fmt: skip
    expect(tabs.nth(4).locator(".count")).to_have_text(
        "1"
    )  # worked out after it is open
    places = "all => all.map(each => each.getBoundingClientRect().left)"
    before = tabs.evaluate_all(places)
    for number in range(6):
        tabs.nth(number).click()
        expect(tabs.nth(number)).to_have_attribute("aria-selected", "true")
        assert tabs.evaluate_all(places) == before


@pytest.mark.parametrize(
    ("former", "tab", "words"),
    [
        ("html", "Preview", ""), ("text", "Preview", "The text of it."),
        ("markup", "Source", "<p>"), ("source", "Source", "MIME-Version"),
        ("headers", "Headers", "MIME-Version"), ("parts", "Parts", "multipart/alternative"),
        ("transcript", "SMTP", "354"), ("findings", "SMTP", "Findings"),
        ("links", "Checks", "no links"), ("checks", "Checks", ""),
    ],
)  # fmt: skip
def test_links_to_former_tabs_lead_to_theirs(
    mailsink: Mailsink, page: Page, former: str, tab: str, words: str
) -> None:
    send(mailsink, rich("Bookmarked", "<p>Hi</p>"))
    page.goto(f"{mailsink.url}/messages/latest?tab={former}")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#panel")).to_contain_text(words)


def test_what_is_rarer_is_in_a_menu(mailsink: Mailsink, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    send(mailsink, rich("Copied and printed", "<p>On paper</p>"))
    open_inbox(mailsink, page)
    row(page, "Copied and printed").get_by_role("link").click()
    more = page.locator("#more-summary")
    assert_accessible(page)
    more.click()
    assert_accessible(page, "#detail details.menu[open]")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    more.click()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open HTML in a new tab").click()
    expect(popup.value.get_by_text("On paper")).to_be_visible()
    more.click()
    page.get_by_role("link", name="Print", exact=True).click()
    printed = page.frame_locator("iframe[data-printed]")
    expect(printed.locator("h1")).to_have_text("Copied and printed")
    expect(printed.locator("dl")).to_contain_text("shop@shop.test")
    expect(printed.get_by_text("On paper")).to_be_attached()
    more.click()
    page.locator("#message-title").click()
    expect(page.get_by_role("link", name="Print", exact=True)).to_be_hidden()


def test_the_html_elsewhere_has_the_images_that_are_loaded(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, rich("Images", '<img src="http://images.test/a.png">'))
    page.goto(f"{mailsink.url}/messages/latest?tab=html")
    links = page.locator("[data-as-framed]")
    elsewhere = re.compile(r"/(frame|print)\?images=all$")
    expect(page.locator("[data-as-framed][href$='images=all']")).to_have_count(0)
    page.get_by_role("link", name="Load images").click()
    expect(links).to_have_count(2)
    for n in range(2):
        expect(links.nth(n)).to_have_attribute("href", elsewhere)
    page.get_by_role("tab", name="Source").click()
    expect(page.locator("[data-as-framed][href$='images=all']")).to_have_count(0)


def test_everybody_is_in_the_details(mailsink: Mailsink, page: Page) -> None:
    head = (
        "From: Shop <shop@shop.test>\r\nTo: Ann <ann@example.com>, bob@example.com\r\n"
    )
    body = "Cc: Eve <eve@example.com>\r\nReply-To: desk@shop.test\r\nSubject: Many\r\n\r\nHi"
    to = ["ann@example.com", "bob@example.com", "eve@example.com"]
    send(mailsink, (head + body).encode(), to=to)
    open_inbox(mailsink, page)
    row(page, "Many").get_by_role("link").click()
    people = page.locator(".people")
    expect(people.locator("summary")).to_contain_text("ann@example.com +2")
    people.locator("summary").click()
    for words in ("Ann <ann@example.com>, bob@example.com", "Eve", "desk@shop.test"):
        expect(people.locator("dl")).to_contain_text(words)
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(people.locator("dl")).to_be_hidden()


INVITE = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Stocktaking\r\n"
    "DTSTART;TZID=America/New_York:20261202T090000\r\nDURATION:PT1H\r\n"
    "LOCATION:Room 4\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def invitation(subject: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "olga@shop.test", "ann@example.com"
    message["Subject"] = subject
    message.set_content("You are invited.\n")
    message.add_alternative("<p>You are invited.</p>", subtype="html")
    message.add_alternative(INVITE, subtype="calendar", params={"method": "REQUEST"})
    return message.as_bytes()


def test_an_invitation_says_when_in_its_zone_and_in_ours(
    mailsink: Mailsink, browser: Browser
) -> None:
    send(mailsink, invitation("Come"))
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(f"{mailsink.url}/messages/latest")
    card = page.locator(".card[data-kind='invitation']")
    expect(card).to_contain_text("Invitation: Stocktaking")
    expect(card).to_contain_text("09:00 – 10:00 America/New_York")  # noqa: RUF001
    expect(card.locator("time")).to_contain_text("23:00")
    card.locator("summary").click()
    expect(card).to_contain_text("Room 4")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
    page.locator("#tab-parts").click()
    page.get_by_role("link", name=re.compile(r"^1\.3")).click()
    expect(page.locator(".preview")).to_contain_text("09:00 – 10:00 America/New_York")  # noqa: RUF001
    context.close()


BOUNCE = (
    b"From: mailer@mx.example\r\nTo: news@northwind.example\r\nSubject: Undelivered\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b;\r\n"
    b" report-type=delivery-status\r\n\r\n--b\r\n\r\nNot delivered.\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    b"Final-Recipient: rfc822; nobody@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <%s>\r\nSubject: Lost\r\n\r\nx\r\n--b--\r\n"
)


def test_a_bounce_says_who_why_and_of_which_message(
    mailsink: Mailsink, page: Page
) -> None:
    original = plain("The original").replace(
        b"Subject", b"Message-ID: <o-1@n.test>\r\nSubject"
    )
    send(mailsink, original, BOUNCE % b"o-1@n.test", BOUNCE % b"elsewhere@n.test")
    page.goto(f"{mailsink.url}/messages/latest")
    card = page.locator(".card[data-kind='bounce']")
    expect(card).to_contain_text("Bounce: nobody@example.com")
    expect(card).to_contain_text("User unknown")
    expect(card).to_contain_text("“Lost”")
    open_inbox(mailsink, page)
    row(page, "Undelivered").nth(1).get_by_role("link").click()
    assert_accessible(page)
    card.get_by_role("link", name="The original").click()
    expect(page.locator("h1", has_text="The original")).to_be_visible()


def test_a_newsletter_can_be_left(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, newsletter("Weekly"))
    page.goto(f"{mailsink.url}/messages/latest")
    link = page.locator(".card[data-kind='unsubscribe']").get_by_role(
        "link", name="Unsubscribe"
    )
    expect(link).to_have_attribute("href", "https://northwind.example/u/1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(page.locator(".card[data-kind='unsubscribe']")).to_contain_text("one click")


def test_forced_dark_changes_the_colours(mailsink: Mailsink, page: Page) -> None:
    page.emulate_media(color_scheme="null")
    send(mailsink, newsletter("Older dark"), newsletter("Newer dark"))
    open_inbox(mailsink, page)
    row(page, "Newer dark").get_by_role("link").click()
    body = page.frame_locator("#panel iframe").locator("body")
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    page.get_by_role("link", name="Forced dark, in part").click()
    expect(body).to_have_css("background-color", "rgb(18, 18, 18)")
    expect(body).to_have_css("color", "rgb(255, 255, 255)")
    page.keyboard.press("j")
    expect(page.locator("h1", has_text="Older dark")).to_be_visible()
    expect(body).to_have_css("background-color", "rgb(18, 18, 18)")  # remembered
    page.get_by_role("link", name="Light").click()
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")


def test_plain_text_is_monospace_and_can_be_otherwise(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("A table", "id | name\r\n---+-----\r\n 1 | x\r\n"))
    open_inbox(mailsink, page)
    row(page, "A table").get_by_role("link").click()
    text = page.locator("#panel pre.text")
    expect(text).to_have_css("font-family", re.compile("monospace"))
    page.get_by_role("button", name="Proportional font").click()
    expect(text).not_to_have_css("font-family", re.compile("monospace"))
    page.reload()
    expect(text).not_to_have_css("font-family", re.compile("monospace"))
    button = page.get_by_role("button", name="Proportional font")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(text).to_have_css("font-family", re.compile("monospace"))
