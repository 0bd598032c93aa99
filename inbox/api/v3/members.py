"""API v3: members of an inbox."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from inbox import serializers
from inbox.access import memberships
from inbox.access.roles import Role
from inbox.api.v3.common import answer, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.models import Membership
from inbox.serializers import Shape

router = Router()

Slug = Annotated[str, path("The slug of the inbox.", "default")]
MemberId = Annotated[int, path("The id of the member.", 7)]
MemberRole = Literal["viewer", "tester", "manager"]

_ROLE = "The role in the inbox; each includes the rights of the previous ones."
_USER = "The name of the user; null for a group."
_GROUP = "The name of the group; null for a user."


class MemberObject(Strict):
    id: int = member("The id of the member.", 7)
    user: str | None = member(_USER, "ann")
    group: str | None = member(_GROUP, None)
    role: MemberRole = member(_ROLE, "tester")


class MemberToAdd(Strict):
    user: str | None = member(_USER, "ann", None)
    group: str | None = member(_GROUP, None, None)
    role: MemberRole = member(_ROLE, "viewer", "viewer")


class MemberChanges(Strict):
    role: MemberRole = member(_ROLE, "manager")


@router.get("/{slug}/members", response=Page[MemberObject], summary="List the members")
def find(request: HttpRequest, slug: Slug) -> HttpResponse:
    """The members of an inbox, users before groups, by name."""
    found = memberships.find(scope(Role.MANAGER), slug)
    return answer(serializers.page(map(_shape, found), None))


@router.post("/{slug}/members", response={201: MemberObject}, summary="Add a member")
def add(request: HttpRequest, slug: Slug, given: MemberToAdd) -> HttpResponse:
    """Gives a user or a group a role in an inbox. Needs a session, not a token."""
    made = memberships.add(
        scope(), slug, given.role, user=given.user or "", group=given.group or ""
    )
    return answer(_shape(made), 201)


@router.get("/{slug}/members/{id}", response=MemberObject, summary="Get a member")
def one(request: HttpRequest, slug: Slug, id: MemberId) -> HttpResponse:
    """One member of an inbox."""
    return answer(_shape(memberships.get(scope(Role.MANAGER), slug, id)))


@router.patch("/{slug}/members/{id}", response=MemberObject, summary="Change a member")
@decorate_view(if_match(of_view(one)))
def change(
    request: HttpRequest, slug: Slug, id: MemberId, changes: MemberChanges
) -> HttpResponse:
    """Changes a member's role, from the next request on. Needs a session, not a token."""
    return answer(_shape(memberships.change(scope(), slug, id, changes.role)))


@router.delete("/{slug}/members/{id}", response={204: None}, summary="Remove a member")
@decorate_view(if_match(of_view(one)))
def remove(request: HttpRequest, slug: Slug, id: MemberId) -> HttpResponse:
    """Removes a member from the inbox, from the next request on.

    Needs a session, not a token.
    """
    memberships.remove(scope(), slug, id)
    return HttpResponse(status=204)


def _shape(stored: Membership) -> Shape:
    return {
        "id": stored.pk,
        "user": stored.user.get_username() if stored.user else None,
        "group": stored.group.name if stored.group else None,
        "role": stored.role,
    }
