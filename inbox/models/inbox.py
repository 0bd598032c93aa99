"""Where mail is collected."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

DEFAULT_SLUG = "default"


class Inbox(models.Model):
    """A place that mail is collected in; the default one exists always."""

    slug = models.SlugField()
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    # Who keeps settings in memory looks whether any is later than what it has.
    changed_at = models.DateTimeField(default=timezone.now)
    # Since when it is in the trash, as its mail is; null: it is not
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Which mail goes here: see inbox.policy.sorting_conditions
    conditions = models.JSONField(default=dict, blank=True)
    # Where a login with a label made it: whose login that was
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="labelled"
    )
    # How long inboxes that labels make here stay after their last mail; 0 is no limit
    label_days = models.PositiveIntegerField(default=7)
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
        constraints = [
            # the slug of a deleted one can be used again
            models.UniqueConstraint(
                fields=["slug"],
                name="inbox_slug",
                condition=models.Q(deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it, as changed now."""
        self.changed_at = timezone.now()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "changed_at"}
        super().save(*args, **kwargs)


class SmtpCredential(models.Model):
    """A login by which clients send to an inbox."""

    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="credentials")
    username = models.CharField(max_length=64, unique=True)
    # What SCRAM-SHA-256 stores in place of a password, as RFC 5803 writes it
    verifier = models.CharField(max_length=200)
    # Sealed (inbox.storage.sealing), where CRAM-MD5 is on: it takes the password itself
    password = models.TextField(blank=True)
    # What was good before the last rotation, and until when it still is
    old_verifier = models.CharField(max_length=200, blank=True)
    old_password = models.TextField(blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.username
