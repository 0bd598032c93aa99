"""API v3: users, which administrators manage."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool

from inbox import serializers
from inbox.access import account_links, current, second_factors, users
from inbox.api.v3 import invitations
from inbox.api.v3.common import answer, path
from inbox.api.v3.invitations import LinkObject
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.models import User
from inbox.serializers import Shape

router = Router()

UserId = Annotated[int, path("The id of a user.", 3)]

_ACTIVE = "Whether the user may sign in."
_ADMINISTRATOR = "Whether the user is an administrator. The last one cannot resign."


class UserObject(Strict):
    id: int = member("The id.", 3)
    name: str = member("The name with which the user signs in.", "ann")
    active: bool = member(_ACTIVE, True)
    administrator: bool = member(_ADMINISTRATOR, False)
    has_password: bool = member("Whether the user has chosen a password.", True)
    second_factor: bool = member(
        "Whether a password is not enough: there is a passkey or an authenticator app.",
        False,
    )
    groups: list[str] = member("The names of the groups.", ["testers"])
    last_login: datetime | None = member("When the user last signed in; null: never.")


class UserToAdd(Strict):
    name: str = member("The name, which must be unique.", "ann")
    administrator: StrictBool = member(_ADMINISTRATOR, False, False)


class UserChanges(Strict):
    """Members that you leave out stay unchanged."""

    active: StrictBool | None = member(_ACTIVE, False, None)
    administrator: StrictBool | None = member(_ADMINISTRATOR, False, None)


@router.get("", response=Page[UserObject], summary="List users")
def find(request: HttpRequest) -> HttpResponse:
    """All users, by name."""
    return answer(serializers.page(map(_shape, users.find()), None))


@router.post("", response={201: UserObject}, summary="Add a user")
def add(request: HttpRequest, given: UserToAdd) -> HttpResponse:
    """Makes a user without a password; a password link sets one.

    Needs a session, not a token.
    """
    return answer(_shape(users.add(given.name, given.administrator)), 201)


@router.get("/{id}", response=UserObject, summary="Get a user")
def one(request: HttpRequest, id: UserId) -> HttpResponse:
    """One user."""
    return answer(_shape(users.get(id)))


@router.patch("/{id}", response=UserObject, summary="Change a user")
@decorate_view(if_match(of_view(one)))
def change(request: HttpRequest, id: UserId, changes: UserChanges) -> HttpResponse:
    """Disables or enables a user, makes them an administrator or not.

    Needs a session, not a token.
    """
    changed = users.change(
        id, is_active=changes.active, is_administrator=changes.administrator
    )
    return answer(_shape(changed))


@router.delete("/{id}", response={204: None}, summary="Delete a user")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, id: UserId) -> HttpResponse:
    """Their tokens, saved searches, memberships and invitations are removed; their acts stay.

    Needs a session, not a token.
    """
    users.delete(id)
    return HttpResponse(status=204)


@router.post(
    "/{id}/password-link", response={201: LinkObject}, summary="Add a password link"
)
def add_password_link(request: HttpRequest, id: UserId) -> HttpResponse:
    """Makes a link with which the user chooses a new password, once.

    Needs a session, not a token.
    """
    made = account_links.for_password(current.identity(), users.get(id))
    return invitations.link(request, made)


@router.delete(
    "/{id}/second-factors", response={204: None}, summary="Delete second factors"
)
def remove_second_factors(request: HttpRequest, id: UserId) -> HttpResponse:
    """Removes their passkeys, authenticator app and recovery codes.

    Needs a session, not a token.
    """
    second_factors.remove_all(id)
    return HttpResponse(status=204)


def _shape(stored: User) -> Shape:
    return {
        "id": stored.pk,
        "name": stored.get_username(),
        "active": stored.is_active,
        "administrator": stored.is_superuser,
        "has_password": stored.has_usable_password(),
        "second_factor": second_factors.has_any(stored),
        "groups": sorted(each.name for each in stored.groups.all()),
        "last_login": serializers.stamp(stored.last_login),
    }
