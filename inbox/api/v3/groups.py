"""API v3: groups of users, which administrators manage."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from inbox import serializers
from inbox.access import groups
from inbox.api.v3.common import answer, path
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.serializers import Shape

router = Router()

GroupId = Annotated[int, path("The id of a group.", 2)]

_NAME = "The name, which must be unique."
_USERS = "The names of its users."


class GroupObject(Strict):
    id: int = member("The id.", 2)
    name: str = member(_NAME, "testers")
    users: list[str] = member(_USERS, ["ann", "bob"])


class GroupToAdd(Strict):
    name: str = member(_NAME, "testers")
    users: list[str] = member(_USERS, [], [])


class GroupChanges(Strict):
    """Members that you leave out stay unchanged."""

    name: str | None = member(_NAME, "testers", None)
    users: list[str] | None = member(
        "All its users; they replace the old ones.", [], None
    )


@router.get("", response=Page[GroupObject], summary="List groups")
def find(request: HttpRequest) -> HttpResponse:
    """All groups of users, by name."""
    return answer(serializers.page(map(_shape, groups.find()), None))


@router.post("", response={201: GroupObject}, summary="Add a group")
def add(request: HttpRequest, given: GroupToAdd) -> HttpResponse:
    """Makes a group, which can be a member of inboxes. Needs a session, not a token."""
    return answer(_shape(groups.add(given.name, given.users)), 201)


@router.get("/{id}", response=GroupObject, summary="Get a group")
def one(request: HttpRequest, id: GroupId) -> HttpResponse:
    """One group."""
    return answer(_shape(groups.get(id)))


@router.patch("/{id}", response=GroupObject, summary="Change a group")
@decorate_view(if_match(of_view(one)))
def change(request: HttpRequest, id: GroupId, changes: GroupChanges) -> HttpResponse:
    """Renames a group, or replaces its users. Needs a session, not a token."""
    return answer(_shape(groups.change(id, name=changes.name, members=changes.users)))


@router.delete("/{id}", response={204: None}, summary="Delete a group")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, id: GroupId) -> HttpResponse:
    """Its users stay, but lose the group's roles. Needs a session, not a token."""
    groups.delete(id)
    return HttpResponse(status=204)


def _shape(stored: Group) -> Shape:
    return {
        "id": stored.pk,
        "name": stored.name,
        "users": groups.user_names(stored),
    }
