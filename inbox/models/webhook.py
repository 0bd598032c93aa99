"""The tables of webhooks: addresses to call, events, and deliveries."""

from __future__ import annotations

from django.db import models

from inbox.models.inbox import Inbox
from mailsink.ids import uuid7

# The events that a webhook can be called for, in the order of pages.
EVENTS = (
    "message.created",
    "message.bounced",
    "transaction.rejected",
    "session.closed",
    "release.delivered",
    "release.failed",
)
TEST_EVENT = "webhook.test"  # no real event: a user tests a webhook
SHAPES = ("json", "slack", "teams", "ntfy")


class Webhook(models.Model):
    """An address that is called on events."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=64)
    url = models.TextField()
    shape = models.CharField(max_length=8, default="json")  # one of SHAPES
    events = models.JSONField(default=list)  # some of EVENTS
    inbox = models.ForeignKey(Inbox, models.CASCADE, null=True)  # null: all of them
    query = models.TextField(blank=True)  # a search that mail must match
    # Sealed: see inbox.storage.sealing. The old one also signs for a day.
    secret = models.TextField()
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    paused = models.BooleanField(default=False)  # events wait
    created_at = models.DateTimeField()
    # The time since which all tries failed; null: the last try succeeded.
    failing_since = models.DateTimeField(null=True)
    off_since = models.DateTimeField(null=True)  # turned off after failures
    off_reason = models.TextField(blank=True)
    # events for which there was no room
    left_out = models.PositiveBigIntegerField(default=0)
    # The process that calls it
    leased_by = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class WebhookEvent(models.Model):
    """An event, written in the commit of its cause.

    It is kept until it is in the queue of every webhook that wants it. Its id is that
    of the event, and contains the time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    event = models.CharField(max_length=24)
    object_id = models.UUIDField()  # of a message, transaction, session, or release
    inbox_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.event} {self.object_id}"


class WebhookDelivery(models.Model):
    """An event in the queue of a webhook, later in its history."""

    id = models.UUIDField(primary_key=True, default=uuid7)  # in the order of the queue
    webhook = models.ForeignKey(Webhook, models.CASCADE, db_index=False)
    event_id = models.UUIDField()  # the same when it is sent again
    event = models.CharField(max_length=24)
    object_id = models.UUIDField(null=True)
    inbox_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=16, default="queued")
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)  # null: at once, or never
    # Of the last try
    tried_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(null=True)
    code = models.PositiveSmallIntegerField(null=True)  # of the response
    text = models.TextField(blank=True)  # the response's beginning, or our reason

    class Meta:
        indexes = [
            # the history
            models.Index(fields=["webhook", "id"], name="webhook_history"),
            # the queue, and the failed ones
            models.Index(fields=["webhook", "state", "id"], name="webhook_states"),
            # the queue of each inbox
            models.Index(
                fields=["webhook", "state", "inbox_id", "id"], name="webhook_inboxes"
            ),
            # deliveries that wait for another try
            models.Index(
                fields=["webhook", "next_try_at"],
                name="webhook_resting",
                condition=models.Q(next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"
