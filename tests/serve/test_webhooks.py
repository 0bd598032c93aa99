"""A running Mailsink calls webhooks: real mail comes in, a real web server is called."""

from __future__ import annotations

import smtplib
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from tests.receiver import receiving
from tests.releasing import post, until
from tests.running import Mailsink

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


def deliveries(server: Mailsink, made: dict[str, Any]) -> list[dict[str, Any]]:
    """All deliveries, oldest first."""
    found: list[dict[str, Any]] = []
    path, cursor = f"webhooks/{made['id']}/deliveries?limit=500", ""
    while True:
        page = server.get(f"{path}{cursor}")
        found += page["items"]
        if not page["next"]:
            return found[::-1]
        cursor = f"&cursor={page['next']}"


def test_kill_9_loses_no_event(start_mailsink: Start) -> None:
    """Killed before, between, and after calls: each message is called for, in order."""
    server = start_mailsink(**LOOPBACK)
    calls: list[str] = []
    total = 0
    with receiving() as receiver:
        made = hook(server, receiver.url)
        for round in range(3):
            before = len(receiver.calls)
            send(server, f"round {round}", 100)
            total += 100
            if round:
                receiver.until(before + 1)
            server.kill()
            server = start_mailsink(**LOOPBACK)
        until(lambda: server.get(f"webhooks/{made['id']}")["waiting"] == 0)
        until(lambda: len(deliveries(server, made)) == total)
        until(lambda: {d["state"] for d in deliveries(server, made)} == {"delivered"})
        calls = [each.json["object"]["id"] for each in receiver.calls]
    stored = [each["id"] for each in server.get("messages?limit=500")["items"]][::-1]
    assert list(dict.fromkeys(calls)) == stored
    assert len(stored) == total


def failed(server: Mailsink, release: str) -> bool:
    """Whether a release has failed; one that rests is tried again."""
    state = server.get(f"releases/{release}")["state"]
    if state == "queued":
        try:
            post(server, f"releases/{release}/retry")
        except urllib.error.HTTPError as busy:  # it is being tried
            busy.close()
    return bool(state == "failed")


def test_a_whole_dialogue(start_mailsink: Start) -> None:
    """A refused transaction, the end of a session, a release that fails, a large message."""
    server = start_mailsink(**LOOPBACK)
    server.patch(
        "inboxes/default", known_only=True, addresses=[{"address": "b@example.com"}]
    )
    with receiving() as receiver:
        made = hook(
            server,
            receiver.url,
            "message.created", "transaction.rejected", "session.closed", "release.failed",
        )  # fmt: skip
        with smtplib.SMTP(*server.smtp) as client:
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("a@example.com", ["x@example.com"], "")
            large = "Subject: Large\r\n\r\n" + "word " * 200_000 + "\r\n"
            client.sendmail("a@example.com", ["b@example.com"], large)
        until(lambda: len(deliveries(server, made)) >= 3)
        post(server, "routes", name="hop", host="127.0.0.1", port=9, allow=["*"])
        release = post(server, "messages/latest/release", route="hop")["id"]
        server.delete("routes/hop")
        until(lambda: failed(server, release))
        until(lambda: "release.failed" in {c.json["event"] for c in receiver.calls})
        said = [each.json for each in receiver.calls]
    # Outward sessions of the release end as well.
    by_event = {each["event"]: each["object"] for each in reversed(said)}
    assert by_event["transaction.rejected"]["code"] == 550
    assert by_event["session.closed"]["ending"] == "quit"
    assert len(by_event["message.created"]["text"]) > 900_000
    assert by_event["release.failed"]["state"] == "failed"


@pytest.mark.parametrize("variables", [{"OUTGOING": "no"}, {}])
def test_nothing_leaves_by_default(
    start_mailsink: Start, variables: dict[str, str]
) -> None:
    server = start_mailsink(**LOOPBACK)
    with receiving() as receiver:
        if variables:
            made = hook(server, receiver.url)
            server.stop()
            server = start_mailsink(**LOOPBACK, **variables)
            with pytest.raises(urllib.error.HTTPError) as refused:
                post(server, f"webhooks/{made['id']}/test")
            assert refused.value.code == 409
            refused.value.close()
        send(server)
        until(lambda: server.get("sessions?live=false")["items"])
        server.stop()
    assert receiver.calls == []
