"""A webhook, and what happens around it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Webhook, WebhookEvent
from inbox.models.webhook import EVENTS
from inbox.storage import webhook_outbox
from inbox.webhooks import hooks
from mailsink.ids import uuid7
from tests import factories

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)

AddHook = Callable[..., Webhook]


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has inboxes of its own, calls this machine, and leaves nothing wanted."""
    monkeypatch.setattr(inboxes, "_slugs", {})
    config = settings.CONFIG
    monkeypatch.setattr(
        settings,
        "CONFIG",
        type(config)(**_fields(config) | {"webhooks_private": LOOPBACK}),
    )
    yield
    webhook_outbox.want(())


def _fields(config: Any) -> dict[str, Any]:
    return {name: getattr(config, name) for name in config.__slots__}


@pytest.fixture
def add_hook() -> AddHook:
    """Adds a webhook: for all events at a URL that nobody serves, unless told otherwise."""

    def add(**fields: Any) -> Webhook:
        given = {"url": "http://127.0.0.1:9/hook", "events": EVENTS}
        return hooks.add(ALL, given | fields).webhook

    return add


def happened(event: str = "message.created", id: UUID | None = None) -> WebhookEvent:
    """An event of the default inbox in the outbox."""
    return WebhookEvent.objects.create(
        event=event, object_id=id or uuid7(), inbox_id=factories.inbox().pk
    )
