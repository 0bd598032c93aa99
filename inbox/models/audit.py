"""The tables of the audit log."""

from __future__ import annotations

from django.db import models

from mailsink.ids import uuid7


class AuditEntry(models.Model):
    """An act of somebody. Append-only: triggers refuse changes and deletions.

    They allow the deletion of entries older than AuditRetention. A migration that makes
    SQLite rebuild the table must also create its triggers again. No foreign keys: the
    entries outlive users, tokens, inboxes and mail.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)  # in the order of time
    at = models.DateTimeField()
    caller = models.CharField(max_length=16)  # user, token, share link, stranger
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=150, blank=True)
    token_id = models.UUIDField(null=True)  # or the share link's
    address = models.CharField(max_length=64, blank=True)  # of the client
    kind = models.CharField(max_length=32)  # such as "message.read"
    inbox_id = models.BigIntegerField(null=True)  # null: none, or several
    inbox_slug = models.CharField(max_length=64, blank=True)
    # the id or name of the object
    object = models.CharField(max_length=100, blank=True)
    details = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["inbox_id", "id"], name="audit_inbox"),
            models.Index(fields=["user_name", "id"], name="audit_user"),
            models.Index(fields=["kind", "id"], name="audit_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.user_name} {self.kind} {self.object}"


class AuditRetention(models.Model):
    """The age in days after which entries may be deleted, from the setting; one row at most."""

    days = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.days} days"
