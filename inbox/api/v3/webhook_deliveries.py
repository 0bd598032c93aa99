"""API v3: the calls of a webhook, and its answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import (
    ANY_ID,
    LIMIT,
    Cursor,
    Limit,
    answer,
    path,
    query,
    scope,
)
from inbox.api.v3.schemas import Page, Strict, member
from inbox.api.v3.webhooks import EventName, WebhookId
from inbox.mailbox import inboxes
from inbox.models import WebhookDelivery
from inbox.serializers import Shape
from inbox.webhooks import deliveries

router = Router()

DeliveryId = Annotated[str, path("The id of a delivery.", ANY_ID)]
DeliveryState = Literal["queued", "delivered", "failed", "skipped", "replayed"]
OfState = Annotated[
    DeliveryState | None, query("Only deliveries in this state.", "failed")
]


class DeliveryObject(Strict):
    id: UUID = member("The id of the delivery.", ANY_ID)
    event_id: UUID = member(
        "The id of the event: the same when it is sent again.", ANY_ID
    )
    event: EventName | Literal["webhook.test"] = member("The event.", "message.created")
    object: UUID | None = member(
        "The id of the message, transaction, session or release; null for a test.",
        ANY_ID,
    )
    inbox: str | None = member("The slug of the inbox.", "default")
    state: DeliveryState = member(
        "queued: it waits; delivered: the receiver answered 2xx; failed: it did not, and "
        "it is not tried again; skipped: its object was deleted; replayed: it failed, and "
        "was put into the queue again.",
        "delivered",
    )
    tries: int = member("How often it was tried.", 1)
    next_try_at: datetime | None = member(
        "When the next try is due; null: at once, or never."
    )
    tried_at: datetime | None = member("When it was tried last; null if it was not.")
    took_ms: int | None = member("How long the last try took, in milliseconds.", 42)
    code: int | None = member("The code of the last response; null if none came.", 200)
    text: str = member("The beginning of that response, or our reason.", "ok")


class ReplayCount(Strict):
    count: int = member("How many were put into the queue.", 3)


@router.get(
    "/{id}/deliveries", response=Page[DeliveryObject], summary="List deliveries"
)
def find(
    request: HttpRequest,
    id: WebhookId,
    state: OfState = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
) -> HttpResponse:
    """The queue and the history of a webhook, newest first."""
    page = deliveries.find(scope(), id, cursor, limit, state or "")
    return answer(serializers.page(map(_shape, page.items), page.next))


@router.get(
    "/{id}/deliveries/{delivery}", response=DeliveryObject, summary="Get a delivery"
)
def one(request: HttpRequest, id: WebhookId, delivery: DeliveryId) -> HttpResponse:
    """One delivery, with the result of its last try."""
    return answer(_shape(deliveries.get(scope(), id, delivery)))


@router.post(
    "/{id}/deliveries/{delivery}/replay",
    response={202: DeliveryObject},
    summary="Replay a delivery",
)
def replay(request: HttpRequest, id: WebhookId, delivery: DeliveryId) -> HttpResponse:
    """Puts it at the end of the queue again, with the current state of the object."""
    return answer(_shape(deliveries.replay(scope(), id, delivery)), 202)


@router.post(
    "/{id}/replay", response={202: ReplayCount}, summary="Replay failed deliveries"
)
def replay_failed(request: HttpRequest, id: WebhookId) -> HttpResponse:
    """Puts all failed deliveries at the end of the queue again, in order."""
    return answer({"count": deliveries.replay_failed(scope(), id)}, 202)


@router.post("/{id}/test", response={202: DeliveryObject}, summary="Test a webhook")
def test(request: HttpRequest, id: WebhookId) -> HttpResponse:
    """Calls it once with the event `webhook.test`, even if it is paused or off."""
    return answer(_shape(deliveries.test(scope(), id)), 202)


def _shape(delivery: WebhookDelivery) -> Shape:
    return {
        "id": str(delivery.pk),
        "event_id": str(delivery.event_id),
        "event": delivery.event,
        "object": str(delivery.object_id) if delivery.object_id else None,
        "inbox": inboxes.slug(delivery.inbox_id),
        "state": delivery.state,
        "tries": delivery.tries,
        "next_try_at": serializers.stamp(delivery.next_try_at),
        "tried_at": serializers.stamp(delivery.tried_at),
        "took_ms": delivery.took_ms,
        "code": delivery.code,
        "text": delivery.text,
    }
