"""The tables of mail that goes out: where to, what waits, and what was tried."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from inbox.models.inbox import Inbox
from inbox.models.session import Server
from mailsink.ids import uuid7

TLS_POLICIES = ("off", "opportunistic", "required", "implicit")
# Of a release and of each of its recipients. Final: delivered, failed, cancelled.
WAITING = ("queued", "trying")
# held: until its receiver asks for it; of releases only. It never expires.
HELD = "held"
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
ACTIONS = ("release", "copy")  # of a rule: to the recipients, or to another address
ONLY = 1  # the key of a row of which there is one


class Route(models.Model):
    """A next hop, and the recipients that mail may go to by it. Without one nothing leaves."""

    name = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    tls = models.CharField(max_length=16)  # one of TLS_POLICIES
    verify = models.BooleanField(default=True)  # the certificate
    username = models.TextField(blank=True)
    password = models.TextField(blank=True)  # sealed: see inbox.storage.sealing
    # Patterns of addresses and domains: see inbox.outgoing.allowing
    allow = models.JSONField(default=list)
    deny = models.JSONField(default=list)
    # Takes the place of the reverse-path; "" leaves that as it was.
    reverse_path = models.TextField(blank=True)
    # A Received field goes in front; else messages leave octet for octet.
    add_received = models.BooleanField(default=False)
    # Reports that Mailsink makes go out by it: by the first such route, by name.
    bounces = models.BooleanField(default=False)
    # The slugs of those whose mail may go by it; none: all. One that is gone fits nothing.
    inboxes = models.JSONField(default=list)
    from_settings = models.BooleanField(default=False)  # MAILSINK_ROUTES has it
    created_at = models.DateTimeField()
    # The latest trial: a session up to the login, without mail.
    tried_at = models.DateTimeField(null=True)  # null: there was none
    # No foreign key: the recorder writes the session later, and retention removes it.
    trial_session = models.UUIDField(null=True)
    trial_worked = models.BooleanField(null=True)  # null: it goes on, or broke off
    trial_outcome = models.TextField(blank=True)  # in a sentence

    def __str__(self) -> str:
        return self.name


class HeldDomain(models.Model):
    """A domain whose mail waits until its receiver asks for it: by ATRN, TURN or ETRN."""

    # In lower case, as DNS has it; "*.example.com" is what is below example.com.
    domain = models.CharField(max_length=255, unique=True)
    inbox = models.ForeignKey(Inbox, models.CASCADE)
    users = models.JSONField(default=list)  # that may take it; "*": whoever logs in
    # by which ETRN sends it; null: ETRN does not
    route = models.ForeignKey(Route, models.SET_NULL, null=True)
    seen = models.UUIDField()  # the newest message that was looked at
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain


class Release(models.Model):
    """A message on its way out: at somebody's request, or to a receiver who asks for it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # No foreign key: the log stays when the message is purged.
    message_id = models.UUIDField(db_index=True)
    subject = models.TextField(blank=True)
    route = models.ForeignKey(Route, models.SET_NULL, null=True, db_index=False)
    route_name = models.CharField(max_length=64)
    reverse_path = models.TextField(blank=True)
    parameters = models.TextField(blank=True)  # of MAIL, as the client gave them
    requested_at = models.DateTimeField()
    requested_by = models.TextField(blank=True)  # as far as is known
    # By which rule: see inbox.outgoing.deriving. "": a person asked for it.
    derived_from = models.CharField(max_length=64, blank=True)
    part = models.PositiveSmallIntegerField(default=0)  # of many recipients
    # Where it goes to others: those that the message was accepted for, in words.
    instead_of = models.TextField(blank=True)
    state = models.CharField(max_length=16, default="queued")
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)  # null: none is due
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # The domain of its recipients, where it waited, or waits, for their server
    held_for = models.CharField(max_length=255, blank=True)
    held_by = models.ForeignKey(HeldDomain, models.SET_NULL, null=True, db_index=False)

    class Meta:
        indexes = [
            # The queue of each route, in the order of its claims: none sorts the queue.
            models.Index(
                fields=["route", "next_try_at", "id"],
                name="release_due",
                condition=models.Q(state="queued"),
            ),
            # what waits for a receiver, oldest first
            models.Index(
                fields=["held_by", "id", "held_for"],
                name="release_held",
                condition=models.Q(state="held"),
            ),
            # what waits, or waited, for a domain, as its page lists it
            models.Index(
                fields=["held_by", "id"],
                name="release_of_domain",
                condition=models.Q(held_by__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message_id", "held_for"],
                name="held_once",
                condition=~models.Q(held_for=""),
            ),
            # nothing is derived twice
            models.UniqueConstraint(
                fields=["message_id", "derived_from", "part"],
                name="release_derived_once",
                condition=~models.Q(derived_from=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} by {self.route_name}: {self.state}"


class ReleaseRule(models.Model):
    """Releases captured messages by itself, or copies of them."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=64, unique=True)
    position = models.PositiveIntegerField()  # the first that fits a recipient takes it
    enabled = models.BooleanField(default=True)
    action = models.CharField(max_length=16)  # one of ACTIONS
    inbox = models.ForeignKey("Inbox", models.CASCADE, null=True)  # null: of all
    senders = models.JSONField(default=list)  # patterns; none: any reverse-path
    recipients = models.JSONField(default=list)  # patterns
    route = models.ForeignKey(Route, models.SET_NULL, null=True)
    copy_to = models.TextField(blank=True)  # of a copy
    # Messages later than this one are considered: those from its last change on.
    since = models.UUIDField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class OutgoingGuard(models.Model):
    """One row: whether only what its list names may leave, and by which route that does."""

    # "on" or "off": a boolean would read anything else as off.
    switch = models.CharField(max_length=8, default="off")
    allow = models.JSONField(default=list)  # patterns of recipients
    # By which it leaves by itself; null: it waits for a rule or a person.
    route = models.ForeignKey(Route, models.SET_NULL, null=True)
    since = models.UUIDField(default=uuid7)  # as of a rule

    def __str__(self) -> str:
        return self.switch


class DerivingCursor(models.Model):
    """One row: up to which message all have been considered for good."""

    message = models.UUIDField()

    def __str__(self) -> str:
        return str(self.message)


class ReleaseRecipient(models.Model):
    """One recipient of a release, and the latest result for it."""

    pk = models.CompositePrimaryKey("release_id", "seq")
    release = models.ForeignKey(
        Release, models.CASCADE, related_name="recipients", db_index=False
    )
    seq = models.PositiveIntegerField()
    forward_path = models.TextField()
    parameters = models.TextField(blank=True)  # of RCPT, as the client gave them
    state = models.CharField(max_length=16, default="queued")
    code = models.PositiveSmallIntegerField(null=True)
    enhanced = models.CharField(max_length=16, blank=True)
    text = models.TextField(blank=True)  # the reply, or our reason
    # The last report on it: delayed, failed or relayed; hop: the next hop reports
    reported = models.CharField(max_length=16, blank=True)

    def __str__(self) -> str:
        return f"{self.forward_path}: {self.state}"


class ReleaseTry(models.Model):
    """One try to deliver a release, in an outward session."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    release = models.ForeignKey(Release, models.CASCADE, related_name="try_set")
    server = models.ForeignKey(Server, models.PROTECT)
    # No foreign key: the recorder writes the session later, and retention removes it.
    session_id = models.UUIDField(null=True)  # null: nothing could go out
    began_at = models.DateTimeField()
    # The end of the message was about to be sent: it may have arrived, whatever followed.
    message_ended = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)  # in words

    class Meta:
        indexes = [
            # those that a dead server left
            models.Index(
                fields=["server"],
                name="release_try_open",
                condition=models.Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} {self.outcome or 'under way'}"
