"""Stored findings about clients, and the muted kinds."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox.models.session import Transaction


class BodyFinding(models.Model):
    """The first place of one kind of finding in a body; written by the indexer.

    kind: a name of inbox.insight.findings.finding_kinds.KINDS
    """

    pk = models.CompositePrimaryKey("transaction_id", "kind")
    transaction = models.ForeignKey(
        Transaction, models.CASCADE, related_name="body_findings", db_index=False
    )
    kind = models.CharField(max_length=32)
    offset = models.BigIntegerField(
        null=True
    )  # in the body; null: something is missing
    octets = models.TextField(blank=True)  # the offending ones, readable

    def __str__(self) -> str:
        return f"{self.kind} in {self.transaction_id}"


class Mute(models.Model):
    """One kind of finding that does not count in an inbox, and the reason."""

    inbox = models.ForeignKey("Inbox", models.CASCADE, related_name="mutes")
    kind = models.CharField(max_length=32)
    reason = models.TextField()
    at = models.DateTimeField()
    # null if there were no accounts
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbox", "kind"], name="mute_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} muted: {self.reason}"
