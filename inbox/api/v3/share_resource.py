"""API v3: share links, for reading one message or session without signing in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router
from pydantic import StrictInt

from inbox import serializers
from inbox.access import current, share_links
from inbox.access.share_links import DAYS
from inbox.api.v3.common import ANY_ID, answer, path
from inbox.api.v3.schemas import Page, Strict, member
from inbox.errors import Invalid
from inbox.http.origins import origin
from inbox.mailbox import inboxes
from inbox.models import ShareLink
from inbox.serializers import Shape

router = Router()

ShareLinkId = Annotated[str, path("The id of a share link.", ANY_ID)]


class ShareLinkObject(Strict):
    id: UUID = member("The id.", ANY_ID)
    user: str | None = member("Its maker; null without accounts.", "ann")
    message: UUID | None = member("The message; null for a session.", ANY_ID)
    session: UUID | None = member("The session; null for a message.", None)
    inbox: str | None = member("The slug of its inbox.", "default")
    created_at: datetime = member("When it was made.")
    expires_at: datetime = member("When it expires.")
    revoked_at: datetime | None = member("When it was revoked; null if it was not.")


class NewShareLinkObject(ShareLinkObject):
    url: str = member(
        "The link itself. It is shown only once.",
        "http://localhost:8025/shared/msl_9fKzT4qYb0Xc7mV2nL8sQ1wE5rU3iO6pA9dG0hJkZxC",
    )


class LinkToShare(Strict):
    message: str | None = member("The id of a message, or latest.", "latest", None)
    session: str | None = member("Or the id of a session.", ANY_ID, None)
    days: StrictInt = member(
        "The number of days until it expires, at most 90.", 30, DAYS
    )


@router.get("", response=Page[ShareLinkObject], summary="List share links")
def find(request: HttpRequest) -> HttpResponse:
    """Your links, newest first; for inboxes that you manage, those of all users."""
    found = share_links.find(current.identity())
    return answer(serializers.page(map(_shape, found), None))


@router.post("", response={201: NewShareLinkObject}, summary="Add a share link")
def add(request: HttpRequest, given: LinkToShare) -> HttpResponse:
    """Makes a link with which anybody can read one message or session.

    The link works as long as you may read it.
    """
    if (given.message is None) == (given.session is None):
        raise Invalid("name a message or a session, not both")
    caller = current.identity()
    if given.message is not None:
        made = share_links.add(caller, "message", given.message, given.days)
    else:
        made = share_links.add(caller, "session", str(given.session), given.days)
    url = f"{origin(request)}{reverse('shared', args=[made.text])}"
    return answer({**_shape(made.link), "url": url}, 201)


@router.get("/{id}", response=ShareLinkObject, summary="Get a share link")
def one(request: HttpRequest, id: ShareLinkId) -> HttpResponse:
    """One link, without its secret."""
    return answer(_shape(share_links.get(current.identity(), id)))


@router.delete("/{id}", response={204: None}, summary="Delete a share link")
def delete(request: HttpRequest, id: ShareLinkId) -> HttpResponse:
    """Revokes a link, at once and for good."""
    share_links.revoke(current.identity(), id)
    return HttpResponse(status=204)


def _shape(link: ShareLink) -> Shape:
    shared: dict[str, Any] = {"message": None, "session": None}
    shared[link.kind] = str(link.object_id)
    return {
        "id": str(link.pk),
        "user": link.user.get_username() if link.user else None,
        **shared,
        "inbox": inboxes.slug(link.inbox_id),
        "created_at": serializers.stamp(link.created_at),
        "expires_at": serializers.stamp(link.expires_at),
        "revoked_at": serializers.stamp(link.revoked_at),
    }
