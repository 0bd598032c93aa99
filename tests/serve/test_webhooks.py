"""A running Mailsink calls webhooks: real mail comes in, a real web server is called."""

from __future__ import annotations

import smtplib
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from tests.receiver import receiving
from tests.running import Mailsink
from tests.serve.test_releases import post, until

Start = Callable[..., Mailsink]
LOOPBACK = {"WEBHOOKS_PRIVATE": "127.0.0.0/8"}


def send(server: Mailsink, subject: str = "Hello", count: int = 1) -> None:
    with smtplib.SMTP(*server.smtp) as client:
        for _ in range(count):
            client.sendmail(
                "a@example.com",
                ["b@example.com"],
                f"Subject: {subject}\r\n\r\nä\r\n".encode(),
            )


def hook(server: Mailsink, url: str, *events: str, **fields: object) -> dict[str, Any]:
    made: dict[str, Any] = post(
        server, "webhooks", url=url, events=events or ["message.created"], **fields
    )
    return made


def test_a_message_is_posted_signed(start_mailsink: Start) -> None:
    server = start_mailsink(**LOOPBACK)
    with receiving() as receiver:
        made = hook(server, f"{receiver.url}in?a=b%2Fc")
        send(server)
        (call,) = receiver.until(1)
    assert call.path == "/in?a=b%2Fc"
    assert call.headers["content-type"] == "application/json"
    said = Verifier(made["secret"]).verify(call.body, call.headers)
    assert said["event"] == "message.created"
    assert said["inbox"] == "default"
    assert said["id"] == call.headers["webhook-id"]
    whole = server.get("messages/latest")
    indexed = ("snippet", "attachments")
    assert {k: v for k, v in said["object"].items() if k not in indexed} == {
        k: v for k, v in whole.items() if k not in indexed
    }
    assert "secret" not in server.get(f"webhooks/{made['id']}")
    assert receiver.url not in server.stderr


def test_a_private_address_is_not_called(start_mailsink: Start) -> None:
    server = start_mailsink()
    with receiving() as receiver:
        with pytest.raises(urllib.error.HTTPError) as refused:
            hook(server, receiver.url)
        assert refused.value.code == 422
        assert "MAILSINK_WEBHOOKS_PRIVATE" in refused.value.read().decode()
        refused.value.close()
        # A name that stands for it is refused at the call.
        made = hook(server, receiver.url.replace("127.0.0.1", "localhost.localdomain"))
        send(server)
        until(lambda: server.get(f"webhooks/{made['id']}")["failing_since"])
    assert receiver.calls == []
