"""API v3: the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.access import audit_export, audit_search
from inbox.access.audit_search import AuditFilter
from inbox.access.roles import Role
from inbox.api.v3.common import ANY_ID, LIMIT, Cursor, Limit, answer, query, scope
from inbox.api.v3.schemas import Page, Strict, member

router = Router()

_User = Annotated[str, query("Only acts of this user.", "ann", max_length=150)]
_Inbox = Annotated[str, query("Only acts in this inbox: a slug.", max_length=64)]
_Kind = Annotated[str, query("Only this kind.", "message.read", max_length=32)]
_Since = Annotated[
    str, query("Only from then on: a time, or a day in UTC.", "2026-11-29")
]
_Until = Annotated[
    str, query("Only before then: a time, or a day in UTC.", "2026-11-30")
]


class AuditEntryObject(Strict):
    id: UUID = member("The id; later ones are greater.", ANY_ID)
    at: datetime = member("The time of the act.")
    caller: str = member("By what: user, token, share link, stranger.", "user")
    user: str = member("The name of the user.", "ann")
    token: UUID | None = member(
        "The id of the token or share link; null for none.", ANY_ID
    )
    address: str = member("The address of the client.", "192.0.2.1")
    kind: str = member("What was done.", "message.read")
    inbox: str | None = member(
        "The slug of the inbox; null for none or several.", "default"
    )
    object: str = member("The id or name of its object.", ANY_ID)
    details: str = member("The parameters of the request, such as a search.", "")


@router.get("", response=Page[AuditEntryObject], summary="List audit entries")
def find(
    request: HttpRequest,
    user: _User = "",
    inbox: _Inbox = "",
    kind: _Kind = "",
    since: _Since = "",
    until: _Until = "",
    cursor: Cursor = None,
    limit: Limit = LIMIT,
) -> HttpResponse:
    """The audit log of the inboxes that you manage, newest first.

    Administrators get all of it.
    """
    by = AuditFilter(user, inbox, kind, since, until)
    found = audit_search.find(scope(Role.MANAGER), by, cursor, limit)
    return answer(serializers.page(map(audit_export.shape, found.items), found.next))
