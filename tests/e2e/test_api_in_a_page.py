"""API v3 and the live feed, used by a page in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.mail import send
from tests.mails import plain
from tests.running import Mailsink


def test_a_page_hears_of_it(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/api/v3/docs")
    page.evaluate(
        """(live) => new Promise((ready) => {
            window.frames_ = [];
            const socket = new WebSocket(live);
            socket.onmessage = ({ data }) => {
                const frame = JSON.parse(data);
                frames_.push(frame);
                if (frame.type === "hello")
                    socket.send('{"type": "subscribe", "to": "messages"}');
                if (frame.type === "subscribed") ready();
                if (frame.type === "batch")
                    socket.send(JSON.stringify({ type: "ack", seq: frame.seq }));
            };
        })""",
        mailsink.live,
    )
    send(mailsink, plain("Live"))
    page.wait_for_function(
        """() => frames_.some((frame) => (frame.events ?? []).some(
            (each) => each.event === "message.updated" && each.snippet === "Hello."))"""
    )
    frames = page.evaluate("frames_")
    created = [
        each
        for frame in frames
        for each in frame.get("events", [])
        if each["event"] == "message.created"
    ]
    assert [each["subject"] for each in created] == ["Live"]
    assert created[0].keys() - {"event"} == mailsink.get("messages/latest").keys() - {
        "envelope", "defects", "parts", "html", "text", "truncated", "codes", "actions", "events",
        "notices", "report", "reports",
    }  # fmt: skip


def test_docs_page_works_under_its_policy(mailsink: Mailsink, page: Page) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(f"{mailsink.url}/api/v3/docs")
    assert response is not None
    assert "script-src 'self';" in response.headers["content-security-policy"]
    page.get_by_text("/api/v3/messages/wait").wait_for()
    page.locator("#operations-Server-info_info").get_by_role("button").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.get_by_text('"hostname"').first.wait_for()
    local = (f"{mailsink.url}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(local)] == []
    assert told == []
