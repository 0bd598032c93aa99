"""Rules in a real browser: built by mouse and by keyboard alone, tried, met, put in order."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import until_live
from tests.e2e.meanwhile import held
from tests.e2e.wire import Wire
from tests.releasing import post, until
from tests.running import Mailsink


@pytest.fixture(autouse=True)
def _without_rules(mailsink: Mailsink) -> None:
    for rule in mailsink.get("rules")["items"]:
        mailsink.delete(f"rules/{rule['id']}")


def open_page(mailsink: Mailsink, page: Page, path: str = "/rules") -> None:
    page.goto(f"{mailsink.url}{path}")
    until_live(page)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(150):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def sentence(page: Page) -> Locator:
    return page.locator("#preview .sentence")


def test_by_mouse_then_tried_then_met(mailsink: Mailsink, page: Page) -> None:
    open_page(mailsink, page)
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name", exact=True).fill("Fail twice")
    page.get_by_label("Recipient", exact=True).fill("audit@*")
    page.get_by_label("Reply code", exact=True).fill("451")
    page.get_by_label("Text of the reply", exact=True).fill("Try later")
    page.get_by_label("Only the first n times", exact=True).fill("2")
    expect(sentence(page)).to_have_text(
        "When RCPT matches audit@*, reply 451 4.3.0 Try later, the first 2 times."
    )
    page.get_by_role("button", name="Add rule").click()
    (rule,) = until(lambda: mailsink.get("rules")["items"])
    row = page.locator(f"#rule-{rule['id']}")
    expect(row).to_contain_text("When RCPT matches audit@*")

    page.get_by_role("link", name="Try the rules").click()
    page.get_by_label("An address, or the id or link").fill("audit@shop.test")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator(".trial pre")).to_have_text("451 4.3.0 Try later")
    expect(page.get_by_text("The client gets no further.")).to_be_visible()
    assert mailsink.get(f"rules/{rule['id']}")["hits"] == 0

    with Wire(mailsink.smtp) as client:
        client.say("EHLO met.shop.test")
        client.say("MAIL FROM:<a@shop.test>")
        open_page(mailsink, page, "/sessions")
        row_of_it = page.locator("[data-sessions] li", has_text="met.shop.test")
        row_of_it.get_by_role("link").first.click()
        expect(page.locator("#e3")).to_be_visible()
        until_live(page)
        client.say("RCPT TO:<audit@shop.test>")
        line = page.locator("#e4")
        expect(line).to_contain_text(f"rule “#{rule['id']} Fail twice”")
        line.get_by_role("link", name=f"Rule {rule['id']}").click()
    expect(page.get_by_label("Recipient", exact=True)).to_have_value("audit@*")
    until(lambda: mailsink.get(f"rules/{rule['id']}")["hits"])
    open_page(mailsink, page)
    expect(row).to_contain_text("acted once")
    row.get_by_role("link", name="sessions").click()
    expect(page.locator("[data-sessions] li", has_text="met.shop.test")).to_be_visible()


def test_by_keyboard_alone_and_nothing_is_lost(mailsink: Mailsink, page: Page) -> None:
    open_page(mailsink, page)
    tab_to(page, "a[href$='/rules/new']")
    page.keyboard.press("Enter")
    expect(page.locator("form[data-rule]")).to_be_visible()
    until_live(page)
    for name, text in (("forward_path", "b@*"), ("code", "99"), ("text", "No")):
        tab_to(page, f"#rule-{name}")
        page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    wrong = page.locator("#rule-code")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_be_focused()
    expect(page.locator("#wrong-code")).to_contain_text("a number from 200 to 559")
    expect(page.locator("#rule-forward_path")).to_have_value("b@*")
    page.keyboard.press("Control+a")
    page.keyboard.type("550")
    expect(sentence(page)).to_contain_text("reply 550 5.1.1 No")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#rule-list")).to_contain_text("When RCPT matches b@*, reply")


def test_fields_follow_the_stage(mailsink: Mailsink, page: Page) -> None:
    open_page(mailsink, page, "/rules/new")
    expect(page.get_by_label("Header field", exact=True)).to_be_hidden()
    page.locator("[name=stage]").select_option("body")
    expect(page.get_by_label("Header field", exact=True)).to_be_visible()
    page.locator("[name=stage]").select_option("connect")
    expect(page.get_by_label("Recipient", exact=True)).to_be_hidden()


def order(mailsink: Mailsink) -> list[int]:
    return [each["id"] for each in mailsink.get("rules")["items"]]


def test_the_order_by_keyboard_by_button_and_by_dragging(
    mailsink: Mailsink, page: Page
) -> None:
    a, b, c = (
        post(mailsink, "rules", stage="rcpt", name=name, actions={"code": 451})["id"]
        for name in "abc"
    )
    open_page(mailsink, page)
    handle = page.locator(f"#rule-{a} .handle")
    handle.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#rule-list li").nth(1)).to_have_id(f"rule-{a}")
    expect(handle).to_be_focused()
    expect(page.locator("#announcements")).to_have_text(f"Rule {a} is at place 2 of 3")
    assert order(mailsink) == [b, a, c]
    # Somebody else adds a rule, which this page does not show yet.
    d = post(mailsink, "rules", stage="rcpt", name="d", actions={"code": 451})["id"]
    page.get_by_role("button", name=f"Up: rule {c}").click()
    expect(page.locator("#rule-list li")).to_have_count(4)
    assert order(mailsink) == [b, c, a, d]
    page.locator(f"#rule-{d} .handle").drag_to(
        page.locator(f"#rule-{b}"), target_position={"x": 60, "y": 2}
    )
    expect(page.locator("#rule-list li").first).to_have_id(f"rule-{d}")
    assert order(mailsink) == [d, b, c, a]
    mailsink.delete(f"rules/{b}")
    page.get_by_role("button", name=f"Up: rule {c}").click()
    expect(page.locator(".toast")).to_contain_text("the list has changed")
    assert order(mailsink) == [d, c, a]


def three(mailsink: Mailsink) -> list[int]:
    return [
        post(mailsink, "rules", stage="rcpt", name=name, actions={"code": 451})["id"]
        for name in "abc"
    ]


def test_each_key_moves_a_rule_though_the_one_before_is_not_answered(
    mailsink: Mailsink, page: Page
) -> None:
    a, b, c = three(mailsink)
    open_page(mailsink, page)
    handle = page.locator(f"#rule-{c} .handle")
    with held(page, "**/move") as answer:
        handle.press("Alt+ArrowUp")
    handle.press("Alt+ArrowUp")
    page.get_by_role("searchbox").focus()
    answer.let_go(page)
    expect(page.locator("#rule-list li").first).to_have_id(f"rule-{c}")
    assert order(mailsink) == [c, a, b]
    expect(page.get_by_role("searchbox")).to_be_focused()
    with held(page, "**/move") as answer:
        page.get_by_role("button", name=f"Up: rule {b}").click()
    answer.refuse()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")


def test_an_older_answer_does_not_undo_a_move(mailsink: Mailsink, page: Page) -> None:
    a, b, c = three(mailsink)
    open_page(mailsink, page)
    with held(page, "**/rules") as answer, Wire(mailsink.smtp):
        pass
    before = answer.ask()
    page.get_by_role("button", name=f"Up: rule {b}").click()
    expect(page.locator("#rule-list li").first).to_have_id(f"rule-{b}")
    answer.answer(page, before)
    expect(page.locator("#rule-list li").first).to_have_id(f"rule-{b}")
    assert order(mailsink) == [b, a, c]


def test_the_older_answer_to_a_move_does_not_undo_another(
    mailsink: Mailsink, page: Page
) -> None:
    a, b, c = three(mailsink)
    open_page(mailsink, page)
    first = page.locator("#rule-list li").first
    with held(page, "**/move") as answer:
        page.get_by_role("button", name=f"Up: rule {b}").click()
    before = answer.ask()
    post(mailsink, f"rules/{c}/move", before=b)  # somebody else
    with Wire(mailsink.smtp):
        expect(first).to_have_id(f"rule-{c}")
    answer.answer(page, before)
    expect(first).to_have_id(f"rule-{c}")
    assert order(mailsink) == [c, b, a]


def test_a_rule_of_a_line_and_of_a_provider(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO rules.shop.test")
        client.say("MAIL FROM:<a@shop.test>")
        client.say("RCPT TO:<rcpt552_5.2.2@shop.test>")
    (session,) = until(
        lambda: [
            each["id"]
            for each in mailsink.get("sessions?q=code:552")["items"]
            if each["helo"] == "rules.shop.test"
        ]
    )
    open_page(mailsink, page, f"/sessions/{session}?exchange=4")
    page.get_by_role("link", name="Make a rule of this", exact=True).click()
    expect(sentence(page)).to_contain_text(
        re.compile(r"When RCPT matches rcpt552_5\.2\.2@shop\.test, reply 552 5\.2\.2 ")
    )
    open_page(mailsink, page, "/rules/providers")
    page.get_by_label("Search", exact=True).fill("gmail-25")
    expect(page.locator("#entries-found li")).to_have_count(1)
    page.get_by_role("link", name="Make a rule of gmail-25").click()
    expect(sentence(page)).to_contain_text("When a login is valid, reply 535 5.7.8")


def test_a_form_with_faults_is_accessible(mailsink: Mailsink, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_page(mailsink, page, "/rules/new")
    page.get_by_label("Reply code", exact=True).fill("9")
    page.get_by_role("button", name="Add rule").click()
    expect(page.locator("#wrong-code")).to_be_visible()
    until_live(page)  # scripts hide folds that say nothing at this stage
    for fold in page.locator("details.fold > summary").all():
        fold.click()
    assert_accessible(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
