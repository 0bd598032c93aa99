"""API v3: tokens, with which programs sign in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field, StrictInt

from inbox import serializers
from inbox.access import api_tokens, current, own_tokens
from inbox.api.v3.common import ANY_ID, answer, path
from inbox.api.v3.schemas import Page, Strict, member
from inbox.models import ApiToken
from inbox.serializers import Shape

router = Router()

TokenId = Annotated[str, path("The id of a token.", ANY_ID)]
TokenScope = Literal["read", "write", "rules", "send", "release"]

_NAME = "A name to recognise it by."
_SCOPES = (
    "What it may be used for: read; write (delete, tag, change settings); rules; send "
    "(mail into an inbox); release (mail that goes out)."
)
_INBOXES = "The slugs of the inboxes that it is for; null for all that its user has."
_SOME = ["read", "write"]


class TokenObject(Strict):
    id: UUID = member("The id.", ANY_ID)
    user: str = member("The user whose token it is.", "ann")
    name: str = member(_NAME, "CI")
    beginning: str = member("Its first characters.", "msk_9fKz")
    scopes: list[TokenScope] = member(_SCOPES, _SOME)
    inboxes: list[str] | None = member(_INBOXES, None)
    created_at: datetime = member("When it was made.")
    expires_at: datetime | None = member("When it expires; null for never.")
    used_at: datetime | None = member("When it was used last, to the minute.")
    revoked_at: datetime | None = member("When it was revoked; null if it was not.")


class NewTokenObject(TokenObject):
    token: str = member(
        "The token itself. It is shown only once.",
        "msk_9fKzT4qYb0Xc7mV2nL8sQ1wE5rU3iO6pA9dG0hJkZxC",
    )


class TokenToAdd(Strict):
    name: str = member(_NAME, "CI")
    scopes: list[TokenScope] = member(_SCOPES, _SOME)
    inboxes: list[str] | None = Field(
        None, description=_INBOXES, examples=[["default"]], max_length=1000
    )
    days: StrictInt | None = member(
        "The number of days until it expires; null for never.", 90, None
    )


@router.get("", response=Page[TokenObject], summary="List tokens")
def find(request: HttpRequest) -> HttpResponse:
    """Your tokens, newest first; administrators get those of all users."""
    found = api_tokens.find(current.identity())
    return answer(serializers.page(map(_shape, found), None))


@router.post("", response={201: NewTokenObject}, summary="Add a token")
def add(request: HttpRequest, given: TokenToAdd) -> HttpResponse:
    """Makes a token for you. Needs a session: a token cannot make another one."""
    made = own_tokens.add(**given.dict())
    return answer({**_shape(made.token), "token": made.text}, 201)


@router.get("/{id}", response=TokenObject, summary="Get a token")
def one(request: HttpRequest, id: TokenId) -> HttpResponse:
    """One of your tokens, without the token itself."""
    return answer(_shape(api_tokens.get(current.identity(), id)))


@router.delete("/{id}", response={204: None}, summary="Delete a token")
def delete(request: HttpRequest, id: TokenId) -> HttpResponse:
    """Revokes a token, at once and for good. Needs a session, not a token."""
    api_tokens.revoke(current.identity(), id)
    return HttpResponse(status=204)


def _shape(token: ApiToken) -> Shape:
    return {
        "id": str(token.pk),
        "user": token.user.get_username(),
        "name": token.name,
        "beginning": token.beginning,
        "scopes": token.scopes,
        "inboxes": api_tokens.slugs(token),
        "created_at": serializers.stamp(token.created_at),
        "expires_at": serializers.stamp(token.expires_at),
        "used_at": serializers.stamp(token.used_at),
        "revoked_at": serializers.stamp(token.revoked_at),
    }
