"""The lengths of the queues in the database, counted up to a limit."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from inbox.models import Message, Release, ReportTask, WebhookDelivery, WebhookEvent

MOST = 100_000  # rows of a queue that are counted


def queue_depths() -> dict[str, int]:
    """Return the number of waiting rows, by queue; MOST stands for that many or more."""
    return {
        "index": _count(Message.objects.filter(indexed_at=None)),
        "releases": _count(Release.objects.filter(state="queued")),
        "reports": _count(ReportTask.objects.all()),
        "webhooks": _count(WebhookEvent.objects.all())
        + _count(WebhookDelivery.objects.filter(state="queued")),
    }


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by().values("pk")[:MOST].count()
