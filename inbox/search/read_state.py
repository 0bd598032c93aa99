"""Whether a reader has read a message, as a condition on messages."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from inbox.models import MessageRead, ReadUpTo


def is_read(reader: int | None) -> Q:
    """Match the messages a user has read; None: those anybody has, without accounts."""
    own = MessageRead.objects.filter(message=OuterRef("pk"), user=reader)
    if reader is None:
        return Q(Exists(own))
    before = ReadUpTo.objects.filter(
        user=reader, inbox=OuterRef("inbox_id"), message__gte=OuterRef("pk")
    )
    marked_unread = Q(Exists(own.filter(is_read=False)))
    # This order takes the fewest look-ups when most messages are read.
    return (Q(Exists(before)) & ~marked_unread) | Q(Exists(own.filter(is_read=True)))
