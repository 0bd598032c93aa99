"""What a user does while an answer, or an event, is on its way stays done."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.mail import open_inbox, row, send, until_live
from tests.e2e.meanwhile import BEFORE_THE_NEXT_EVENT, held
from tests.e2e.test_importing import DROP
from tests.e2e.wire import Wire
from tests.mails import apart, plain, rich
from tests.running import Mailsink

MESSAGE = "**/messages/*"
ENTRIES = re.compile("/entries")


def test_a_message_that_is_closed_before_it_came_stays_closed(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Closed early"))
    open_inbox(mailsink, page)
    with held(page, MESSAGE) as answer:
        row(page, "Closed early").get_by_role("link").click()
    page.keyboard.press("Escape")
    answer.let_go(page)
    expect(page).to_have_url(f"{mailsink.url}/")
    expect(page.locator("#detail")).to_be_empty()


def test_a_key_means_the_message_that_is_on_its_way(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Below it"), plain("Above it"))
    open_inbox(mailsink, page)
    row(page, "Above it").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Above it")
    with held(page, MESSAGE) as answer:
        page.keyboard.press("j")
    page.keyboard.press("#")
    answer.let_go(page)
    expect(row(page, "Below it")).to_have_count(0)
    expect(row(page, "Above it")).to_have_count(1)


def test_keys_behind_that_of_a_tab_mean_the_message_on_its_way(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Has a tab opened"), plain("Is left"))
    open_inbox(mailsink, page)
    row(page, "Is left").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Is left")
    with held(page, MESSAGE) as answer:
        page.keyboard.press("j")
    page.keyboard.press("2")
    page.keyboard.press("s")
    answer.let_go(page)
    expect(page.locator("#detail h1")).to_have_text("Has a tab opened")
    second = page.get_by_role("tab").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    expect(page.locator("#status-ok")).to_have_attribute("aria-pressed", "true")


def test_a_message_that_cannot_be_read_leaves_no_other_in_its_place(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Not readable"), plain("Was open"))
    open_inbox(mailsink, page)
    row(page, "Was open").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Was open")
    with held(page, MESSAGE) as answer:
        row(page, "Not readable").get_by_role("link").click()
    page.keyboard.press("#")
    answer.let_go(page, status=503)
    expect(page.locator(".toast")).to_contain_text("503")
    expect(page.locator("#detail")).to_be_empty()
    expect(row(page, "Was open")).to_have_count(1)
    row(page, "Not readable").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Not readable")


def test_what_is_asked_for_in_a_message_stays_though_another_was_to_open(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Gives way"), rich("Read on", "<p>Hi</p>"))
    open_inbox(mailsink, page)
    row(page, "Read on").get_by_role("link").click()
    page.get_by_role("tab", name="Parts").click()
    part = page.locator("#panel table.parts th a").first
    expect(part).to_be_visible()
    with held(page, MESSAGE) as answer:
        row(page, "Gives way").get_by_role("link").click()
    with page.expect_response("**/messages/*?tab=parts&part=*"):
        part.click()
    answer.let_go(page)
    expect(page.locator("#panel .preview")).to_be_visible()
    expect(page.locator("#detail h1")).to_have_text("Read on")


def test_a_message_that_is_opened_while_another_is_deleted_stays_open(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Opened next"), plain("Deleted first"))
    open_inbox(mailsink, page)
    row(page, "Deleted first").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Deleted first")
    with held(page, "**/delete") as answer:
        page.keyboard.press("#")
    row(page, "Opened next").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Opened next")
    answer.let_go(page)
    expect(row(page, "Deleted first")).to_have_count(0)
    expect(page.locator("#detail h1")).to_have_text("Opened next")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Deleted first")).to_have_count(1)


def test_who_types_while_a_message_is_deleted_goes_on_typing(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Not to be touched"), plain("Deleted while typing"))
    open_inbox(mailsink, page)
    row(page, "Deleted while typing").get_by_role("link").click()
    expect(page.locator("#detail h1")).to_have_text("Deleted while typing")
    with held(page, "**/delete") as answer:
        page.keyboard.press("#")
    page.keyboard.press("/")
    page.keyboard.type("re")
    answer.let_go(page)
    expect(page.locator("#detail")).to_be_empty()
    page.keyboard.type("lease")
    expect(page.get_by_role("searchbox")).to_have_value("release")


def test_what_is_selected_while_others_are_deleted_stays_selected(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Selected later"), plain("Goes away"))
    open_inbox(mailsink, page)
    row(page, "Goes away").get_by_role("link").click(modifiers=["ControlOrMeta"])
    with held(page, "**/messages/chosen") as answer:
        page.keyboard.press("#")
    row(page, "Selected later").get_by_role("link").click(modifiers=["ControlOrMeta"])
    answer.let_go(page)
    expect(row(page, "Goes away")).to_have_count(0)
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")
    ticked = row(page, "Selected later").get_by_role("checkbox")
    expect(ticked).to_be_checked()


def test_a_menu_stays_open_for_who_goes_on_writing(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Tagged twice"))
    open_inbox(mailsink, page)
    row(page, "Tagged twice").get_by_role("link").click(modifiers=["ControlOrMeta"])
    page.keyboard.press("t")
    page.keyboard.type("one")
    with held(page, "**/messages/chosen") as answer:
        page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("re")
    answer.let_go(page)
    page.keyboard.type("lease")
    page.keyboard.press("Enter")
    tags = row(page, "Tagged twice").locator(".tags")
    expect(tags).to_have_text("one, release")


def test_what_is_done_before_the_list_is_read_stays(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Preopened"), plain("Ticked before it"))
    [opened] = mailsink.get("messages?q=subject:preopened")["items"]
    with held(page, ENTRIES) as answer:
        page.goto(f"{mailsink.url}/messages/{opened['id']}")
    ticked = row(page, "Ticked before it").get_by_role("checkbox")
    ticked.focus()
    page.keyboard.press("Space")
    answer.let_go(page)
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")
    expect(ticked).to_be_checked()
    expect(ticked).to_be_focused()


def test_what_is_ticked_stays_though_the_list_cannot_be_read_at_first(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Ticked before a failure"))
    with held(page, ENTRIES) as answer:
        page.goto(mailsink.url)
    until_live(page)
    ticked = row(page, "Ticked before a failure").get_by_role("checkbox")
    ticked.focus()
    page.keyboard.press("Space")
    answer.let_go(page, status=503)
    expect(page.locator("#toasts")).to_contain_text("could not be read")
    send(mailsink, plain("Has it read again"))
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")
    expect(ticked).to_be_checked()


def test_one_of_a_burst_that_is_ticked_before_the_list_is_read_is_one(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, *(plain(f"Alike {number}") for number in range(25)))
    with held(page, ENTRIES) as answer:
        page.goto(mailsink.url)
    row(page, "Alike 24").get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    answer.let_go(page)
    expect(page.locator("#entries")).to_have_class(re.compile("windowed"))
    expect(page.locator("[data-chosen-count]")).to_have_text("1 selected")


def test_no_row_moves_under_who_has_just_scrolled(
    mailsink: Mailsink, page: Page
) -> None:
    page.add_init_script(BEFORE_THE_NEXT_EVENT)
    send(mailsink, *(plain(f"Scrolled {apart(number)}") for number in range(60)))
    open_inbox(mailsink, page)
    page.evaluate(
        """() => {
          const scroller = document.querySelector("#scroller");
          window.before = () => { scroller.scrollTop = 560; };
        }"""
    )
    send(mailsink, plain("Arrives above"))
    expect(page.locator("#new-messages")).to_contain_text("1 new message")
    assert page.evaluate("document.querySelector('#scroller').scrollTop") == 560
    page.locator("#new-messages").click()
    expect(row(page, "Arrives above")).to_be_visible()


def test_what_changes_while_a_message_is_on_its_way_is_shown(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Tagged on its way"))
    open_inbox(mailsink, page)
    line = row(page, "Tagged on its way")
    with held(page, MESSAGE) as answer:
        line.get_by_role("link").click()
    made = answer.ask()
    mailsink.patch(f"messages/{page.url.split('/')[-1]}", tags=["late"])
    expect(line.locator(".tags")).to_have_text("late")
    answer.answer(page, made)
    expect(page.locator("#marks .chip")).to_have_text(re.compile("late"))


def test_an_older_answer_to_a_form_does_not_undo_what_came_since(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Marked by two"))
    open_inbox(mailsink, page)
    row(page, "Marked by two").get_by_role("link").click()
    expect(page.locator("#status-new")).to_have_attribute("aria-pressed", "true")
    with held(page, "**/mark") as answer:
        page.keyboard.press("s")
    made = answer.ask()
    mailsink.patch(f"messages/{page.url.split('/')[-1]}", tags=["theirs"])
    tag = page.locator("#marks .chip", has_text="theirs")
    expect(tag).to_be_visible()
    answer.answer(page, made)
    expect(tag).to_be_visible()
    expect(page.locator("#status-ok")).to_have_attribute("aria-pressed", "true")


def test_the_key_of_the_status_counts_each_time(mailsink: Mailsink, page: Page) -> None:
    send(mailsink, plain("Becomes a bug"))
    open_inbox(mailsink, page)
    row(page, "Becomes a bug").get_by_role("link").click()
    expect(page.locator("#status-new")).to_have_attribute("aria-pressed", "true")
    with held(page, "**/mark") as answer:
        page.keyboard.press("s")
    page.keyboard.press("s")
    answer.let_go(page)
    expect(page.locator("#status-bug")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    expect(page.locator("#status-new")).to_have_attribute("aria-pressed", "true")


def test_a_status_that_is_clicked_while_another_is_on_its_way_counts(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Clicked twice"))
    open_inbox(mailsink, page)
    row(page, "Clicked twice").get_by_role("link").click()
    with held(page, "**/mark") as answer:
        page.locator("#status-ok").click()
    page.locator("#status-bug").click()
    page.locator("#note-summary").click()  # the button loses the focus
    answer.let_go(page)
    expect(page.locator("#status-bug")).to_have_attribute("aria-pressed", "true")


def test_a_button_that_is_pointed_at_outlives_other_words(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Comes back by a click"))
    open_inbox(mailsink, page)
    row(page, "Comes back by a click").get_by_role("link").click()
    page.locator("[data-delete]").click()
    undo = page.get_by_role("button", name="Undo")
    undo.hover()
    place = undo.bounding_box()
    with held(page, "**/api/v3/messages") as answer:
        page.evaluate(DROP, ["a.eml", plain("Dropped meanwhile").decode()])
    assert undo.bounding_box() == place
    answer.let_go(page)
    expect(page.locator("#toasts")).to_contain_text("1 message imported")
    assert undo.bounding_box() == place
    undo.click()
    expect(row(page, "Comes back by a click")).to_have_count(1)


def test_a_link_of_a_tag_keeps_the_focus_while_mail_comes(
    mailsink: Mailsink, page: Page
) -> None:
    send(mailsink, plain("Has a tag"))
    [tagged] = mailsink.get("messages?q=subject:tag&limit=1")["items"]
    mailsink.patch(f"messages/{tagged['id']}", tags=["focused"])
    open_inbox(mailsink, page)
    link = page.locator("[data-tags] a", has_text="focused")
    link.focus()
    mailsink.patch(f"messages/{tagged['id']}", tags=["focused", "another"])
    expect(page.locator("[data-tags] a", has_text="another")).to_be_visible()
    expect(link).to_be_focused()


def test_leaving_an_import_is_asked_about(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    page.locator(".brand").focus()
    page.keyboard.press("Shift")  # browsers ask those alone who did something
    with held(page, "**/api/v3/messages") as answer:
        page.evaluate(DROP, ["a.eml", plain("Imported whole").decode()])
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.assign('sessions'))")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    answer.let_go(page)
    expect(page.locator("#toasts")).to_contain_text("1 message imported")
    page.get_by_role("link", name="Sessions").first.click()
    page.wait_for_url("**/sessions")


def test_who_corrects_a_search_hears_no_more_of_the_wrong_one(
    mailsink: Mailsink, page: Page
) -> None:
    open_inbox(mailsink, page)
    page.keyboard.press("/")
    page.keyboard.type("sicne:yesterday")
    with held(page, "**/check*") as answer:
        page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("since")
    answer.let_go(page)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_have_attribute("aria-invalid", "false")


@pytest.fixture
def long_session(mailsink: Mailsink) -> str:
    """A session of 3,200 lines that has ended; returns its path."""
    with Wire(mailsink.smtp) as client:
        client.say("EHLO meanwhile.shop.test")
        for _ in range(16):
            client.send(b"NOOP\r\n" * 200)
            for _ in range(200):
                client.reply()
        client.say("QUIT")
    session = mailsink.get("sessions?limit=1")["items"][0]["id"]
    return f"{mailsink.url}/sessions/{session}"


IN_SIGHT = """() => {
  const box = document.querySelector("[data-transcript]").getBoundingClientRect();
  const row = document.elementFromPoint(box.left + 60, box.top + box.height / 2).closest("tr");
  return Number(row?.id.slice(1) ?? 0);
}"""
SCROLL_TO = """part => {
  const pane = document.querySelector("[data-transcript]");
  pane.scrollTop = pane.scrollHeight * part;
  return pane.scrollTop;
}"""


def test_who_scrolls_on_while_lines_are_on_their_way_is_not_taken_back(
    long_session: str, page: Page
) -> None:
    page.goto(long_session)
    until_live(page)
    with held(page, "**/exchanges?*") as answer:
        page.evaluate(SCROLL_TO, 0.5)
    page.evaluate(SCROLL_TO, 0.8)
    answer.let_go(page)
    page.wait_for_function(f"() => ({IN_SIGHT})() > 2400")


def test_an_explanation_takes_nobody_back_to_its_line(
    long_session: str, page: Page
) -> None:
    page.goto(long_session)
    until_live(page)
    with held(page, "**/exchanges/1") as answer:
        page.keyboard.press("j")
    place = page.evaluate(SCROLL_TO, 0.01)
    answer.let_go(page)
    expect(page.locator("[data-details]")).to_contain_text("EHLO")
    pane = page.locator("[data-transcript]")
    assert pane.evaluate("node => node.scrollTop") == place


def test_what_is_shown_beside_a_transcript_outlives_changes_of_the_line(
    mailsink: Mailsink, page: Page
) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO beside.shop.test")
        client.begin_message()
        client.send(b"Subject: grows\r\n\r\n" + b"line\r\n" * 1000)
        page.goto(f"{mailsink.url}/sessions")
        live = page.locator("[data-live] li", has_text="beside.shop.test")
        live.get_by_role("link").click()
        until_live(page)
        body = page.locator("tr", has_text="bytes of message")
        expect(body).to_be_visible()
        body.locator(".at a").click()
        details = page.locator("[data-details]")
        expect(details.locator("h2")).to_be_visible()
        page.keyboard.press("r")
        heading = details.get_by_role("heading", name="Reproduce").first
        expect(heading).to_be_visible()
        line = f"#{body.get_attribute('id')}"
        with page.expect_response("**/exchanges?*"):
            client.send(b"line\r\n" * 1000 + b".\r\n")
            client.reply()
        expect(page.locator(line)).to_contain_text("250")
        client.say("NOOP")
        expect(page.locator("tr", has_text="NOOP")).to_be_visible()
        expect(heading).to_be_visible()


def test_a_line_that_is_pressed_while_its_reply_comes_is_chosen(
    mailsink: Mailsink, page: Page
) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO pressed.shop.test")
        client.begin_message()
        client.send(b"Subject: pressed\r\n\r\n" + b"line\r\n" * 1000)
        page.goto(f"{mailsink.url}/sessions")
        live = page.locator("[data-live] li", has_text="pressed.shop.test")
        with page.expect_response("**/exchanges?last=*"):  # once it follows the feed
            live.get_by_role("link").click()
        body = page.locator("tr", has_text="bytes of message")
        body.locator(".reply").hover()  # and not on words that go
        line = page.locator(f"#{body.get_attribute('id')}")
        page.mouse.down()
        client.send(b".\r\n")
        client.reply()
        expect(line.locator(".reply")).to_contain_text("250")
        line.locator(".reply").hover()  # wherever the line is now
        page.mouse.up()
        expect(line).to_have_attribute("aria-current", "true")


def test_a_line_that_the_server_did_not_bring_is_asked_for_again(
    mailsink: Mailsink, page: Page
) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO again.shop.test")
        page.goto(f"{mailsink.url}/sessions")
        live = page.locator("[data-live] li", has_text="again.shop.test")
        with page.expect_response("**/exchanges?last=*"):  # once it follows the feed
            live.get_by_role("link").click()
        expect(page.locator("#e2 .at a")).to_be_visible()
        with held(page, "**/exchanges?after=*") as answer:
            client.say("EHLO again.shop.test")
        answer.let_go(page, status=503)
        # The server's line, and not the sketch of it, has the whole reply.
        expect(page.locator("#e3 details")).to_be_visible()
