"""The lines of one transaction, out of its session's."""

from __future__ import annotations

from uuid import UUID

from inbox.models import Exchange
from inbox.services.scope import Scope

LINES = 500


def of_transaction(
    scope: Scope, session_id: UUID, transaction_id: UUID
) -> list[Exchange]:
    """Return the first 500 exchanges of a transaction, first ones first."""
    rows = Exchange.objects.filter(
        scope.q("transaction__inbox_id"),
        session_id=session_id,
        transaction_id=transaction_id,
    )
    return list(rows.order_by("seq")[:LINES])
