"""Writing into every field of every page: what is typed is text, and never a shortcut."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.mail import open_inbox, row, send, until_live
from tests.e2e.wire import Wire
from tests.mails import plain
from tests.running import Mailsink

# Each character is a shortcut somewhere; it is shorter than any field's limit.
SENTENCE = "#12 xyz? /jkhe [sat] *dpc* uvw-SCJKGN 1l0 firn"


def open_message(mailsink: Mailsink, page: Page, subject: str) -> None:
    send(mailsink, plain(subject))
    open_inbox(mailsink, page)
    row(page, subject).first.get_by_role("link").click()
    expect(page.locator("h1", has_text=subject)).to_be_visible()


def write(page: Page, field: Locator) -> None:
    """Type into the field that has the focus by now."""
    expect(field).to_be_focused()
    before = page.url
    page.keyboard.type(SENTENCE)
    expect(field).to_have_value(SENTENCE)
    assert page.url == before
    expect(page.locator("dialog[open]:not(:has(:focus))")).to_have_count(0)


def lives(mailsink: Mailsink, subject: str) -> None:
    query = quote(f'subject:"{subject}"')
    [found] = mailsink.get(f"messages?q={query}")["items"]
    assert not found["pinned"]
    assert found["tags"] == []


def test_a_note_opened_by_a_click_is_written_and_saved_by_keys(
    mailsink: Mailsink, page: Page
) -> None:
    open_message(mailsink, page, "Written upon")
    summary = page.locator("#note-summary")
    summary.click()
    write(page, page.get_by_role("textbox", name="Note"))
    lives(mailsink, "Written upon")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#marks .noted")).to_have_text(SENTENCE)
    # The feed may show the note before the answer comes, which closes the form.
    expect(page.locator("#marks details.note")).not_to_have_attribute("open", "")
    summary.click()
    page.keyboard.type("!")
    page.keyboard.press("Meta+Enter")
    expect(page.locator("#marks .noted")).to_have_text(f"{SENTENCE}!")
    lives(mailsink, "Written upon")


def test_no_shortcut_on_the_buttons_and_the_summary_of_a_form(
    mailsink: Mailsink, page: Page
) -> None:
    open_message(mailsink, page, "Buttons of forms")
    page.locator("#note-summary").click()
    note = page.get_by_role("textbox", name="Note")
    for place in (
        page.get_by_role("button", name="Save note"),
        page.locator("#note-summary"),
        page.locator("#status-bug"),
        page.locator("#mark-pinned"),
        page.locator("#detail [data-delete]"),
    ):
        place.focus()
        page.keyboard.type("#t*?")
        expect(place).to_be_focused()
    # Beside the fields of a form is in it too.
    page.locator("#marks .note form").click(position={"x": 2, "y": 2})
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("#t*?")
    expect(page.locator("body")).to_be_focused()
    expect(page.locator("#chosen")).to_be_hidden()
    expect(note).to_have_value("")
    lives(mailsink, "Buttons of forms")
    # Escape leaves a form: keys are keys again.
    note.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.type("#t*")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("#add-tag")).to_be_focused()
    page.keyboard.press("Escape")
    lives(mailsink, "Buttons of forms")


def test_menus_with_what_is_chosen(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Menus of deeds"))
    open_inbox(mailsink, page)
    row(page, "Menus of deeds").hover()
    row(page, "Menus of deeds").locator(".choose").click()
    tag = page.locator("[data-menu=tag]")
    tag.locator("summary").click()
    write(page, tag.locator("input"))
    menu = page.locator("[data-menu=more]")
    menu.locator("summary").click()
    page.keyboard.type("#tepx")
    menu.get_by_role("button").last.focus()
    page.keyboard.type("#tepx")
    menu.locator("summary").click()
    for key, first in (("s", "OK"), ("d", ".eml")):
        page.keyboard.press(key)
        expect(menu.get_by_role("button", name=first)).to_be_focused()
        page.keyboard.press("Escape")
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")
    lives(mailsink, "Menus of deeds")


@pytest.mark.parametrize(
    ("path", "opener", "field"),
    [
        ("/", "", "[data-search]"),
        ("/?q=opener", "[data-save-search] summary", "[data-save-search] [name=name]"),
        ("/", "[data-palette-button]", "#palette input"),
        ("/trash", "", ".search input"),
        ("/trace", "", "#address"),
        ("/sessions", "", ".filter [name=client]"),
        ("/sessions", "", ".filter [name=q]"),
        ("/settings", "", "#quota"),
        ("/settings", "", "#patterns"),
        ("/settings", "", "#images [name=host]"),
        ("/settings", "", "#addresses [name=address]"),
        ("/settings", "", "#addresses [name=target]"),
    ],
)
def test_every_field_takes_a_sentence(
    mailsink: Mailsink, page: Page, path: str, opener: str, field: str
) -> None:
    page.goto(mailsink.url + path)
    until_live(page)
    page.locator(opener or field).first.click()
    write(page, page.locator(field).first)


def test_why_a_finding_is_muted(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as wire:
        wire.say("EHLO muted.test")
        wire.begin_message()
        wire.send(b"From: a@shop.test\r\nSubject: x\r\n\r\nHi.\nHo.\r\n.\r\n")
        wire.reply()
        wire.say("QUIT")
    page.goto(f"{mailsink.url}/sessions")
    rows = page.locator("[data-sessions] li", has_text="muted.test")
    rows.first.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("muted.test")
    until_live(page)
    page.get_by_role("link", name="findings").first.click()
    expect(page.locator("details.mute").first).to_be_visible()
    until_live(page)
    mute = page.locator("details.mute").first
    mute.locator("summary").click()
    write(page, mute.locator("[name=reason]"))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("1 muted")).to_be_visible()
