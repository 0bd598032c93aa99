"""The tables of reports that Mailsink makes: what is to be made, and what was made."""

from __future__ import annotations

from django.db import models

from mailsink.ids import uuid7


class ReportTask(models.Model):
    """Reports that are to be made. A row goes in the commit that stores them: none is made twice."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # captured: a message may ask for reports; release: one that has recipients to report
    # on; relay: a report is to go out
    occasion = models.CharField(max_length=16)
    message_id = models.UUIDField()
    release_id = models.UUIDField(null=True)
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            # the queue: what failed comes last
            models.Index(fields=["tries", "id"], name="report_task_next"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.message_id}"


class MadeReport(models.Model):
    """A report that was made about a message, or the reason why it was withheld."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # No foreign keys: messages are purged in batches, with these rows.
    about = models.UUIDField(db_index=True)
    message_id = models.UUIDField(null=True, db_index=True)  # null: it was withheld
    release_id = models.UUIDField(null=True)
    # failed, delayed, delivered, relayed, automatic_reply, or complaint
    kind = models.CharField(max_length=16)
    cause = models.CharField(max_length=16)  # address, notify, or release
    sender = models.TextField()  # the reverse-path, to which it goes
    recipient = models.TextField()  # the first that it is about
    recipients = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    withheld = models.CharField(max_length=16, blank=True)  # why: see inbox.bouncing
    not_sent = models.TextField(blank=True)  # why it does not go out, where it was to

    class Meta:
        indexes = [
            # how many automatic replies somebody got lately
            models.Index(
                fields=["sender", "made_at"],
                name="made_report_replies",
                condition=models.Q(kind="automatic_reply"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} about {self.about}"
