"""The table of links by which people make an account, or a new password."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox.models.access import Membership
from inbox.models.inbox import Inbox
from mailsink.ids import uuid7


class AccountLink(models.Model):
    """An invitation, or where it has a user the way to a new password. Its key is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of its key, in hex
    name = models.CharField(max_length=150)  # that the guest is offered; "" for none
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    is_administrator = models.BooleanField(default=False)
    inboxes = models.ManyToManyField(Inbox)
    role = models.CharField(
        max_length=16, choices=Membership.role.field.choices, default="viewer"
    )
    # It is good as long as they may invite there: it goes with them.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="account_links"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.CharField(max_length=150)  # the name that was chosen
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or str(self.pk)
