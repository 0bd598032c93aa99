"""The table of API tokens."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox.models.inbox import Inbox
from mailsink.ids import uuid7


class ApiToken(models.Model):
    """A program signs in with it, in place of a user. Its secret is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=64)
    # of the secret: SHA-256, in hex
    digest = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=12)  # of the token, to recognise it by
    scopes = models.JSONField()  # some of inbox.access.token_scopes.SCOPES
    every_inbox = models.BooleanField(default=True)  # all that the user can see
    inboxes = models.ManyToManyField(Inbox)  # otherwise only these
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"
