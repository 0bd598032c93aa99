"""API v3: invitations, which are links for making an account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field, StrictBool, StrictInt

from inbox import pages, serializers
from inbox.access import account_links, current
from inbox.access.account_links import NewLink
from inbox.api.v3.common import ANY_ID, answer, path
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.origins import origin
from inbox.models import AccountLink
from inbox.serializers import Shape

router = Router()

InvitationId = Annotated[str, path("The id of an invitation.", ANY_ID)]
InvitedRole = Literal["viewer", "tester", "manager"]

_NAME = 'The suggested user name; "" for none.'
_ROLE = "The role in these inboxes."
_INBOXES = "The slugs of the inboxes that it opens."
_ADMINISTRATOR = "Whether it makes an administrator, who needs no inboxes."


class LinkObject(Strict):
    id: UUID = member("The id.", ANY_ID)
    url: str = member(
        "The link. It is shown only once.",
        "http://localhost:8025/invitations/9fKzT4qYb0Xc7mV2nL8sQ1wE5rU3iO6pA9dG0hJkZxC",
    )
    expires_at: datetime = member("When it expires.")


class InvitationObject(Strict):
    id: UUID = member("The id.", ANY_ID)
    name: str = member(_NAME, "ann")
    inboxes: list[str] = member(_INBOXES, ["default"])
    role: InvitedRole = member(_ROLE, "viewer")
    administrator: bool = member(_ADMINISTRATOR, False)
    user: str | None = member(
        "The user who chooses a new password with it; null for an invitation.", None
    )
    created_by: str = member("The user who made it.", "root")
    created_at: datetime = member("When it was made.")
    expires_at: datetime = member("When it expires.")
    state: Literal["open", "used", "revoked", "expired"] = member(
        "Whether it can be used.", "open"
    )
    used_at: datetime | None = member("When it was used; null if it was not.")
    used_by: str = member('The name that was chosen; "" for none yet.', "")


class NewInvitationObject(InvitationObject):
    url: str = LinkObject.model_fields["url"]  # type: ignore[assignment]


class InvitationToMake(Strict):
    inboxes: list[str] = Field(
        default_factory=list,
        description=_INBOXES,
        examples=[["default"]],
        max_length=account_links.MOST_INBOXES,
    )
    role: InvitedRole = member(_ROLE, "viewer", "viewer")
    administrator: StrictBool = member(_ADMINISTRATOR, False, False)
    name: str = member(_NAME, "ann", "")
    days: StrictInt = member(
        "The number of days until it expires, at most 30.", 7, account_links.DAYS
    )


@router.get("", response=Page[InvitationObject], summary="List invitations")
def find(request: HttpRequest) -> HttpResponse:
    """The invitations into inboxes that you manage; administrators get all."""
    found = account_links.find(current.identity())
    return answer(serializers.page(map(_shape, found), None))


@router.post("", response={201: NewInvitationObject}, summary="Add an invitation")
def add(request: HttpRequest, given: InvitationToMake) -> HttpResponse:
    """Makes a link with which one person can make an account, once.

    Needs a session, not a token.
    """
    made = account_links.invite(
        current.identity(),
        given.inboxes,
        given.role,
        as_administrator=given.administrator,
        name=given.name,
        days=given.days,
    )
    return _shown_once({**_shape(made.link), "url": url(request, made)})


@router.get("/{id}", response=InvitationObject, summary="Get an invitation")
def one(request: HttpRequest, id: InvitationId) -> HttpResponse:
    """One invitation, without its link."""
    return answer(_shape(account_links.get(current.identity(), id)))


@router.delete("/{id}", response={204: None}, summary="Delete an invitation")
def delete(request: HttpRequest, id: InvitationId) -> HttpResponse:
    """Revokes an invitation, at once and for good. Needs a session, not a token."""
    account_links.revoke(current.identity(), id)
    return HttpResponse(status=204)


def link(request: HttpRequest, made: NewLink) -> HttpResponse:
    """Answer with a link only."""
    shape = {
        "id": str(made.link.pk),
        "url": url(request, made),
        "expires_at": serializers.stamp(made.link.expires_at),
    }
    return _shown_once(shape)


def url(request: HttpRequest, made: NewLink) -> str:
    """Return the URL of a new link."""
    return f"{origin(request)}{pages.path('invitation', made.key)}"


def _shown_once(shape: Shape) -> HttpResponse:
    response = answer(shape, 201)
    response["Cache-Control"] = "no-store"
    return response


def _shape(stored: AccountLink) -> Shape:
    return {
        "id": str(stored.pk),
        "name": stored.name,
        "inboxes": sorted(each.slug for each in stored.inboxes.all()),
        "role": stored.role,
        "administrator": stored.is_administrator,
        "user": stored.user.get_username() if stored.user else None,
        "created_by": stored.created_by.get_username(),
        "created_at": serializers.stamp(stored.created_at),
        "expires_at": serializers.stamp(stored.expires_at),
        "state": account_links.state(stored),
        "used_at": serializers.stamp(stored.used_at),
        "used_by": stored.used_by,
    }
