"""What happens on the wire is on the screen while it happens."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import until_live
from tests.e2e.meanwhile import BEFORE_THE_NEXT_EVENT
from tests.e2e.wire import Wire
from tests.running import Mailsink


def test_hung_client_is_on_the_screen_while_it_sits(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/sessions")
    until_live(page)
    with Wire(mailsink.smtp) as client:
        client.say("EHLO hung.shop.test")
        row = page.locator("[data-live] li", has_text="hung.shop.test")
        expect(row).to_contain_text("Waiting for a command after EHLO")
        row.get_by_role("link").click()

        expect(page.locator("h1")).to_contain_text("hung.shop.test")
        expect(page.locator(".state")).to_contain_text(
            "Still open: Waiting for a command after EHLO"
        )
        until_live(page)
        lines = page.locator("table.transcript tbody tr")
        before = lines.count()
        client.say("MAIL FROM:<a@shop.test>")
        expect(lines).to_have_count(before + 1)
        expect(lines.last).to_contain_text("MAIL FROM:<a@shop.test>")
        expect(lines.last).to_contain_text("250 2.1.0")
        expect(lines.last.locator(".took")).to_have_text(re.compile(r"\d ms"))
        expect(page.locator(".state")).to_contain_text(
            "Waiting for a command after MAIL"
        )
        # The feed alone tells it: the server's words may come as late as they like.
        page.route("**/exchanges?*", lambda route: route.abort())
        client.say("RSET")
        expect(lines.last).to_contain_text("RSET")
        page.unroute("**/exchanges?*")
        client.say("MAIL FROM:<b@shop.test>")
        expect(lines.last).to_contain_text("MAIL FROM:<b@shop.test>")
        expect(page.locator(".state [data-elapsed]")).to_have_text(
            re.compile(r"0:(0[1-9]|[1-5]\d)|[1-9]:\d\d")
        )
    expect(page.locator(".banner.diagnosis")).to_contain_text(
        "The client closed the connection in the middle of the dialogue"
    )
    expect(page.locator("h1")).to_contain_text("Disconnected after MAIL")
    expect(page.locator(".timeline svg").first).to_have_attribute(
        "aria-label", re.compile("^Timeline of .*: Client \\d+ %")
    )


def test_list_a_session_moves_from_live_to_ended(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/sessions")
    until_live(page)
    client = Wire(mailsink.smtp)
    client.say("EHLO moving.shop.test")
    live = page.locator("[data-live] li", has_text="moving.shop.test")
    ended = page.locator("[data-ended] li", has_text="moving.shop.test")
    expect(live).to_have_count(1)
    client.say("QUIT")
    client.drop()
    expect(ended).to_contain_text("Closed without sending mail")
    expect(live).to_have_count(0)


def test_list_stays_short_however_many_come(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/sessions")
    until_live(page)
    for number in range(260):
        with Wire(mailsink.smtp) as client:
            client.say(f"EHLO many-{number}.shop.test")
    expect(page.locator("[data-ended] li").first).to_contain_text("many-259.shop.test")
    expect(page.locator("[data-live] li")).to_have_count(0)
    assert page.locator("[data-ended] li").count() <= 200


def test_refusal_is_one_click_from_its_reply(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO why.shop.test")
        reply = client.say("RCPT TO:<ann@example.com>")
        link = re.search(r"\(why: (\S+)\)", reply)
        assert link, reply
        page.goto(link[1])
        chosen = page.locator("tr[aria-current=true]")
        expect(chosen).to_contain_text("RCPT")
        expect(chosen).to_be_in_viewport()
        details = page.locator("[data-details]")
        expect(details.locator("h3")).to_contain_text(["Reply", "Why", "Fix"])
        expect(page.locator(".state")).to_contain_text("Still open")


def test_body_grows_on_the_screen_and_says_it_was_cut_off(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/sessions")
    until_live(page)
    with Wire(mailsink.smtp) as client:
        client.say("EHLO cut.shop.test")
        client.begin_message()
        client.send(b"Subject: never ends\r\n\r\n" + b"line\r\n" * 1000)
        row = page.locator("[data-sessions] li", has_text="cut.shop.test")
        expect(row).to_contain_text("Receiving a message")
    expect(row).to_contain_text(re.compile(r"Disconnected mid-message \(6,\d+ bytes\)"))
    row.get_by_role("link").click()
    body = page.locator("table.transcript tbody tr", has_text="bytes of message")
    expect(body).to_contain_text("then cut off")
    body.get_by_role("link", name="open").click()
    expect(page.locator("#detail .banner")).to_contain_text("Disconnected mid-message")


def test_refused_after_the_dot_says_not_accepted(
    start_mailsink: Callable[..., Mailsink], page: Page
) -> None:
    mailsink = start_mailsink(MAX_MESSAGE_SIZE="1K")
    with Wire(mailsink.smtp) as client:
        client.say("EHLO refused.shop.test")
        client.begin_message()
        client.send(b"Subject: too big\r\n\r\n" + b"line\r\n" * 1000 + b".\r\n")
        assert client.reply().startswith("552")
        client.say("QUIT")
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-ended] li", has_text="refused.shop.test")
    expect(row).to_contain_text("DATA refused: message too large (552)")
    row.get_by_role("link").click()
    body = page.locator("table.transcript tbody tr", has_text="bytes of message")
    expect(body).to_contain_text("552")
    body.get_by_role("link", name="open").click()
    expect(page.locator("#detail .banner")).to_contain_text("message too large (552)")


def test_keys_move_through_the_lines(mailsink: Mailsink, page: Page) -> None:
    with smtplib.SMTP(*mailsink.smtp, local_hostname="keys.shop.test") as client:
        client.sendmail("a@shop.test", "ann@example.com", "Subject: Keys\r\n\r\nHi")
    page.goto(f"{mailsink.url}/sessions")
    page.locator("[data-ended] li", has_text="keys.shop.test").get_by_role(
        "link"
    ).click()
    expect(page.locator("h1")).to_contain_text("keys.shop.test")
    until_live(page)
    chosen = page.locator("tr[aria-current=true]")
    page.keyboard.press("j")
    expect(chosen).to_have_id("e1")
    page.keyboard.press("j")
    expect(chosen).to_have_id("e2")
    expect(page).to_have_url(re.compile(r"\?exchange=2#e2$"))
    expect(page.locator("[data-details] h2")).to_have_text("Line 2")
    page.keyboard.press("k")
    expect(chosen).to_have_id("e1")
    expect(chosen.get_by_role("link").first).to_be_focused()


def test_a_refusal_is_trouble_as_soon_as_it_comes(
    mailsink: Mailsink, page: Page
) -> None:
    with Wire(mailsink.smtp) as client:
        client.say("EHLO refused.live.test")
        page.goto(f"{mailsink.url}/sessions")
        row = page.locator("[data-live] li", has_text="refused.live.test")
        with page.expect_response("**/exchanges?last=*"):  # once it follows the feed
            row.get_by_role("link").click()
        client.say("NONSENSE")
        client.say("NOOP")
        expect(page.locator("#e4")).to_be_visible()
        page.keyboard.press("n")
        expect(page.locator("tr[aria-current=true]")).to_have_id("e3")


def test_a_line_takes_nobody_back_who_has_just_scrolled_up(
    mailsink: Mailsink, page: Page
) -> None:
    page.add_init_script(BEFORE_THE_NEXT_EVENT)
    with Wire(mailsink.smtp) as client:
        client.say("EHLO scrolled.shop.test")
        for _ in range(100):
            client.say("NOOP")
        page.goto(f"{mailsink.url}/sessions")
        row = page.locator("[data-live] li", has_text="scrolled.shop.test")
        row.get_by_role("link").click()
        until_live(page)
        expect(page.locator("#e102")).to_be_in_viewport()
        page.evaluate(
            """() => {
              const pane = document.querySelector("[data-transcript]");
              window.before = () => { pane.scrollTop -= 500; };
            }"""
        )
        client.say("NOOP the next one")
        follow = page.get_by_role("button", name="Follow the newest line")
        expect(follow).to_be_visible()
        expect(page.locator("#e103")).not_to_be_in_viewport()
        follow.click()
        expect(page.locator("#e103")).to_be_in_viewport()


def test_filter_holds_for_what_arrives(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/sessions?client=wanted.shop.test")
    until_live(page)
    with Wire(mailsink.smtp) as other, Wire(mailsink.smtp) as client:
        other.say("EHLO other.shop.test")
        client.say("EHLO wanted.shop.test")
        expect(
            page.locator("[data-live] li", has_text="wanted.shop.test")
        ).to_be_visible()
        assert "other.shop.test" not in page.locator("[data-sessions]").inner_text()
    page.get_by_label("Outcome").select_option("dropped")
    expect(page).to_have_url(
        f"{mailsink.url}/sessions?outcome=dropped&client=wanted.shop.test"
    )
    expect(page.locator("[data-ended] li")).to_have_count(1)


def test_replay_and_trouble_by_keys(mailsink: Mailsink, page: Page) -> None:
    with Wire(mailsink.smtp) as client:
        for line in (
            "EHLO trouble.shop.test",
            "NOOP",
            "NONSENSE",
            "NOOP",
            "RCPT TO:<a@b>",
        ):
            client.say(line)
    page.goto(f"{mailsink.url}/sessions")
    row = page.locator("[data-ended] li", has_text="trouble.shop.test")
    row.get_by_role("link").first.click()
    expect(page.locator("h1")).to_contain_text("trouble.shop.test")
    until_live(page)
    chosen = page.locator("tr[aria-current=true]")
    expect(chosen).to_have_id("e4")  # the first refusal is selected
    for key, line in (("n", "e6"), ("N", "e4")):
        page.keyboard.press(key)
        expect(chosen).to_have_id(line)
    expect(page.locator("[data-details]")).to_contain_text(
        "ignored the refusal and sent NOOP"
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "NONSENSE" in copied
    assert "500 5.5.2" in copied
    page.keyboard.press("r")
    expect(page.get_by_label("Command of swaks")).to_contain_text(
        "--ehlo trouble.shop.test"
    )
    assert_accessible(page)
