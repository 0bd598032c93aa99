"""How large a websocket's messages may be: ours any, a client's not."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

from tests.running import Mailsink

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SUBSCRIBE = """(address) => new Promise((resolve) => {
    const socket = new WebSocket(address);
    window.batches = [];
    socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === "subscribed") resolve();
        if (frame.type === "batch") window.batches.push(data);
    };
    socket.onopen = () => socket.send('{"type": "subscribe", "to": "messages"}');
})"""

# A policy of ours forbids what wait_for_function does.
_FIRST = """() => new Promise((done) => {
    const look = () => window.batches.length ? done() : setTimeout(look, 20);
    look();
})"""

_SEND = """([address, size]) => new Promise((resolve) => {
    const socket = new WebSocket(address);
    socket.onclose = ({ code }) => resolve(code);
    socket.onopen = () => socket.send("x".repeat(size));
    socket.onmessage = ({ data }) => {
        const { type } = JSON.parse(data);
        if (type === "error") resolve(type);
    };
})"""


def test_a_large_batch_reaches_the_browser(page: Page, mailsink: Mailsink) -> None:
    page.goto(f"{mailsink.url}/static/icons.svg")
    page.evaluate(_SUBSCRIBE, mailsink.live)
    subject = "\r\n ".join(["é" * 400] * 40)  # six characters of JSON for each é
    with smtplib.SMTP(*mailsink.smtp) as client:
        client.sendmail("a@b", ["c@d"], f"Subject: {subject}\r\n\r\n".encode())
    page.evaluate(_FIRST)
    assert page.evaluate("window.batches[0].length") > 65536


def test_a_large_frame_of_a_client_ends_its_connection(
    page: Page, mailsink: Mailsink
) -> None:
    page.goto(f"{mailsink.url}/static/icons.svg")
    assert page.evaluate(_SEND, [mailsink.live, 65536]) == "error"
    assert page.evaluate(_SEND, [mailsink.live, 65537]) != "error"
    assert mailsink.stderr == ""
