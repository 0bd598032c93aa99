"""Parts of pages are fetched again while somebody works in them: his work stays."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.e2e.mail import open_inbox, row, send, until_live
from tests.e2e.meanwhile import held
from tests.mails import plain
from tests.running import Mailsink


def test_the_trash_grows_around_what_is_ticked(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Ticked one"), plain("Ticked two"), plain("Ticked three"))
    three, two, one = mailsink.get("messages?q=subject:ticked")["items"]
    mailsink.delete(f"messages/{two['id']}")
    page.goto(f"{mailsink.url}/trash?q=ticked")
    until_live(page)
    tick = page.get_by_label("Select: Ticked two")
    tick.check()
    page.locator("summary", has_text="Empty the trash").click()
    tick.focus()
    mailsink.delete(f"messages/{three['id']}")
    mailsink.delete(f"messages/{one['id']}")
    subjects = page.locator("#trash tbody th")
    expect(subjects).to_have_text(["Ticked three", "Ticked two", "Ticked one"])
    expect(tick).to_be_checked()
    expect(tick).to_be_focused()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.locator("#empty-menu")).to_have_attribute("open", "")
    expect(page.locator("#empty-menu")).to_contain_text("match (3)? This cannot")
    page.get_by_role("button", name="Restore selected").click()
    expect(subjects).to_have_text(["Ticked three", "Ticked one"])
    expect(page.get_by_role("button", name="Restore selected")).to_be_disabled()


def test_a_note_is_written_while_others_mark_the_message(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Marked by two"))
    open_inbox(mailsink, page)
    row(page, "Marked by two").get_by_role("link").click()
    expect(page.locator("#mark-read")).to_have_text(re.compile("Mark unread"))
    id = page.url.split("/")[-1]
    page.locator("#note-summary").click()
    note = page.get_by_role("textbox", name="Note")
    note.type("Half a sent")
    mailsink.patch(f"messages/{id}", tags=["release 4"], status="bug", pinned=True)
    marks = page.locator("#marks")
    expect(marks.locator(".chip")).to_have_text(re.compile("release 4"))
    expect(marks.locator("#status-bug")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#mark-pinned")).to_have_text(re.compile("Unpin"))
    expect(note).to_be_focused()
    note.type("ence")
    page.locator("#mark-pinned").focus()
    mailsink.patch(f"messages/{id}", tags=[], note="Of another")
    expect(marks.locator(".chip")).to_have_count(0)
    expect(marks.locator(".noted")).to_have_text("Of another")
    expect(note).to_have_value("Half a sentence")
    expect(page.locator("#mark-pinned")).to_be_focused()
    page.locator("#mark-pinned").click()
    expect(page.locator("#mark-pinned")).to_have_text(re.compile("Pin"))
    assert not mailsink.get(f"messages/{id}")["pinned"]


def test_a_note_is_written_while_the_answer_to_another_mark_is_on_its_way(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Marked, then noted"))
    open_inbox(mailsink, page)
    row(page, "Marked, then noted").get_by_role("link").click()
    expect(page.locator("#mark-read")).to_have_text(re.compile("Mark unread"))
    with held(page, "**/mark") as answer:
        page.keyboard.press("s")
    page.keyboard.press("a")
    page.keyboard.type("Half a sent")
    answer.let_go(page)
    expect(page.locator("#status-ok")).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("ence")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#marks .noted")).to_have_text("Half a sentence")
    note = page.locator("#marks details.note")
    expect(note).not_to_have_attribute("open", "")


def test_what_came_while_nobody_looked_is_fetched_when_somebody_does(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Unseen"))
    [unseen] = mailsink.get("messages?q=subject:unseen")["items"]
    page.add_init_script(
        "window.away = true; Object.defineProperty(document, 'hidden', {get: () => window.away})"
    )
    page.goto(f"{mailsink.url}/trash?q=unseen")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    until_live(page)
    mailsink.delete(f"messages/{unseen['id']}")
    send(mailsink, plain("Comes after it"))
    # The counts of unread mail are told by the same feed, after the deletion.
    expect(page.locator("[data-count=unread]")).not_to_have_text("")
    assert not [url for url in asked if "/trash" in url]
    page.evaluate(
        "window.away = false; document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.locator("#trash tbody th")).to_have_text(["Unseen"])


def test_what_was_asked_for_last_is_shown_beside_a_transcript(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Explained late"))
    session = mailsink.get("sessions?limit=1")["items"][0]["id"]
    held: list[Route] = []
    page.route("**/exchanges/1", lambda route: held.append(route))
    page.goto(f"{mailsink.url}/sessions/{session}")
    until_live(page)
    with page.expect_request("**/exchanges/1"):
        page.keyboard.press("j")
    page.keyboard.press("r")
    details = page.locator("[data-details]")
    expect(details.get_by_role("heading", name="Reproduce").first).to_be_visible()
    with page.expect_response("**/exchanges/1") as answered:
        held[0].continue_()
    answered.value.finished()
    page.keyboard.press("k")
    expect(details.get_by_role("heading", name="Reproduce").first).to_be_visible()
