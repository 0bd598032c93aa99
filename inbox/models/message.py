"""Accepted messages, and the tables around them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from inbox import pages
from inbox.models.session import ADDRESS_KEY_LENGTH, Transaction
from mailsink.ids import uuid7

ALIVE = models.Q(deleted_at__isnull=True)
LARGE_SIZE = 100_000  # octets; from this size on, a message is among the few large ones
_PERSON = 30  # octets of one in JSON, apart from name and address


class Message(models.Model):
    """An accepted message. Read it through inbox.mailbox.messages, which takes a scope."""

    kind = "message"  # in lists that also have transactions

    id = models.UUIDField(primary_key=True, default=uuid7)
    transaction = models.OneToOneField(Transaction, models.CASCADE)
    inbox = models.ForeignKey("Inbox", models.PROTECT, db_index=False)
    received_at = models.DateTimeField()
    # From the header, decoded; lists of {"name", "address"}
    from_name = models.TextField(blank=True)
    from_address = models.TextField(blank=True)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    message_id = models.TextField(blank=True)
    date = models.DateTimeField(null=True)
    # The common key of messages from one template: see inbox.content.mail_templates
    template = models.CharField(max_length=16, null=True)  # noqa: DJ001  null: unknown
    size = models.PositiveBigIntegerField()
    # Filled by the indexer after the commit
    snippet = models.TextField(blank=True)
    attachments = models.PositiveIntegerField(default=0)
    indexed_at = models.DateTimeField(null=True)
    # Set by people
    pinned = models.BooleanField(default=False)
    tags = models.JSONField(default=list)
    status = models.CharField(max_length=8, default="new")  # see inbox.mailbox.marking
    note = models.TextField(blank=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.TextField(blank=True)  # the deleting user, if known

    class Meta:
        indexes = [
            # an inbox, newest first
            models.Index(fields=["inbox", "id"], name="message_inbox", condition=ALIVE),
            # all inboxes, newest first, without reading deleted messages
            models.Index(fields=["id"], name="message_alive", condition=ALIVE),
            # the columns that searches need, without reading the rows
            models.Index(
                fields=["id", "size", "attachments"],
                name="message_measured",
                condition=ALIVE,
            ),
            # the few messages that a search for these finds
            models.Index(
                fields=["id"],
                name="message_with_files",
                condition=ALIVE & models.Q(attachments__gte=1),
            ),
            models.Index(
                fields=["id", "size"],
                name="message_large",
                condition=ALIVE & models.Q(size__gte=LARGE_SIZE),
            ),
            # the messages with tags, for the list of tags
            models.Index(
                fields=["id"],
                name="message_tagged",
                condition=ALIVE & ~models.Q(tags=[]),
            ),
            # the indexer's queue
            models.Index(
                fields=["id"],
                name="message_unindexed",
                condition=models.Q(indexed_at__isnull=True),
            ),
            # the messages that the trash must purge
            models.Index(
                fields=["deleted_at"],
                name="message_trash",
                condition=models.Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        return pages.path("message", self.pk)

    @property
    def shown_length(self) -> int:
        """The number of characters in its subject and people."""
        people = (*self.to, *self.cc)
        named = sum(len(each["name"]) + len(each["address"]) for each in people)
        return len(self.subject) + named

    @property
    def octets(self) -> int:
        """The octets of its texts in a list; each of its people adds some."""
        texts = [self.subject, self.note, *self.tags]
        people = (*self.to, *self.cc)
        texts += (text for each in people for text in (each["name"], each["address"]))
        return sum(len(each.encode()) for each in texts) + _PERSON * len(people)


class MessageRead(models.Model):
    """A message was read: by a user, or (null) by anybody while there are no accounts.

    is_read: False if a user has not read the message, although ReadUpTo covers it
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="reads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    is_read = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user"], name="read_by_user"),
            models.UniqueConstraint(
                fields=["message"],
                name="read_by_anybody",
                condition=models.Q(user__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {'read' if self.is_read else 'unread'}"


class ReadUpTo(models.Model):
    """A user has read an inbox up to a message, with the exceptions in MessageRead.

    It takes one row, instead of one for each message.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False)
    inbox = models.ForeignKey(
        "Inbox", models.CASCADE, db_index=False, related_name="read_up_to"
    )
    message = models.UUIDField()  # no foreign key: the message may be gone

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "inbox"], name="read_up_to_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} has read {self.inbox_id} up to {self.message}"


class SearchText(models.Model):
    """The key under which the full text of a message is indexed.

    The index itself is specific to the database: see inbox.search.fulltext.
    """

    # In the order of the messages' ids: see inbox.search.fulltext.index.
    id = models.BigIntegerField(primary_key=True)
    message = models.OneToOneField(Message, models.CASCADE)
    # Null: it was indexed before header fields were indexed.
    with_header = models.BooleanField(null=True)

    class Meta:
        indexes = [
            # those whose header must still be indexed
            models.Index(
                fields=["id"],
                name="searchtext_no_header",
                condition=models.Q(with_header__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"text of {self.message_id}"


class SavedSearch(models.Model):
    """A query saved under a name, for one inbox or (null) for all of them.

    user: its owner; null: it is shared, like all from before there were accounts
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=64)
    query = models.TextField()
    inbox = models.ForeignKey("Inbox", models.CASCADE, null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # NULL never equals NULL: searches for all inboxes need a separate
            # constraint
            models.UniqueConstraint(
                fields=["name"],
                name="saved_search_name",
                condition=models.Q(inbox__isnull=True, user__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["user", "name"],
                name="saved_search_of_user",
                condition=models.Q(inbox__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RemoteHost(models.Model):
    """A host from which the mail of an inbox can load images when it is shown."""

    inbox = models.ForeignKey("Inbox", models.CASCADE, db_index=False)
    host = models.CharField(max_length=253)  # RFC 1035 §2.3.4, without the final dot

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbox", "host"], name="remote_host_once"),
        ]

    def __str__(self) -> str:
        return self.host


class Tombstone(models.Model):
    """The record of a message for an address, with when and why it was removed for good."""

    address = models.CharField(max_length=ADDRESS_KEY_LENGTH)  # of the envelope, lower
    message = models.UUIDField()  # its former id
    transaction = models.UUIDField()  # it may be gone, too
    inbox = models.ForeignKey("Inbox", models.CASCADE, db_index=False)
    subject = models.TextField(blank=True)
    received_at = models.DateTimeField()
    # when a person deleted it; null: nobody did
    deleted_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField()
    cause = models.CharField(max_length=16)  # see inbox.mailbox.tombstones

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "message"], name="tombstone_once"
            ),
        ]
        indexes = [
            # the expired ones
            models.Index(fields=["removed_at"], name="tombstone_removed"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.subject}"
