"""The tables of reports that Mailsink makes: the tasks, and the results."""

from __future__ import annotations

from django.db import models

from mailsink.ids import uuid7


class ReportTask(models.Model):
    """Reports that must be made.

    The commit that stores them removes the row: none is made twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    # captured: a message may request reports; release: a release has recipients to
    # report on; relay: a report must be sent
    occasion = models.CharField(max_length=16)
    message_id = models.UUIDField()
    release_id = models.UUIDField(null=True)
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            # the queue: failed tasks come last
            models.Index(fields=["tries", "id"], name="report_task_next"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.message_id}"


class MadeReport(models.Model):
    """A report that was made about a message, or the reason why it was withheld."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # No foreign keys: messages are purged in batches, together with these rows.
    about = models.UUIDField(db_index=True)
    message_id = models.UUIDField(null=True, db_index=True)  # null: it was withheld
    release_id = models.UUIDField(null=True)
    # failed, delayed, delivered, relayed, automatic_reply, or complaint
    kind = models.CharField(max_length=16)
    cause = models.CharField(max_length=16)  # address, notify, or release
    sender = models.TextField()  # the reverse-path, to which it goes
    recipient = models.TextField()  # the first recipient of the report
    recipients = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    # the reason: see inbox.bouncing
    withheld = models.CharField(max_length=16, blank=True)
    # why it does not go out, although it should
    not_sent = models.TextField(blank=True)

    class Meta:
        indexes = [
            # the number of automatic replies that somebody got recently
            models.Index(
                fields=["sender", "made_at"],
                name="made_report_replies",
                condition=models.Q(kind="automatic_reply"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} about {self.about}"
