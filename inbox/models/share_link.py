"""The table of share links."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox.models.api_token import ApiToken
from inbox.models.inbox import Inbox
from mailsink.ids import uuid7


class ShareLink(models.Model):
    """Anybody with its secret, which is not stored, can read one message or session.

    The object has no foreign key: mail is removed in bulk, and the link is then dead.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    # null: made before there were accounts
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="share_links"
    )
    # the token with which its user made it; null: none
    token = models.ForeignKey(ApiToken, models.CASCADE, null=True)
    # of the secret: SHA-256, in hex
    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16)  # message, session
    object_id = models.UUIDField()
    # of the object; null for a session with several inboxes
    inbox = models.ForeignKey(Inbox, models.CASCADE, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
