"""Reports that Mailsink made: the reports about a message, and the message of a report."""

from __future__ import annotations

from uuid import UUID

from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import Scope
from inbox.models import MadeReport, Message

MOST = 50  # reports of a message that are read


def about(scope: Scope, id: str | UUID) -> list[MadeReport]:
    """Return the reports made about a message, in order.

    Reports whose own message was deleted, or is outside the scope, have no message.
    """
    key = as_uuid(id)
    if key is None:
        return []
    rows = list(MadeReport.objects.filter(about=key).order_by("pk")[:MOST])
    ids = [each.message_id for each in rows if each.message_id]
    seen = _seen(scope, ids) if ids else set()
    for each in rows:
        if each.message_id not in seen:
            each.message_id = None
    return rows


def original(scope: Scope, id: str | UUID) -> Message | None:
    """Return the message that our report is about; None for any other message."""
    row = MadeReport.objects.filter(message_id=as_uuid(id)).first()
    if row is None:
        return None
    rows = Message.objects.filter(scope.q(), deleted_at=None)
    return rows.filter(pk=row.about).first()


def _seen(scope: Scope, ids: list[UUID]) -> set[UUID]:
    rows = Message.objects.filter(scope.q(), deleted_at=None, pk__in=ids)
    return set(rows.values_list("pk", flat=True))
