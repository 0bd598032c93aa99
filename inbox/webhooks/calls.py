"""The calls of a webhook: the address of each, and its body in the shape of the receiver."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inbox.mailbox import inboxes
from inbox.models import Webhook, WebhookDelivery
from inbox.webhooks import hook_urls
from inbox.webhooks.call_texts import CallText, text
from mailsink.ids import made_at

MOST_OCTETS = 4 * 1024 * 1024  # of a body
_MOST_FOR_CHATS = 3500  # octets of ntfy's message, which it cuts at 4,096
CONTENT_TYPE = "application/json"

Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that can be made."""

    delivery: WebhookDelivery
    url: str
    body: bytes


def call(
    webhook: Webhook, delivery: WebhookDelivery, object: Shape, base_url: str
) -> Call:
    """Return the call of a delivery. object: in the form of API v3; base_url: of the pages"""
    if webhook.shape == "json":
        return Call(delivery, webhook.url, _enveloped(delivery, object))
    url, shape = webhook.url, _CHATS[webhook.shape]
    body = shape(text(delivery.event, object, base_url))
    if webhook.shape == "ntfy":
        url, body["topic"] = hook_urls.topic(webhook.url)
    return Call(delivery, url, _dumped(body))


def _enveloped(delivery: WebhookDelivery, object: Shape) -> bytes:
    """Return the object in its envelope; if it is too long, without its longest members."""
    envelope: Shape = {
        "id": str(delivery.event_id),
        "event": delivery.event,
        "time": _time(made_at(delivery.event_id)),
        "inbox": inboxes.slug(delivery.inbox_id),
        "left_out": [],
        "object": object,
    }
    body = _dumped(envelope)
    if len(body) <= MOST_OCTETS:
        return body
    sizes = {name: len(_dumped(value)) for name, value in object.items()}
    left_out: list[str] = []
    excess = len(body) - MOST_OCTETS
    while excess > 0 and sizes:
        longest = max(sizes, key=sizes.__getitem__)
        excess -= sizes.pop(longest)
        left_out.append(longest)
    kept = {name: value for name, value in object.items() if name not in left_out}
    return _dumped({**envelope, "left_out": left_out, "object": kept})


def _dumped(value: Any) -> bytes:
    # Text decoded from mail may have lone surrogates, which UTF-8 cannot encode.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _time(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _slack(said: CallText) -> Shape:
    """Return a message for an incoming webhook of Slack: plain text, without mentions."""
    plain = [said.title, *(f"{label}: {value}" for label, value in said.facts)]
    blocks: list[Shape] = [
        {"type": "header", "text": _plain(said.title)},
        *(
            [{"type": "section", "fields": [_plain(each) for each in plain[1:11]]}]
            if said.facts
            else []
        ),
    ]
    if said.url:
        button = {"type": "button", "text": _plain("Mailsink"), "url": said.url}
        blocks.append({"type": "actions", "elements": [button]})
    escaped = said.title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped, "blocks": blocks}


def _plain(text: str) -> Shape:
    return {"type": "plain_text", "text": text, "emoji": False}


def _teams(said: CallText) -> Shape:
    """Return an Adaptive Card for a workflow of Teams. Runs of rich text have no Markdown."""
    lines = [_line(said.title, size="large", weight="bolder")]
    lines += [_line(f"{label}: {value}") for label, value in said.facts]
    card: Shape = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": lines,
    }
    if said.url:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": "Mailsink", "url": said.url}
        ]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _line(text: str, **style: str) -> Shape:
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": text, **style}],
    }


def _ntfy(said: CallText) -> Shape:
    """Return a message for ntfy, published as JSON; the caller adds the topic."""
    facts = "\n".join(f"{label}: {value}" for label, value in said.facts) or said.title
    octets = facts.encode("utf-8", "replace")[:_MOST_FOR_CHATS]
    body = {"title": said.title, "message": octets.decode("utf-8", "ignore")}
    return {**body, "click": said.url} if said.url else body


_CHATS: dict[str, Callable[[CallText], Shape]] = {
    "slack": _slack,
    "teams": _teams,
    "ntfy": _ntfy,
}
