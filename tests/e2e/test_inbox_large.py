"""The inbox with 100,000 messages stored, and with 1,000 arriving each second."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.mail import ROW, open_inbox, row, send
from tests.e2e.work import MainThread
from tests.large import store_messages
from tests.mails import apart, plain
from tests.running import Mailsink

STORED = 100_000
BATCH, BATCHES, PAUSE = 25, 120, 0.025  # 1,000 messages a second, for 3 seconds


@pytest.mark.long
def test_100_000_messages_scroll_like_fifty(
    start_mailsink, page: Page, tmp_path: Path
) -> None:
    store_messages(tmp_path / "data", STORED)
    server = start_mailsink(RETENTION_MESSAGES="0", RETENTION_SESSIONS="0")
    open_inbox(server, page)
    first = page.locator("#entries > li").first
    expect(first).to_have_attribute("aria-setsize", str(STORED))
    expect(first).to_contain_text(f"Stored {STORED - 1}")

    box = page.locator("#entries").bounding_box()
    assert box
    assert abs(box["height"] - STORED * ROW) < 1  # layout counts in 64ths of a pixel

    page.locator("#scroller").evaluate(f"node => node.scrollTop = 10000 * {ROW}")
    expect(row(page, f"Stored {STORED - 10_001}")).to_be_in_viewport()
    send(server, plain("The newest"))
    assert page.locator("#entries > li").count() < 60

    page.get_by_role("button", name="1 new message").click()
    expect(first).to_contain_text("The newest")


@pytest.mark.parametrize("alike", [True, False])
def test_1000_messages_a_second_are_all_shown_and_acknowledged(
    mailsink: Mailsink, page: Page, alike: bool
) -> None:
    wire = Feed(alike)
    page.route_web_socket("**/ws/live", wire.connect)
    open_inbox(mailsink, page)
    thread = MainThread(page)
    idle = thread.used()
    began = time.monotonic()
    for number in range(BATCHES):
        wire.send_batch(number)
        # The pace of the load itself, and Playwright's turn to take in acknowledgements.
        page.wait_for_timeout(
            max(0, (began + (number + 1) * PAUSE - time.monotonic()) * 1000)
        )
    count = BATCH * BATCHES
    last = f"{count:,} similar" if alike else f"Live {apart(count - 1)}"
    first = page.locator("#entries > li").first
    expect(first).to_contain_text(last)
    used = thread.used() - idle
    assert page.locator("#entries > li").count() < 60
    length = int(first.get_attribute("aria-setsize") or 0)
    assert length < BATCH if alike else length >= count
    while len(wire.acknowledged) < BATCHES:
        page.wait_for_timeout(20)  # Playwright's turn to take them in
    assert wire.acknowledged == list(range(1, BATCHES + 1))
    assert used < BATCHES * PAUSE, "it would not keep up with such a pace"


class Feed:
    """The server's part of /ws/live, as docs/live.md has it."""

    def __init__(self, alike: bool) -> None:
        self.alike = alike
        self.acknowledged: list[int] = []

    def connect(self, route: WebSocketRoute) -> None:
        self.route = route
        route.on_message(self._take)
        self._send({"type": "hello", "version": 1, "server": "test"})

    def _take(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if frame["type"] == "subscribe":
            self._send({"type": "subscribed", "to": frame["to"]})
        elif frame["type"] == "ack":
            self.acknowledged.append(frame["seq"])

    def send_batch(self, number: int) -> None:
        first = number * BATCH
        events = [self._event(each) for each in range(first, first + BATCH)]
        batch = {"type": "batch", "seq": number + 1, "to": "messages", "events": events}
        self._send(batch)

    def _send(self, frame: dict[str, object]) -> None:
        self.route.send(json.dumps(frame))

    def _event(self, number: int) -> dict[str, object]:
        return {
            "event": "message.created",
            "id": f"ffffffff-0000-7000-8000-{number:012x}",
            "received_at": "2026-11-23T10:00:00.000000Z",
            "from": {"name": "Shop", "address": "shop@shop.test"},
            "subject": f"Live {number if self.alike else apart(number)}",
            "snippet": "",
            "size": 2048,
            "tags": [],
            "status": "new",
            "note": "",
            "inbox": "default",
            "attachments": 0,
            "read": False,
            "pinned": False,
            "code": 250,
            "reverse_path": "bounce@shop.test",
            "first_recipient": "ann@example.com",
            "recipients_accepted": 1,
            "recipients_refused": 0,
        }
