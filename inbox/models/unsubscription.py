"""The table of unsubscribe requests for messages (RFC 8058)."""

from __future__ import annotations

from django.db import models

from mailsink.ids import uuid7


class Unsubscription(models.Model):
    """A request that Mailsink sent for a user, and its answer."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # No foreign key: messages are purged in batches, together with these rows.
    about = models.UUIDField(db_index=True)
    requested_at = models.DateTimeField()
    requested_by = models.TextField()  # the address of the requesting client
    url = models.TextField()
    request = models.TextField()  # its head and body, as sent
    code = models.PositiveSmallIntegerField(null=True)  # null: there was no answer
    answer = models.TextField()  # the beginning of its body, or why there is no answer
    took_ms = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.url} {self.code}"
