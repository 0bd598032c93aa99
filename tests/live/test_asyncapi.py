"""The AsyncAPI document: valid by AsyncAPI's own schema, and true of real frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.test import RequestFactory
from django.urls import resolve

from inbox.api.v3 import live_schemas
from inbox.capture.rows import SessionChanges
from inbox.live.feed import Feed
from inbox.mailbox.signals import MessageDeleted
from tests.live.clients import Client
from tests.live.test_live import exchange_row, message_row, session_row

# That of AsyncAPI 3.0.0 (npm's @asyncapi/specs, Apache-2.0), without its descriptions
SCHEMA = json.loads(Path(__file__).with_name("asyncapi-3.0.0.json").read_text())


@pytest.fixture
def document() -> dict[str, Any]:
    path = "/api/v3/asyncapi.json"
    request = RequestFactory().get(path, headers={"host": "localhost:8025"})
    answer = resolve(path).func(request)
    assert answer["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(answer.content)
    return found


def check(document: dict[str, Any], name: str, payload: Any) -> None:
    """Hold a payload to the message that the document has under a name."""
    payload_schema = document["components"]["messages"][name]["payload"]
    schema = {**payload_schema, "components": document["components"]}
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    assert not [each.message for each in validator.iter_errors(payload)]


def test_it_is_valid(document: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft7Validator(SCHEMA)
    assert not [each.message for each in validator.iter_errors(document)]
    assert not validator.is_valid({**document, "channels": []})


def test_it_names_this_server(document: dict[str, Any]) -> None:
    socket, http = document["servers"]["websocket"], document["servers"]["http"]
    assert socket == {"host": "localhost:8025", "protocol": "ws"}
    assert http == {"host": "localhost:8025", "protocol": "http"}
    addresses = {each["address"] for each in document["channels"].values()}
    assert addresses == {"/ws/live", "/api/v3/events"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def follow(node: Any) -> None:
        if isinstance(node, dict):
            place = document
            for each in node.get("$ref", "#").split("/")[1:]:
                place = place[each]
            for each in node.values():
                follow(each)
        elif isinstance(node, list):
            for each in node:
                follow(each)

    follow(document)


def test_commands_are_described(document: dict[str, Any]) -> None:
    for each in live_schemas.COMMANDS:
        schema = document["components"]["schemas"][each.__name__]
        assert all(member["description"] for member in schema["properties"].values())
    check(document, "SubscribeFrame", {"type": "subscribe", "to": "messages"})
    with pytest.raises(AssertionError):
        check(document, "AckFrame", {"type": "ack"})


def name_of(event: str) -> str:
    """Return the name of the message that an event is."""
    if event == "message.deleted":
        return "MessageDeletedEvent"
    return f"{event.partition('.')[0].title()}Event"


@pytest.mark.usefixtures("memory_layer", "slugs")
async def test_frames_are_as_described(document: dict[str, Any], feed: Feed) -> None:
    """Each frame, and each event in it as server-sent events have it."""
    client = Client()
    check(document, "HelloFrame", await client.greet())
    row = session_row(tls_version="TLSv1.3", auth_mechanism="PLAIN")
    for to in ("sessions", "messages", f"session:{row.id}"):
        subscribed = await client.ask(type="subscribe", to=to)
        check(document, "SubscribedFrame", subscribed)
    check(document, "ErrorFrame", await client.ask(type="?"))
    message = message_row(row)
    feed.committed(
        SessionChanges(
            sessions_opened=[row],
            messages_created=[message],
            exchanges_created=[exchange_row(row.id, 1)],
        )
    )
    feed.announce([MessageDeleted(message.id, 1)])
    seen = set()
    while {"message.created", "message.deleted", "exchange.created"} - seen:
        frame = await client.next()
        check(document, "BatchFrame", frame)
        await client.say(type="ack", seq=frame["seq"])
        for event in frame["events"]:
            check(document, name_of(event["event"]), event)
            seen.add(event["event"])
    await client.disconnect()
