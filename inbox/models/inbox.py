"""Where mail is collected."""

from __future__ import annotations

from django.db import models

DEFAULT_SLUG = "default"


class Inbox(models.Model):
    """A place that mail is collected in; the default one exists always."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    # For teams, who get credentials and retention of their own for each inbox; unused yet.
    # credentials: a SCRAM-SHA-256 verifier, which checks PLAIN and LOGIN too.
    credentials = models.CharField(max_length=500, blank=True)
    # Retention; 0 is no limit, null is the server's own.
    retention_count = models.PositiveIntegerField(null=True, blank=True)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    retention_octets = models.PositiveBigIntegerField(null=True, blank=True)
    # What clients are answered; written by inbox.mailbox.inboxes, which checks it.
    known_only = models.BooleanField(default=False)  # mail to others is refused
    quota_octets = models.PositiveBigIntegerField(default=0)  # 0 is no limit
    paused = models.BooleanField(default=False)  # mail is put off
    paused_at = models.DateTimeField(null=True, blank=True)  # null: it is not
    addresses = models.JSONField(default=list, blank=True)
    # Whether addresses such as rcpt550@example.com ask for replies themselves.
    address_words = models.BooleanField(default=True)
    rules_on = models.BooleanField(default=True)  # one switch for all rules
    # off, report or error; server: as MAILSINK_STRICT says
    strict = models.CharField(max_length=8, default="server")
    # Kinds of findings and checks that are no errors here, beside the server's
    strict_ignored = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return self.name
