"""The page of settings in a browser: what is set there is what clients meet."""

from __future__ import annotations

import smtplib

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import until_live
from tests.e2e.meanwhile import held
from tests.running import Mailsink


def rcpt(server: Mailsink, recipient: str) -> str:
    """Return what RCPT is answered, without its link."""
    with smtplib.SMTP(*server.smtp) as client:
        client.helo("test")
        client.mail("a@example.com")
        code, text = client.rcpt(recipient)
        return f"{code} {text.decode().partition(' (why')[0]}"


def fill(page: Page, address: str, kind: str, target: str = "") -> None:
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_label("Kind").select_option(kind)
    page.get_by_label("Target").fill(target)


def test_addresses_and_settings(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/")
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    until_live(page)
    page.evaluate("window.stays = true")

    fill(page, "gone@example.com", "moved", "new@example.net")
    page.get_by_role("button", name="Add address").click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert rcpt(mailsink, "gone@example.com") == (
        "551 5.1.6 User not local; please try <new@example.net>"
    )

    page.get_by_label("Reject unknown recipients").check()
    page.get_by_label("Quota").fill("1x")
    page.get_by_role("button", name="Save receiving").click()
    expect(page.get_by_role("alert")).to_contain_text("The quota is a number of bytes")
    page.get_by_label("Quota").fill("1M")
    page.get_by_role("button", name="Save receiving").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert rcpt(mailsink, "who@example.com") == "550 5.1.1 There is no such user here"

    page.get_by_role("link", name="Edit gone@example.com").click()
    expect(page.get_by_label("Address", exact=True)).to_be_focused()
    page.get_by_label("Kind").select_option("mailbox")
    page.get_by_role("button", name="Save address").click()
    expect(page.get_by_role("alert")).to_contain_text("a mailbox has no target")
    expect(page.get_by_label("Address", exact=True)).to_be_focused()
    page.get_by_label("Target").fill("")
    page.get_by_role("button", name="Save address").click()
    expect(page.get_by_role("row", name="gone@example.com mailbox")).to_be_visible()
    assert rcpt(mailsink, "gone@example.com") == "250 2.1.5 Recipient ok"

    page.get_by_role("button", name="Remove gone@example.com").click()
    expect(page.get_by_text("None yet")).to_be_visible()
    assert rcpt(mailsink, "gone@example.com").startswith("550")
    assert page.evaluate("window.stays"), "htmx should have kept the page"


def test_what_is_typed_in_one_form_outlives_the_answer_to_another(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    page.get_by_label("Quota").fill("5M")
    page.get_by_label("Pause").check()
    host = page.get_by_label("Host")
    host.fill("cdn.example.com")
    with held(page, "**/settings/**") as answer:
        page.keyboard.press("Enter")
    host.fill("img.example")
    answer.let_go(page)
    expect(page.get_by_role("button", name="Remove cdn.example.com")).to_be_visible()
    page.keyboard.type(".com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove img.example.com")).to_be_visible()
    expect(host).to_have_value("")
    expect(page.get_by_label("Quota")).to_have_value("5M")
    expect(page.get_by_label("Pause")).to_be_checked()


def test_a_box_that_is_unticked_before_the_answer_stays_so(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    page.get_by_label("Pause").check()
    with held(page, "**/settings/**") as answer:
        page.get_by_role("button", name="Save receiving").click()
    page.get_by_label("Pause").uncheck()
    answer.let_go(page)
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.get_by_label("Pause")).not_to_be_checked()


def test_a_field_that_is_put_back_shows_what_others_set(
    mailsink: Mailsink, page: Page
) -> None:
    mailsink.patch("inboxes/default", paused=False, quota_octets=1 << 20)
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    for quota in ("5M", "1M"):
        page.get_by_label("Quota").fill(quota)
    page.get_by_label("Pause").check()
    page.get_by_label("Pause").uncheck()
    mailsink.patch("inboxes/default", paused=True, quota_octets=2 << 20)
    page.get_by_label("Host").fill("put-back.example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove put-back")).to_be_visible()
    expect(page.get_by_label("Pause")).to_be_checked()
    expect(page.get_by_label("Quota")).to_have_value("2M")
    mailsink.patch("inboxes/default", paused=False, quota_octets=0)


def test_an_address_that_is_edited_outlives_the_answers_to_other_forms(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/settings")
    until_live(page)
    fill(page, "edited@example.com", "mailbox")
    page.get_by_role("button", name="Add address").click()
    page.get_by_role("link", name="Edit edited@example.com").click()
    expect(page.get_by_role("button", name="Save address")).to_be_visible()
    name = page.get_by_label("Name", exact=True)
    name.fill("Half an edit")
    for host in ("edit.example.com", "not a host"):
        page.get_by_label("Host").fill(host)
        page.keyboard.press("Enter")
        if host == "edit.example.com":
            removal = page.get_by_role("button", name=f"Remove {host}")
            expect(removal).to_be_visible()
        else:
            expect(page.get_by_role("alert")).to_be_visible()
        expect(name).to_have_value("Half an edit")
    page.get_by_label("Pause").uncheck()
    save = page.get_by_role("button", name="Save receiving")
    save.click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(save).to_be_focused()
    expect(name).to_have_value("Half an edit")
    page.get_by_role("button", name="Save address").click()
    expect(
        page.get_by_role("row", name="edited@example.com Half an edit")
    ).to_be_visible()
    page.get_by_role("button", name="Remove edited@example.com").click()
    expect(page.get_by_text("None yet")).to_be_visible()


def test_without_javascript(mailsink: Mailsink, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailsink.url}/settings")
    fill(page, "far@example.com", "forwarded", "far@example.net")
    page.get_by_role("button", name="Add address").click()
    page.wait_for_url(f"{mailsink.url}/settings?saved=address#addresses")
    page.get_by_role("link", name="Edit far@example.com").click()
    page.get_by_label("Name").fill("Far")
    page.get_by_role("button", name="Save address").click()
    expect(page.get_by_role("row", name="far@example.com Far")).to_be_visible()
    page.get_by_role("button", name="Remove far@example.com").click()
    expect(page.get_by_text("None yet")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_settings_are_accessible(mailsink: Mailsink, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{mailsink.url}/settings")
    assert_accessible(page)
    fill(page, f"staff{width}@example.com", "list", "ann@example.com, bob@example.com")
    page.get_by_role("button", name="Add address").click()
    page.get_by_role("link", name=f"Edit staff{width}").click()
    assert_accessible(page)
    page.get_by_label("Address", exact=True).fill("staff@")
    page.get_by_role("button", name="Save address").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    assert not page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
