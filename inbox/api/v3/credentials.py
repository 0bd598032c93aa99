"""API v3: the logins with which clients send to an inbox."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field, StrictBool, StrictInt

from inbox import serializers
from inbox.api.v3.common import answer, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.models import SmtpCredential
from inbox.policy import smtp_credentials
from inbox.policy.smtp_credentials import LONGEST_OVERLAP, NewPassword
from inbox.serializers import Shape

router = Router(by_alias=True)

Slug = Annotated[str, path("The slug of the inbox.", "default")]
UserName = Annotated[str, path("The user name, as in the list.", "shop")]


class CredentialObject(Strict):
    username: str = member("The name that clients log in with.", "shop")
    cram_md5: bool = member("Whether CRAM-MD5 may be used.", False)
    created_at: str = member("When it was made.", "2026-01-31T12:00:00Z")
    old_until: str | None = member(
        "Until when the previous password is valid, too.", "2026-01-31T12:00:00Z"
    )


class NewCredential(CredentialObject):
    password: str = member(
        "The password; it is shown only once.", "0123456789abcdef0123456789abcdef"
    )


class CredentialInput(Strict):
    username: str = member(
        "The name that clients log in with; no two inboxes share one.", "shop"
    )
    cram_md5: StrictBool = member(
        "Whether CRAM-MD5 may be used: then the password is stored, encrypted.",
        False,
        False,
    )


class Rotation(Strict):
    overlap: Annotated[StrictInt, Field(ge=0, le=LONGEST_OVERLAP)] = member(
        "For how many seconds the old password stays valid.", 3600, 0
    )


@router.get(
    "/{slug}/credentials",
    response=Page[CredentialObject],
    summary="List the credentials of an inbox",
)
def find(request: HttpRequest, slug: Slug) -> HttpResponse:
    """The credentials, by user name."""
    found = smtp_credentials.find(scope(), slug)
    return answer(serializers.page(map(_shape, found), None))


@router.post(
    "/{slug}/credentials",
    response={201: NewCredential},
    summary="Add a credential",
)
def add(request: HttpRequest, slug: Slug, given: CredentialInput) -> HttpResponse:
    """The answer is the only place that ever shows the password."""
    made = smtp_credentials.add(scope(), slug, given.username, given.cram_md5)
    return _shown_once(made)


@router.post(
    "/{slug}/credentials/{username}/rotate",
    response={201: NewCredential},
    summary="Replace a password",
)
def rotate(
    request: HttpRequest, slug: Slug, username: UserName, given: Rotation
) -> HttpResponse:
    """The old password stays valid for the overlap."""
    made = smtp_credentials.rotate(scope(), slug, username, given.overlap)
    return _shown_once(made)


@router.delete(
    "/{slug}/credentials/{username}",
    response={204: None},
    summary="Remove a credential",
)
def revoke(request: HttpRequest, slug: Slug, username: UserName) -> HttpResponse:
    """The login is refused from now on; sessions that have logged in continue."""
    smtp_credentials.revoke(scope(), slug, username)
    return HttpResponse(status=204)


def _shape(credential: SmtpCredential) -> Shape:
    return {
        "username": credential.username,
        "cram_md5": bool(credential.password),
        "created_at": serializers.stamp(credential.created_at),
        "old_until": serializers.stamp(credential.old_until),
    }


def _shown_once(made: NewPassword) -> HttpResponse:
    response = answer({**_shape(made.credential), "password": made.password}, 201)
    response["Cache-Control"] = "no-store"
    return response
