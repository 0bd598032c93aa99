"""The table of requests by which a message was unsubscribed from (RFC 8058)."""

from __future__ import annotations

from django.db import models

from mailsink.ids import uuid7


class Unsubscription(models.Model):
    """A request that somebody had Mailsink send, and what was answered."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # No foreign key: messages are purged in batches, with these rows.
    about = models.UUIDField(db_index=True)
    requested_at = models.DateTimeField()
    requested_by = models.TextField()  # the address of the client that asked for it
    url = models.TextField()
    request = models.TextField()  # its head and body, as sent
    code = models.PositiveSmallIntegerField(null=True)  # null: nothing was answered
    answer = models.TextField()  # the beginning of its body, or why there is none
    took_ms = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.url} {self.code}"
