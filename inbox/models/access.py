"""The models of users, and of the inboxes that they and their groups may use."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. Our own model from the first migration on, since it cannot be swapped later.

    An administrator is a superuser. Groups are Django's.
    """

    # The patterns of their own addresses: see inbox.access.own_addresses
    mine = models.TextField(blank=True)


class Membership(models.Model):
    """The role of a user, or of a group, in an inbox."""

    inbox = models.ForeignKey("Inbox", models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="memberships",
    )
    group = models.ForeignKey(
        "auth.Group", models.CASCADE, null=True, related_name="memberships"
    )
    role = models.CharField(
        max_length=16,
        choices=[("viewer", "viewer"), ("tester", "tester"), ("manager", "manager")],
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbox", "user"], name="member_once"),
            models.UniqueConstraint(fields=["inbox", "group"], name="group_once"),
            models.CheckConstraint(
                name="member_or_group",
                condition=models.Q(user__isnull=True) ^ models.Q(group__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.role} of {self.inbox}"
