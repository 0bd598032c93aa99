"""API v3: transactions, above all those that were not accepted."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3 import sparse
from inbox.api.v3.common import (
    LIMIT,
    Cursor,
    Limit,
    Search,
    TransactionId,
    answer,
    query,
    scope,
)
from inbox.api.v3.schemas import Page
from inbox.api.v3.session_schemas import AttemptHistory, Transaction
from inbox.api.v3.sparse import Fields
from inbox.http import files
from inbox.insight import attempts, case_file
from inbox.mailbox import transactions

router = Router(by_alias=True)

Outcome = Annotated[
    Literal["accepted", "discarded", "rejected", "reset", "abandoned"] | None,
    query("How it ended; all that were not accepted if you leave it out."),
]


@router.get("", response=Page[Transaction], summary="List transactions")
def find(
    request: HttpRequest,
    outcome: Outcome = None,
    q: Search = "",
    cursor: Cursor = None,
    limit: Limit = LIMIT,
    fields: Fields = "",
) -> HttpResponse:
    """Transactions with one outcome, newest first."""
    wanted = sparse.names(fields, Transaction)
    page = transactions.find(scope(), outcome, cursor, limit, q)
    shapes = sparse.each(map(serializers.transaction, page.items), wanted)
    return answer(serializers.page(shapes, page.next))


@router.get("/{id}", response=Transaction, summary="Get a transaction")
def one(request: HttpRequest, id: TransactionId) -> HttpResponse:
    """One transaction, whatever its outcome."""
    return answer(serializers.transaction(transactions.get(scope(), id)))


@router.get(
    "/{id}/attempts",
    response=AttemptHistory,
    summary="List the attempts of a transaction",
)
def attempt_history(request: HttpRequest, id: TransactionId) -> HttpResponse:
    """The attempts to send the same message, in all sessions."""
    return answer(serializers.history(attempts.of_transaction(scope(), id)))


@router.get(
    "/{id}/case",
    openapi_extra=files.answer("text/html"),
    summary="Download the report of a transaction",
)
def case(request: HttpRequest, id: TransactionId) -> HttpResponse:
    """The case file: all data about the transaction as one HTML file, for a ticket."""
    return files.case(case_file.of_transaction(scope(), id))


@router.get(
    "/{id}/raw",
    openapi_extra=files.answer("message/rfc822"),
    summary="Download the body of a transaction",
)
def raw(request: HttpRequest, id: TransactionId) -> HttpResponse:
    """The bytes of the body, as far as they arrived."""
    octets = transactions.open_body(scope(), id)
    return files.saved(octets, "message/rfc822", f"{id}.eml")
