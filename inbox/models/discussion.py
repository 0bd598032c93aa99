"""Comments of users on messages, and assignments of messages to users."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox.models.message import Message
from mailsink.ids import uuid7


class Assignment(models.Model):
    """The assignment of a message to a user. Without one, the message has no assignee."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)

    def __str__(self) -> str:
        return f"{self.message_id} is assigned to {self.user_id}"


class Comment(models.Model):
    """A user's comment on a message. author: their name, which outlives the user"""

    id = models.UUIDField(primary_key=True, default=uuid7)
    message = models.ForeignKey(Message, models.CASCADE, related_name="comments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    author = models.CharField(max_length=150)
    text = models.TextField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
