"""API v3: releases, which are messages on their way out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from inbox import serializers
from inbox.api.v3.common import (
    ANY_ID,
    LIMIT,
    Cursor,
    Limit,
    MessageId,
    answer,
    path,
    query,
    scope,
)
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.mailbox import messages
from inbox.models import Release, ReleaseRecipient, ReleaseTry
from inbox.outgoing import releases
from inbox.serializers import Shape

router = Router()

ReleaseId = Annotated[str, path("The id of a release.", ANY_ID)]
OfMessage = Annotated[
    str | None, query("The id of a message: only its releases.", ANY_ID)
]
State = Literal["queued", "trying", "delivered", "failed", "cancelled", "held"]


class ReleaseRequest(Strict):
    route: str = member("The name of the route.", "staging")
    recipients: list[str] | None = member(
        "The addresses that it goes to; those that it was accepted for if you leave them out.",
        ["ann@example.com"],
        None,
    )


class ReleaseRecipientObject(Strict):
    forward_path: str = member("The recipient.", "ann@example.com")
    state: State = member("The state of the recipient.", "delivered")
    code: int | None = member("The code of the latest reply; null if none came.", 250)
    enhanced: str = member("The enhanced code of that reply, or ours.", "2.0.0")
    text: str = member("The whole reply, or our reason.", "250 2.0.0 Ok: queued")
    reported: Literal["", "delayed", "failed", "relayed", "hop"] = member(
        "The last report that Mailsink made on it; hop: the next hop offers DSN, and reports "
        "itself; empty: none.",
        "hop",
    )


class ReleaseTryObject(Strict):
    session: UUID | None = member(
        "The id of the outward session; null if nothing could go out.", ANY_ID
    )
    began_at: datetime = member("When it began.")
    ended_at: datetime | None = member("When it ended; null while it goes on.")
    message_sent: bool = member(
        "Whether the end of the message was sent: the message may have arrived, even if an error followed.",
        True,
    )
    outcome: str = member("The outcome in words.", "1 delivered")


class ReleaseObject(Strict):
    id: UUID = member("The id of the release.", ANY_ID)
    message: UUID = member("The id of the message.", ANY_ID)
    subject: str = member("The subject of the message.", "Your order")
    route: str = member(
        "The name of the route, when the release was asked for.", "staging"
    )
    reverse_path: str = member("The reverse-path.", "shop@example.com")
    state: State = member(
        "queued: it waits for its next try; trying: it is being sent; delivered: the next "
        "hop took it for all recipients; failed: not for all; cancelled; held: it waits until "
        "its receiver asks for it.",
        "delivered",
    )
    requested_at: datetime = member("When it was requested.")
    requested_by: str = member(
        "The address of the client that asked for it, or the rule.", "127.0.0.1"
    )
    instead_of: str = member(
        "The recipients that the message was accepted for, if it goes to others.",
        "ann@example.com",
    )
    held_for: str = member(
        "The domain for whose server it waits, or waited; empty for none.",
        "example.com",
    )
    next_try_at: datetime | None = member("When the next try is due; null if none is.")
    ended_at: datetime | None = member("When it came to its end; null if it has not.")
    recipients: list[ReleaseRecipientObject] = member("The recipients, in order.")
    tries: list[ReleaseTryObject] = member("The tries, oldest first.")


@router.post(
    "/messages/{id}/release",
    response={202: ReleaseObject},
    summary="Release a message",
    tags=["Messages"],
)
def release(request: HttpRequest, id: MessageId, given: ReleaseRequest) -> HttpResponse:
    """Puts a message into the queue of a route, which must allow every recipient.

    The message leaves unchanged, octet for octet.
    """
    by = request.META["REMOTE_ADDR"]
    made = releases.request(scope(), id, given.route, given.recipients, by)
    return answer(shape(made), 202)


@router.get("/releases", response=Page[ReleaseObject], summary="List releases")
def find(
    request: HttpRequest,
    message: OfMessage = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
) -> HttpResponse:
    """The releases, newest first; with `message` all of them, else without held ones."""
    key = messages.get(scope(), message).pk if message else None
    page = releases.find(scope(), cursor, limit, key)
    return answer(serializers.page(map(shape, page.items), page.next))


@router.get("/releases/{id}", response=ReleaseObject, summary="Get a release")
def one(request: HttpRequest, id: ReleaseId) -> HttpResponse:
    """One release with its recipients and tries."""
    return answer(shape(releases.get(scope(), id)))


@router.delete("/releases/{id}", response=ReleaseObject, summary="Cancel a release")
@decorate_view(if_match(of_view(one)))
def cancel(request: HttpRequest, id: ReleaseId) -> HttpResponse:
    """Takes it out of the queue. Recipients that already have the message keep it."""
    return answer(shape(releases.cancel(scope(), id)))


@router.post("/releases/{id}/retry", response=ReleaseObject, summary="Retry a release")
def retry(request: HttpRequest, id: ReleaseId) -> HttpResponse:
    """Tries it now: a waiting release, or the failed recipients of one."""
    return answer(shape(releases.retry(scope(), id)))


@router.post("/releases/{id}/hold", response=ReleaseObject, summary="Hold a release")
def hold(request: HttpRequest, id: ReleaseId) -> HttpResponse:
    """Puts back a message that was held and taken: it waits again, like a new one."""
    return answer(shape(releases.hold(scope(), id)))


def shape(release: Release) -> Shape:
    """Return a release in the form of the API."""
    rows = releases.details(release)
    return {
        "id": str(release.pk),
        "message": str(release.message_id),
        "subject": release.subject,
        "route": release.route_name,
        "reverse_path": release.reverse_path,
        "state": release.state,
        "requested_at": serializers.stamp(release.requested_at),
        "requested_by": release.requested_by,
        "held_for": release.held_for,
        "instead_of": release.instead_of,
        "next_try_at": serializers.stamp(release.next_try_at),
        "ended_at": serializers.stamp(release.ended_at),
        "recipients": [_recipient(each) for each in rows["recipients"]],
        "tries": [_try(each) for each in rows["tries"]],
    }


def _recipient(row: ReleaseRecipient) -> Shape:
    return {
        "forward_path": row.forward_path,
        "state": row.state,
        "code": row.code,
        "enhanced": row.enhanced,
        "text": row.text,
        "reported": row.reported,
    }


def _try(row: ReleaseTry) -> Shape:
    return {
        "session": str(row.session_id) if row.session_id else None,
        "began_at": serializers.stamp(row.began_at),
        "ended_at": serializers.stamp(row.ended_at),
        "message_sent": row.message_ended,
        "outcome": row.outcome,
    }
