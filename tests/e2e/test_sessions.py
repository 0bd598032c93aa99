"""The sessions' pages in a real browser."""

from __future__ import annotations

import re
import smtplib
import ssl

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import until_live
from tests.e2e.wire import Wire
from tests.running import Mailsink


def send(mailsink: Mailsink, helo: str) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname=helo) as client:
        client.sendmail("a@shop.test", "ann@example.com", "Subject: Hello\r\n\r\nHi")


def open_session(page: Page, mailsink: Mailsink, name: str) -> None:
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-sessions] li", has_text=name).first
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text(name)


def test_pages_are_accessible(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, "axe.shop.test")
    with Wire(mailsink.smtp) as client:
        client.say("EHLO sitting.shop.test")
        client.say("NONSENSE")
        page.goto(f"{mailsink.url}/sessions")
        assert_accessible(page)
        open_session(page, mailsink, "sitting.shop.test")
        until_live(page)
        page.keyboard.press("j")
        expect(page.locator("[data-details] h2")).to_be_visible()
        assert_accessible(page)
    page.goto(f"{mailsink.url}/sessions/nothing")
    assert_accessible(page)


@pytest.mark.parametrize("width", [1440, 900, 390])
def test_nothing_runs_over_the_edge(mailsink: Mailsink, page: Page, width: int) -> None:
    send(mailsink, "wide." + "x" * 200 + ".shop.test")
    page.set_viewport_size({"width": width, "height": 800})
    open_session(page, mailsink, "wide.")
    for url in (
        page.url,
        f"{mailsink.url}/sessions",
        f"{mailsink.url}/nothing-arriving",
    ):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_session_works_without_scripts(mailsink: Mailsink, browser: Browser) -> None:
    send(mailsink, "plain.shop.test")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_session(page, mailsink, "plain.shop.test")
    line = page.locator("table.transcript tr", has_text="TO:<ann@example.com>")
    line.get_by_role("link").first.click()
    expect(page.locator("[data-details]")).to_contain_text("TO:<ann@example.com>")
    context.close()


def test_secret_is_masked(mailsink: Mailsink, page: Page) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="auth.shop.test") as client:
        client.ehlo()
        client.user, client.password = "shop-staging", "hunter2"
        client.auth("PLAIN", client.auth_plain)
    open_session(page, mailsink, "auth.shop.test")
    line = page.locator("table.transcript tr", has_text="235 2.7.0")
    expect(line).to_contain_text("PLAIN ********")
    expect(page.locator(".head .chips")).to_contain_text("AUTH PLAIN shop-staging")


SENDER = "MAIL FROM:<a@shop.test>"
FAILURES = {
    "size": ([f"{SENDER} SIZE=99999999999"], "MAIL refused: message too large (552)"),
    "login": (["AUTH NTLM"], "Login failed (504)"),
    "recipient": (
        [SENDER, "RCPT TO:<a b@c>", "DATA"],
        "Recipient rejected: malformed address (501)",
    ),
    "order": (["RCPT TO:<a@b.test>"], "RCPT refused: wrong order of commands (503)"),
    "parameter": ([f"{SENDER} FOO=1"], "MAIL refused: unknown parameter (555)"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failed_session_says_first_why_it_failed(
    mailsink: Mailsink, page: Page, name: str
) -> None:
    lines, cause = FAILURES[name]
    with Wire(mailsink.smtp) as client:
        for line in (f"EHLO {name}.fail.test", *lines, "QUIT"):
            client.say(line)
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-ended] li", has_text=f"{name}.fail.test")
    expect(row.locator(".said")).to_contain_text(cause)
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text(f"{name}.fail.test → {cause}")
    expect(page.locator(".chip.error", has_text=cause)).to_be_visible()
    banner = page.locator(".banner.diagnosis")
    expect(banner.locator("h2")).to_have_text(cause)
    expect(banner).to_contain_text("Why")
    expect(banner).to_contain_text("Fix")
    expect(banner).to_contain_text("closed the connection properly")
    expect(page.locator(".transcript-pane")).not_to_contain_text("Ended well")
    assert_why_and_fix_come_first(page)
    assert_accessible(page)


def assert_why_and_fix_come_first(page: Page) -> None:
    """The line that was refused is selected; the answer stands before the protocol."""
    chosen = page.locator("tr[aria-current=true]")
    expect(chosen.locator(".reply")).to_have_class(re.compile("error"))
    details = page.locator("[data-details]")
    expect(details.get_by_text("Protocol details")).to_be_visible()
    expect(details.get_by_text("Means")).to_be_hidden()
    words = details.inner_text()
    order = [words.index(each) for each in ("Why", "Fix", "Protocol details")]
    assert order == sorted(order)
    details.get_by_text("Protocol details").click()
    expect(details.get_by_text("Means")).to_be_visible()


def test_disconnected_client_has_a_banner_too(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO cut.fail.test")
        client.begin_message()
        client.send(b"Subject: never ends\r\n")
    page.goto(f"{mailsink.url}/sessions")
    # Once it has ended: of a session that goes on no line is selected.
    page.locator("[data-ended] li", has_text="cut.fail.test").get_by_role(
        "link"
    ).click()
    banner = page.locator(".banner.diagnosis")
    expect(banner.locator("h2")).to_have_text("Disconnected mid-message (21 bytes)")
    expect(banner).to_contain_text("nothing was stored")
    expect(page.locator("tr[aria-current=true]")).to_contain_text("then cut off")


def test_good_session_has_no_banner_and_no_line_selected(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, "good.shop.test")
    open_session(page, mailsink, "good.shop.test")
    expect(page.locator("h1")).to_have_text("good.shop.test → Delivered 1 message")
    expect(page.locator(".diagnosis")).to_have_count(0)
    expect(page.locator("tr[aria-current=true]")).to_have_count(0)
    expect(page.locator("[data-details]")).to_contain_text("Select a line for details.")


def test_wrong_tls_is_fixed_in_the_terms_of_the_chosen_framework(
    mailsink: Mailsink, page: Page
) -> None:
    context = ssl.create_default_context()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        smtplib.SMTP_SSL(*mailsink.smtp, context=context, local_hostname="x")
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-ended] li", has_text="TLS on a plain port").first
    row.get_by_role("link").click()
    banner = page.locator(".banner.diagnosis")
    expect(banner).to_be_visible()
    until_live(page)
    banner.get_by_text("Node").click()
    expect(banner.get_by_text("secure: false")).to_be_visible()
    expect(banner.get_by_text("EMAIL_USE_SSL = False")).to_be_hidden()
    banner.get_by_text("Django").click()
    expect(banner.get_by_text("EMAIL_USE_SSL = False")).to_be_visible()
    page.reload()
    expect(banner.get_by_text("EMAIL_USE_SSL = False")).to_be_visible()
    expect(banner.get_by_text("secure: false")).to_be_hidden()
    assert_accessible(page)


def test_details_are_380_px_wide_and_can_be_resized(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, "wide.shop.test")
    page.set_viewport_size({"width": 1440, "height": 800})
    open_session(page, mailsink, "wide.shop.test")
    pane = page.locator("[data-details]")

    def width() -> float:
        box = pane.bounding_box()
        assert box
        return box["width"]

    until_live(page)
    assert abs(width() - 380) < 3
    page.get_by_role("separator").press("ArrowLeft")
    page.wait_for_function(
        "width => document.querySelector('[data-details]').offsetWidth > width", arg=390
    )
    page.reload()
    assert abs(width() - 404) < 3


def test_list_has_columns(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, "[127.0.0.1]")
    page.set_viewport_size({"width": 1440, "height": 800})
    page.goto(f"{mailsink.url}/sessions")
    heads = page.locator(".columns > span")
    expect(heads).to_have_text(
        ["", "Client", "From → To", "Outcome", "Duration", "Time"]
    )
    row = page.locator("[data-ended] li").first
    expect(row.locator(".who")).to_have_text("127.0.0.1")
    expect(row.locator(".envelope")).to_have_text("a@shop.test → ann@example.com")
    expect(row.locator(".said")).to_contain_text("Delivered 1 message")
    expect(row.locator(".took")).to_have_text(re.compile(r"^\d.* ms$"))
    expect(page.locator("[data-sessions]")).not_to_contain_text("ESMTP")
    for head, cell in ((1, ".who"), (2, ".envelope"), (3, ".said")):
        place = row.locator(cell).bounding_box()
        over = heads.nth(head).bounding_box()
        assert place
        assert over
        assert abs(place["x"] - over["x"]) < 2
    page.set_viewport_size({"width": 390, "height": 800})
    expect(heads.nth(1)).to_be_hidden()
    box = row.bounding_box()
    assert box
    assert box["height"] < 64  # two lines


def test_long_session_is_loaded_as_one_scrolls(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO long.shop.test")
        for _ in range(16):
            client.send(b"NOOP\r\n" * 200)
            for _ in range(200):
                client.reply()
        client.say("QUIT")
    open_session(page, mailsink, "long.shop.test")
    rows = page.locator("table.transcript tbody tr")
    expect(rows.first).to_have_id("e1")
    page.wait_for_function(_SCROLL, arg=["e3203", "end"])
    expect(rows.last).to_contain_text("QUIT")
    assert rows.count() <= 600
    page.wait_for_function(_SCROLL, arg=["e1", "start"])
    expect(rows.first).to_have_id("e1")
    assert rows.count() <= 600


# Scrolls the transcript to its end or its start; tells whether a line is there.
_SCROLL = """([id, where]) => {
  const pane = document.querySelector("[data-transcript]");
  pane.scrollTop = where === "end" ? pane.scrollHeight : 0;
  return document.getElementById(id) !== null;
}"""
