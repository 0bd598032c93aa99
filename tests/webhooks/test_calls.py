"""The bodies of calls, each held to what its receiver documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import Block

from inbox.api.v3.event_objects import EventObjects
from inbox.models import Message, Release, Webhook, WebhookDelivery
from inbox.models.webhook import TEST_EVENT
from inbox.webhooks import calls
from mailsink.ids import made_at, uuid7
from tests import factories
from tests.mails import BOUNCE
from tests.webhooks.conftest import AddHook
from tests.webhooks.test_webhook_caller import none_done

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "https://mail.example.com"
HOSTILE = (
    "<!channel> <script>alert(1)</script> & [click](https://evil.test) *b* @here "
    "\u202e\x07" + "ü" * 3000
)


def objects() -> dict[str, UUID]:
    """What each event is about, written by somebody who means no good."""
    folded = f'Subject: {HOSTILE}\r\nFrom: "{HOSTILE[:300]}" <a@x.test>\r\n\r\nx'
    message = factories.message(folded.encode())
    Message.objects.filter(pk=message.pk).update(subject=HOSTILE)
    refused = factories.transaction(
        reverse_path=HOSTILE,
        recipients=[(f"{n}{HOSTILE}", 550) for n in range(20)],
        session=factories.session(helo=HOSTILE, ending="quit"),
    )
    release = Release.objects.create(
        message_id=message.pk, subject=HOSTILE, route_name="hop", state="failed",
        requested_at=datetime.now(UTC), expires_at=datetime.now(UTC),
    )  # fmt: skip
    return {
        "message.created": message.pk,
        "message.bounced": factories.message(BOUNCE, reverse_path="").pk,
        "transaction.rejected": refused.pk,
        "session.closed": refused.session_id,
        "release.delivered": release.pk,
        "release.failed": release.pk,
        TEST_EVENT: uuid7(),
    }


def call(hook: Webhook, event: str, id: UUID, object: Any = None) -> calls.Call:
    delivery = WebhookDelivery(
        webhook=hook, event_id=uuid7(), event=event, object_id=id,
        inbox_id=factories.inbox().pk,
    )  # fmt: skip
    if event == TEST_EVENT:
        object = {"id": str(hook.pk), "name": hook.name}
    object = object or EventObjects(none_done).get(event, id)
    assert object is not None
    return calls.call(hook, delivery, object, BASE)


def bodies(hook: Webhook) -> dict[str, Any]:
    """The body for each event."""
    return {
        event: json.loads(call(hook, event, id).body) for event, id in objects().items()
    }


class TestJson:
    def test_the_envelope(self, add_hook: AddHook) -> None:
        message = factories.message()
        made = call(add_hook(), "message.created", message.pk)
        said = json.loads(made.body)
        assert list(said) == ["id", "event", "time", "inbox", "left_out", "object"]
        at = datetime.fromisoformat(said["time"]).timestamp()
        assert at == pytest.approx(made_at(UUID(said["id"])))
        assert said["object"]["subject"] == "Your invoice"
        assert said["object"]["text"] == "Pay me.\n"

    def test_a_body_is_bounded(self, add_hook: AddHook) -> None:
        object = {"id": "1", "html": "ü" * 3_000_000, "text": "x" * 100, "b": "y" * 9}
        said = json.loads(call(add_hook(), "message.created", uuid7(), object).body)
        assert said["left_out"] == ["html"]
        assert said["object"] == {"id": "1", "text": "x" * 100, "b": "y" * 9}

    def test_what_utf_8_has_not(self, add_hook: AddHook) -> None:
        made = call(add_hook(), "message.created", uuid7(), {"subject": "a\ud800b"})
        assert json.loads(made.body)["object"]["subject"] == "a?b"


class TestSlack:
    """https://api.slack.com/reference/block-kit/blocks, by Slack's own library."""

    def test_its_library_reads_them(self, add_hook: AddHook) -> None:
        for event, said in bodies(add_hook(shape="slack")).items():
            blocks = Block.parse_all(said["blocks"])
            assert [each.to_dict() for each in blocks] == said["blocks"], event
            assert len(said["blocks"]) <= 50
            assert 0 < len(said["text"]) <= 4000
            for block in said["blocks"]:
                if block["type"] == "header":
                    assert len(block["text"]["text"]) <= 150
                for field in block.get("fields", []):
                    assert len(field["text"]) <= 2000
                assert len(block.get("fields", [])) <= 10

    def test_nothing_in_mail_is_a_mention(self, add_hook: AddHook) -> None:
        for said in bodies(add_hook(shape="slack")).values():
            assert "<" not in said["text"]
            assert "mrkdwn" not in json.dumps(said)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TextRun(Strict):
    type: Literal["TextRun"]
    text: str
    size: Literal["default", "small", "medium", "large", "extraLarge"] = "default"
    weight: Literal["lighter", "default", "bolder"] = "default"


class RichTextBlock(Strict):
    """Has no Markdown, which a TextBlock has."""

    type: Literal["RichTextBlock"]
    inlines: list[TextRun] = Field(min_length=1)


class OpenUrl(Strict):
    type: Literal["Action.OpenUrl"]
    title: str
    url: str


class AdaptiveCard(Strict):
    """https://adaptivecards.io/explorer/AdaptiveCard.html, as far as it is used."""

    dollar_schema: Literal["http://adaptivecards.io/schemas/adaptive-card.json"] = (
        Field(alias="$schema")
    )
    type: Literal["AdaptiveCard"]
    version: Literal["1.2"]
    body: list[RichTextBlock] = Field(min_length=1)
    actions: list[OpenUrl]


class Attachment(Strict):
    contentType: Literal["application/vnd.microsoft.card.adaptive"]
    contentUrl: None
    content: AdaptiveCard


class TeamsMessage(Strict):
    """The body that "Post to a channel when a webhook request is received" takes."""

    type: Literal["message"]
    attachments: list[Attachment] = Field(min_length=1, max_length=1)


def test_teams(add_hook: AddHook) -> None:
    for said in bodies(add_hook(shape="teams")).values():
        made = TeamsMessage.model_validate(said)
        assert len(json.dumps(said)) <= 28 * 1024
        assert made.attachments[0].content.actions[0].url.startswith(f"{BASE}/")


class NtfyMessage(Strict):
    """https://docs.ntfy.sh/publish/#publish-as-json, as far as it is used."""

    topic: str = Field(pattern=r"^[-_A-Za-z0-9]{1,64}$")
    title: str
    message: str = Field(min_length=1)
    click: str


def test_ntfy(add_hook: AddHook) -> None:
    hook = add_hook(shape="ntfy", url="https://ntfy.example.com/mail-sink?x=y")
    for event, id in objects().items():
        made = call(hook, event, id)
        assert made.url == "https://ntfy.example.com/"
        said = NtfyMessage.model_validate(json.loads(made.body))
        assert said.topic == "mail-sink"
        assert len(said.message.encode()) <= 4096
        assert said.click.startswith(f"{BASE}/")
        assert "\x07" not in said.message + said.title
