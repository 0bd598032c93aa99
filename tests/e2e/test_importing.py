"""Files with messages, dropped on the inbox or selected."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.mail import open_inbox, row, until_live
from tests.mails import plain
from tests.running import Mailsink

DROP = """([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    const fire = (type) => window.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    fire("dragenter");
    window.shown = !document.querySelector(".drop-target").hidden;
    fire("drop");
}"""


def test_an_mbox_is_dropped(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    mails = (plain(f"Dropped {n}").decode() for n in range(12))
    mbox = "".join(f"From a@x.test Sat\n{each}\n" for each in mails)
    page.evaluate(DROP, ["mail.mbox", mbox])
    assert page.evaluate("shown")
    expect(page.locator(".drop-target")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("12 messages imported")
    page.goto(f"{mailsink.url}/?q=subject:dropped")
    expect(row(page, "Dropped 11")).to_be_visible()


def test_a_file_is_selected(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    page.locator("[data-menu=everything] summary").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Import…").click()
    page.mouse.move(0, 0)  # no row moves under the pointer
    file = {"name": "a.eml", "mimeType": "", "buffer": plain("Selected")}
    chooser.value.set_files(files=[file])  # type: ignore[list-item]
    expect(page.locator("#toasts")).to_contain_text("1 message imported")
    expect(row(page, "Selected")).to_be_visible()


def test_a_full_disk_ends_it(mailsink: Mailsink, page: Page) -> None:
    open_inbox(mailsink, page)
    told = {"detail": "The disk is full: 3 messages were imported, …", "imported": 3}
    page.route("**/api/v3/messages", lambda route: route.fulfill(status=507, json=told))
    page.evaluate(DROP, ["a.eml", plain("Dropped").decode()])
    words = "The import ended early: 3 messages were imported, then the disk was full."
    expect(page.locator("#toasts")).to_contain_text(words)


def test_the_session_of_an_import_has_nothing_to_reproduce(
    mailsink: Mailsink, page: Page
) -> None:
    post = page.request.post(
        f"{mailsink.url}/api/v3/messages",
        data=plain("Posted"),
        headers={"Content-Type": "message/rfc822"},
    )
    (id,) = post.json()["ids"]
    message = page.request.get(f"{mailsink.url}/api/v3/messages/{id}").json()
    page.goto(f"{mailsink.url}/sessions/{message['session']}")
    expect(page.get_by_text("Imported: there is no SMTP session.")).to_be_visible()
    until_live(page)
    page.keyboard.press("r")
    expect(page.get_by_text("Findings about the client")).to_be_visible()
