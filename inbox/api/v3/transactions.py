"""API v3: transactions, above all those that were not accepted."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from inbox import serializers
from inbox.api.v3 import schemas
from inbox.api.v3.common import LIMIT, Cursor, Limit, Search, answer, scope
from inbox.http import files
from inbox.insight import attempts, case_file
from inbox.mailbox import transactions

router = Router(by_alias=True)

Outcome = Annotated[
    Literal["accepted", "rejected", "reset", "abandoned"] | None,
    Query(description="all that were not accepted, if it is not given"),
]


@router.get("", response=schemas.Page[schemas.Transaction])
def find(
    request: HttpRequest,
    outcome: Outcome = None,
    q: Search = "",
    cursor: Cursor = None,
    limit: Limit = LIMIT,
) -> HttpResponse:
    """Transactions of an outcome, newest first."""
    page = transactions.find(scope(), outcome, cursor, limit, q)
    return answer(serializers.page(map(serializers.transaction, page.items), page.next))


@router.get("/{id}", response=schemas.Transaction)
def one(request: HttpRequest, id: str) -> HttpResponse:
    """One transaction, whatever its outcome."""
    return answer(serializers.transaction(transactions.get(scope(), id)))


@router.get("/{id}/attempts", response=schemas.Story)
def tries(request: HttpRequest, id: str) -> HttpResponse:
    """The attempts at sending what this transaction tried to, over all sessions."""
    return answer(serializers.story(attempts.of_transaction(scope(), id)))


@router.get("/{id}/case", openapi_extra=files.answer("text/html"))
def case(request: HttpRequest, id: str) -> HttpResponse:
    """All that is known of it as one HTML file, to attach to a ticket."""
    return files.case(case_file.of_transaction(scope(), id))


@router.get("/{id}/raw", openapi_extra=files.answer("message/rfc822"))
def raw(request: HttpRequest, id: str) -> HttpResponse:
    """The octets of its body, as far as they came."""
    octets = transactions.open_body(scope(), id)
    return files.saved(octets, "message/rfc822", f"{id}.eml")
