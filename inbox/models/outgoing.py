"""The tables of outgoing mail: the routes, the queue, and the tries."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from inbox.models.inbox import Inbox
from inbox.models.session import Server
from mailsink.ids import uuid7

TLS_POLICIES = ("off", "opportunistic", "required", "implicit")
# For a release and each of its recipients. Final: delivered, failed, cancelled.
WAITING = ("queued", "trying")
# held: until its receiver requests it; for releases only. It never expires.
HELD = "held"
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
ACTIONS = ("release", "copy")  # of a rule: to the recipients, or to another address
ONLY = 1  # the key of a table's only row


class Route(models.Model):
    """A next hop, with the recipients that mail may go to. Without a route, no mail leaves."""

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
    # Replaces the reverse-path; "" leaves it unchanged.
    reverse_path = models.TextField(blank=True)
    # Puts a Received field first; else messages leave octet for octet.
    add_received = models.BooleanField(default=False)
    # Mailsink's own reports use it: the first such route, by name.
    bounces = models.BooleanField(default=False)
    # The slugs of inboxes whose mail may use it; none: all. A slug without an inbox
    # fits no mail.
    inboxes = models.JSONField(default=list)
    from_settings = models.BooleanField(default=False)  # whether MAILSINK_ROUTES has it
    created_at = models.DateTimeField()
    # The latest trial: a session up to the login, without mail.
    tried_at = models.DateTimeField(null=True)  # null: there was none
    # No foreign key: the recorder writes the session later, and retention removes it.
    trial_session = models.UUIDField(null=True)
    trial_worked = models.BooleanField(null=True)  # null: it is running, or broke off
    trial_outcome = models.TextField(blank=True)  # in a sentence

    def __str__(self) -> str:
        return self.name


class HeldDomain(models.Model):
    """A domain whose mail waits until its receiver requests it with ATRN, TURN or ETRN."""

    # In lower case, in DNS form; "*.example.com" stands for the subdomains.
    domain = models.CharField(max_length=255, unique=True)
    inbox = models.ForeignKey(Inbox, models.CASCADE)
    # who may take the mail; "*": any authenticated user
    users = models.JSONField(default=list)
    # the route for ETRN; null: ETRN sends no mail
    route = models.ForeignKey(Route, models.SET_NULL, null=True)
    seen = models.UUIDField()  # the newest message that was processed
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain


class Release(models.Model):
    """A message on its way out: at somebody's request, or for a receiver that requests it."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    # No foreign key: the log stays when the message is purged.
    message_id = models.UUIDField(db_index=True)
    subject = models.TextField(blank=True)
    route = models.ForeignKey(Route, models.SET_NULL, null=True, db_index=False)
    route_name = models.CharField(max_length=64)
    reverse_path = models.TextField(blank=True)
    parameters = models.TextField(blank=True)  # of MAIL, as given by the client
    requested_at = models.DateTimeField()
    requested_by = models.TextField(blank=True)  # if known
    # The rule: see inbox.outgoing.deriving. "": a person requested it.
    derived_from = models.CharField(max_length=64, blank=True)
    # the number of the part, with many recipients
    part = models.PositiveSmallIntegerField(default=0)
    # If it goes to others: the recipients that the message was accepted for, in words.
    instead_of = models.TextField(blank=True)
    state = models.CharField(max_length=16, default="queued")
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)  # null: no try is due
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # The domain of its recipients, if it waited, or waits, for their server
    held_for = models.CharField(max_length=255, blank=True)
    held_by = models.ForeignKey(HeldDomain, models.SET_NULL, null=True, db_index=False)

    class Meta:
        indexes = [
            # The queue of each route, in the order of its claims, which saves sorting.
            models.Index(
                fields=["route", "next_try_at", "id"],
                name="release_due",
                condition=models.Q(state="queued"),
            ),
            # releases that wait for a receiver, oldest first
            models.Index(
                fields=["held_by", "id", "held_for"],
                name="release_held",
                condition=models.Q(state="held"),
            ),
            # releases that wait, or waited, for a domain, for its page
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
            # no release is derived twice
            models.UniqueConstraint(
                fields=["message_id", "derived_from", "part"],
                name="release_derived_once",
                condition=~models.Q(derived_from=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} by {self.route_name}: {self.state}"


class ReleaseRule(models.Model):
    """Releases captured messages, or copies of them, automatically."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=64, unique=True)
    # the first rule that fits a recipient takes it
    position = models.PositiveIntegerField()
    enabled = models.BooleanField(default=True)
    action = models.CharField(max_length=16)  # one of ACTIONS
    inbox = models.ForeignKey("Inbox", models.CASCADE, null=True)  # null: all inboxes
    senders = models.JSONField(default=list)  # patterns; none: any reverse-path
    recipients = models.JSONField(default=list)  # patterns
    route = models.ForeignKey(Route, models.SET_NULL, null=True)
    copy_to = models.TextField(blank=True)  # of a copy
    # Only messages later than this one count: those since the rule's last change.
    since = models.UUIDField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class OutgoingGuard(models.Model):
    """The only row: whether mail leaves only to listed addresses, and the route for that."""

    # "on" or "off": a boolean would read any other value as off.
    switch = models.CharField(max_length=8, default="off")
    allow = models.JSONField(default=list)  # patterns of recipients
    # The route for automatic releases; null: mail waits for a rule or a person.
    route = models.ForeignKey(Route, models.SET_NULL, null=True)
    since = models.UUIDField(default=uuid7)  # the same as for a rule

    def __str__(self) -> str:
        return self.switch


class DerivingCursor(models.Model):
    """The only row: the message up to which all have been processed for good."""

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
    parameters = models.TextField(blank=True)  # of RCPT, as given by the client
    state = models.CharField(max_length=16, default="queued")
    code = models.PositiveSmallIntegerField(null=True)
    enhanced = models.CharField(max_length=16, blank=True)
    text = models.TextField(blank=True)  # the reply, or our reason
    # The last report about it: delayed, failed or relayed; hop: the next hop reports
    reported = models.CharField(max_length=16, blank=True)

    def __str__(self) -> str:
        return f"{self.forward_path}: {self.state}"


class ReleaseTry(models.Model):
    """One try to deliver a release, in an outward session."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    release = models.ForeignKey(Release, models.CASCADE, related_name="try_set")
    server = models.ForeignKey(Server, models.PROTECT)
    # No foreign key: the recorder writes the session later, and retention removes it.
    session_id = models.UUIDField(null=True)  # null: no mail could go out
    began_at = models.DateTimeField()
    # The end of the message was about to be sent: it may have arrived, whatever came
    # next.
    message_ended = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)  # in words

    class Meta:
        indexes = [
            # the tries that a dead server left
            models.Index(
                fields=["server"],
                name="release_try_open",
                condition=models.Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} {self.outcome or 'under way'}"
