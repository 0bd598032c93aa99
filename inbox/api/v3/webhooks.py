"""API v3: webhooks, which are called on events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool

from inbox import serializers
from inbox.api.v3.common import ANY_ID, answer, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.mailbox import inboxes
from inbox.models import Webhook
from inbox.serializers import Shape
from inbox.webhooks import hooks

router = Router()

WebhookId = Annotated[str, path("The id of a webhook.", ANY_ID)]
EventName = Literal[
    "message.created",
    "message.bounced",
    "transaction.rejected",
    "session.closed",
    "release.delivered",
    "release.failed",
]
CallShape = Literal["json", "slack", "teams", "ntfy"]

_URL = "The address that is called: https:// or http://."
_SHAPE = (
    "json: the object in an envelope; slack, teams, ntfy: a few words, as an incoming "
    "webhook of Slack, a workflow of Teams, or ntfy reads them."
)
_EVENTS = "The events that it is called for."
_INBOX = "The slug of the inbox that it is for; null for all."
_QUERY = "A search that mail has to match; empty for all mail."
_PAUSED = "Whether events wait, and it is not called."
_SIGNS = "The secret of the signatures. It is shown only once."
_EXAMPLE_URL = "https://hooks.example.com/mailsink"
_SOME = ["message.created", "transaction.rejected"]


class WebhookObject(Strict):
    id: UUID = member("The id.", ANY_ID)
    name: str = member("The name.", "Tickets")
    url: str = member(_URL, _EXAMPLE_URL)
    shape: CallShape = member(_SHAPE, "json")
    events: list[EventName] = member(_EVENTS, _SOME)
    inbox: str | None = member(_INBOX, "default")
    q: str = member(_QUERY, "from:shop.test")
    paused: bool = member(_PAUSED, False)
    created_at: datetime = member("When it was added.")
    failing_since: datetime | None = member(
        "Since when nothing could be delivered; null if the last try succeeded."
    )
    off_since: datetime | None = member(
        "When it was turned off after failures; null if it is on."
    )
    off_reason: str = member("Why it was turned off; empty if it is on.", "")
    waiting: int = member("How many events wait in its queue.", 0)
    left_out: int = member("How many events were left out because too many waited.", 0)


class WebhookWithSecret(WebhookObject):
    secret: str = member(_SIGNS, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


class WebhookToAdd(Strict):
    url: str = member(_URL, _EXAMPLE_URL)
    events: list[EventName] = member(_EVENTS, _SOME)
    name: str = member(
        "A name; the host of the URL if you leave it out.", "Tickets", ""
    )
    shape: CallShape = member(_SHAPE, "json", "json")
    inbox: str | None = member(_INBOX, "default", None)
    q: str = member(_QUERY, "from:shop.test", "")
    paused: StrictBool = member(_PAUSED, False, False)


class WebhookChanges(Strict):
    """Members that you leave out stay unchanged. Each change turns the webhook on again."""

    url: str | None = member(_URL, _EXAMPLE_URL, None)
    events: list[EventName] | None = member(_EVENTS, _SOME, None)
    name: str | None = member("The new name.", "Tickets", None)
    shape: CallShape | None = member(_SHAPE, "json", None)
    inbox: str | None = member(_INBOX, "default", None)
    q: str | None = member(_QUERY, "from:shop.test", None)
    paused: StrictBool | None = member(_PAUSED, True, None)


@router.get("", response=Page[WebhookObject], summary="List webhooks")
def find(request: HttpRequest) -> HttpResponse:
    """The webhooks by name, without their secrets."""
    return answer(serializers.page(map(_shape, hooks.find(scope())), None))


@router.post("", response={201: WebhookWithSecret}, summary="Add a webhook")
def add(request: HttpRequest, given: WebhookToAdd) -> HttpResponse:
    """Adds an address that is called from now on. Only this answer has the secret."""
    made = hooks.add(scope(), _fields(given.dict()))
    return answer({**_shape(made.webhook), "secret": made.secret}, 201)


@router.get("/{id}", response=WebhookObject, summary="Get a webhook")
def one(request: HttpRequest, id: WebhookId) -> HttpResponse:
    """One webhook, without its secret."""
    return answer(_shape(hooks.get(scope(), id)))


@router.patch("/{id}", response=WebhookObject, summary="Change a webhook")
@decorate_view(if_match(of_view(one)))
def change(
    request: HttpRequest, id: WebhookId, changes: WebhookChanges
) -> HttpResponse:
    """Changes a webhook. Its waiting events use the new values, too."""
    fields = _fields(changes.dict(exclude_unset=True))
    return answer(_shape(hooks.change(scope(), id, fields)))


@router.post("/{id}/secret", response=WebhookWithSecret, summary="Replace a secret")
def rotate(request: HttpRequest, id: WebhookId) -> HttpResponse:
    """Makes a new secret. For a day, calls are signed with the old one, too."""
    made = hooks.rotate(scope(), id)
    return answer({**_shape(made.webhook), "secret": made.secret})


@router.delete("/{id}", response={204: None}, summary="Delete a webhook")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, id: WebhookId) -> HttpResponse:
    """Removes a webhook with its queue and its history."""
    hooks.delete(scope(), id)
    return HttpResponse(status=204)


def _fields(given: Shape) -> Shape:
    """Return the input as the fields of a webhook."""
    named = {"query" if name == "q" else name: each for name, each in given.items()}
    return {
        name: each
        for name, each in named.items()
        if each is not None or name == "inbox"
    }


def _shape(webhook: Webhook) -> Shape:
    return {
        "id": str(webhook.pk),
        "name": webhook.name,
        "url": webhook.url,
        "shape": webhook.shape,
        "events": webhook.events,
        "inbox": inboxes.slug(webhook.inbox_id),
        "q": webhook.query,
        "paused": webhook.paused,
        "created_at": serializers.stamp(webhook.created_at),
        "failing_since": serializers.stamp(webhook.failing_since),
        "off_since": serializers.stamp(webhook.off_since),
        "off_reason": webhook.off_reason,
        "waiting": hooks.waiting(webhook),
        "left_out": webhook.left_out,
    }
