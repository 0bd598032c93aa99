"""API v3: unsubscribing from a message with one click (RFC 8058)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import ANY_ID, MessageId, answer, scope
from inbox.api.v3.schemas import Strict, member
from inbox.models import Unsubscription
from inbox.outgoing import unsubscribing
from inbox.serializers import Shape

router = Router()


class UnsubscribeRequestObject(Strict):
    id: UUID = member("The id of the request.", ANY_ID)
    requested_at: datetime = member("When it was sent.")
    requested_by: str = member("The address of the client that asked.", "127.0.0.1")
    url: str = member("Where it went.", "https://shop.example/unsubscribe?u=1")
    request: str = member(
        "The request as sent, its lines apart by LF.",
        "POST /unsubscribe?u=1 HTTP/1.1\nHost: shop.example\n\nList-Unsubscribe=One-Click",
    )
    code: int | None = member("The HTTP status of the answer; null if none came.", 200)
    answer: str = member(
        "The beginning of the answer's body, at most 1,000 characters, or why none came.",
        "You are unsubscribed.",
    )
    took_ms: int = member("How long it took, in milliseconds.", 120)


class UnsubscribeObject(Strict):
    url: str = member(
        "The first web address of List-Unsubscribe; empty for none.",
        "https://shop.example/unsubscribe?u=1",
    )
    mailto: str = member("The first address of mail in it; empty for none.", "")
    one_click: bool = member("Whether a POST to the address is enough.", True)
    faults: list[str] = member(
        "What keeps mailbox providers from offering it, in sentences.", []
    )
    refusal: str = member(
        "Why Mailsink sends no request; empty if it may be asked to.", ""
    )
    requests: list[UnsubscribeRequestObject] = member(
        "The requests that were sent, newest first."
    )


@router.get(
    "/{id}/unsubscribe",
    response=UnsubscribeObject,
    summary="Get how to unsubscribe",
)
def offered(request: HttpRequest, id: MessageId) -> HttpResponse:
    """Reads List-Unsubscribe and List-Unsubscribe-Post, and shows their faults."""
    found = unsubscribing.offer(scope(), id)
    targets = found.targets
    return answer(
        {
            "url": targets.url if targets else "",
            "mailto": targets.mailto if targets else "",
            "one_click": targets.one_click if targets else False,
            "faults": found.faults,
            "refusal": found.refusal,
            "requests": list(map(_shape, found.requests)),
        }
    )


@router.post(
    "/{id}/unsubscribe",
    response={201: UnsubscribeRequestObject},
    summary="Send the request to unsubscribe",
)
def perform(request: HttpRequest, id: MessageId) -> HttpResponse:
    """Sends the POST of RFC 8058, and stores the request with its answer.

    It follows no redirect, and goes to no private address, unless
    MAILSINK_UNSUBSCRIBE_PRIVATE allows it. A 409 says why no request was sent.
    """
    by = request.META["REMOTE_ADDR"]
    return answer(_shape(unsubscribing.perform(scope(), id, by)), 201)


def _shape(row: Unsubscription) -> Shape:
    return {
        "id": str(row.pk),
        "requested_at": serializers.stamp(row.requested_at),
        "requested_by": row.requested_by,
        "url": row.url,
        "request": row.request,
        "code": row.code,
        "answer": row.answer,
        "took_ms": row.took_ms,
    }
