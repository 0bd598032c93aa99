"""The table of links for making an account, or for a new password."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox.models.access import Membership
from inbox.models.inbox import Inbox
from mailsink.ids import uuid7


class AccountLink(models.Model):
    """An invitation; or with a user, the link for a new password. Its key is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of its key, in hex
    name = models.CharField(max_length=150)  # suggested to the guest; "" for none
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    is_administrator = models.BooleanField(default=False)
    inboxes = models.ManyToManyField(Inbox)
    role = models.CharField(
        max_length=16, choices=Membership.role.field.choices, default="viewer"
    )
    # The link is valid as long as they may invite there, and is removed with them.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="account_links"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.CharField(max_length=150)  # the name that the guest chose
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or str(self.pk)
