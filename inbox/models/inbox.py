"""The places where mail is collected."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

DEFAULT_SLUG = "default"


class Inbox(models.Model):
    """A place that collects mail; the default one always exists."""

    slug = models.SlugField()
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    # Caches of settings compare this with the newest change that they have.
    changed_at = models.DateTimeField(default=timezone.now)
    # The time since which it is in the trash, with its mail; null: it is not
    deleted_at = models.DateTimeField(null=True, blank=True)
    # The mail that goes here: see inbox.policy.sorting_conditions
    conditions = models.JSONField(default=dict, blank=True)
    # If a login with a label made it: the inbox of the login
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="labelled"
    )
    # Days that inboxes of labels stay after their last mail; 0 is no limit
    label_days = models.PositiveIntegerField(default=7)
    # Retention; 0 is no limit, null is the server's setting.
    retention_count = models.PositiveIntegerField(null=True, blank=True)
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    retention_octets = models.PositiveBigIntegerField(null=True, blank=True)
    # The replies to clients; written and checked by inbox.mailbox.inboxes.
    # mail to unknown addresses is refused
    known_only = models.BooleanField(default=False)
    quota_octets = models.PositiveBigIntegerField(default=0)  # 0 is no limit
    paused = models.BooleanField(default=False)  # mail gets a temporary refusal
    paused_at = models.DateTimeField(null=True, blank=True)  # null: not paused
    addresses = models.JSONField(default=list, blank=True)
    # Whether addresses such as rcpt550@example.com choose replies.
    address_words = models.BooleanField(default=True)
    rules_on = models.BooleanField(default=True)  # one switch for all rules
    # off, report or error; server: the mode of MAILSINK_STRICT
    strict = models.CharField(max_length=8, default="server")
    # Kinds of findings and checks that are no errors here, in addition to the server's
    strict_ignored = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name_plural = "inboxes"
        constraints = [
            # the slug of a deleted inbox can be used again
            models.UniqueConstraint(
                fields=["slug"],
                name="inbox_slug",
                condition=models.Q(deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it with the current time as that of the change."""
        self.changed_at = timezone.now()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "changed_at"}
        super().save(*args, **kwargs)


class SmtpCredential(models.Model):
    """A login with which clients send to an inbox."""

    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="credentials")
    username = models.CharField(max_length=64, unique=True)
    # SCRAM-SHA-256's verifier in place of a password (RFC 5803)
    verifier = models.CharField(max_length=200)
    # Sealed (inbox.storage.sealing), if CRAM-MD5 is on, which needs the password itself
    password = models.TextField(blank=True)
    # The verifier before the last rotation, and until when it is valid
    old_verifier = models.CharField(max_length=200, blank=True)
    old_password = models.TextField(blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.username
