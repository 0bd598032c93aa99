"""The models of SMTP traffic: servers, sessions, exchanges, transactions and their bodies.

Ids are UUIDv7. Times that end in _us are microseconds since the session opened. Texts
contain no raw client octets (see mailsink.text). The recorder writes these tables as
tuples: inbox/capture/rows.py repeats the names of their columns.
"""

from __future__ import annotations

from django.db import models

from inbox import pages
from mailsink.ids import uuid7

# Characters of an address that are indexed: PostgreSQL refuses an entry of more than
# about 2,700 octets, while a client can send any length.
ADDRESS_KEY_LENGTH = 256


# The listener kinds of sessions without a client: an import, and a report of our own.
IMPORT, INTERNAL = "import", "internal"
WITHOUT_CLIENT = (IMPORT, INTERNAL)
# The outcomes of transactions whose client got a 250 for the message.
TAKEN = ("accepted", "discarded")
REFUSED = 400  # the first code of a refusal (RFC 5321 §4.2.1)
# A connection that ended without any octet from the client.
PROBE = models.Q(ending__isnull=False, octets=0, direction="in", last_verb="") & ~(
    models.Q(listener_kind__in=WITHOUT_CLIENT)
)


class AddressKey(models.Func):
    """The key for the look-up of an address: its lower-case beginning.

    The length is a literal, since planners do not match parameters with an index
    expression.
    """

    function = "LOWER"
    template = f"LOWER(SUBSTR(%(expressions)s, 1, {ADDRESS_KEY_LENGTH}))"
    output_field = models.TextField()


class Server(models.Model):
    """One running process. At a start, sessions of dead servers are closed as crashed."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    started_at = models.DateTimeField()
    heartbeat = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    hostname = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    # the bound addresses of its listeners
    smtp = models.JSONField(default=list)
    smtps = models.JSONField(default=list)
    submission = models.JSONField(default=list)
    lmtp = models.JSONField(default=list)
    http = models.JSONField(default=list)
    # its counters at the last heartbeat (inbox/upkeep/process_figures.py)
    figures = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.hostname}:{self.pid}"


class Session(models.Model):
    """One connection, or one API, import or internal delivery."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    server = models.ForeignKey(Server, models.PROTECT, related_name="sessions")
    inbox = models.ForeignKey("Inbox", models.PROTECT, null=True, db_index=False)
    direction = models.CharField(max_length=3, default="in")
    listener = models.CharField(max_length=64)
    # one of mailsink.smtp.listener_kinds.LISTENER_KINDS, IMPORT or INTERNAL
    listener_kind = models.CharField(max_length=16, default="smtp")
    client_address = models.CharField(max_length=64)
    client_port = models.PositiveIntegerField()
    helo = models.TextField(blank=True)
    protocol = models.CharField(max_length=16)
    tls_version = models.CharField(max_length=16, blank=True)
    tls_cipher = models.CharField(max_length=64, blank=True)
    tls_sni = models.TextField(blank=True)
    auth_mechanism = models.CharField(max_length=32, blank=True)
    auth_username = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=16, null=True)  # noqa: DJ001  null: live
    last_verb = models.CharField(max_length=16, blank=True)
    exchanges = models.PositiveIntegerField(default=0)
    transactions = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)  # commands answered 4yz or 5yz
    octets = models.PositiveBigIntegerField(default=0)  # received
    worst_code = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [
            # live sessions on top of the list, and those to close after a crash
            models.Index(
                fields=["id"],
                name="session_live",
                condition=models.Q(ending__isnull=True),
            ),
            # sessions without input from the client, to list them as one
            models.Index(
                fields=["client_address", "opened_at"],
                name="session_probe",
                condition=PROBE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.helo or self.client_address} {self.opened_at:%H:%M:%S}"

    def get_absolute_url(self) -> str:
        return pages.path("session", self.pk)

    @property
    def is_internal(self) -> bool:
        """Whether it delivered a report of our own."""
        return self.listener_kind == INTERNAL

    @property
    def has_no_client(self) -> bool:
        """Whether it has no client, and so no lines: an import, or a report of our own."""
        return self.listener_kind in WITHOUT_CLIENT


class Transaction(models.Model):
    """A transaction from MAIL to its end, with any outcome."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    session = models.ForeignKey(Session, models.CASCADE, related_name="transaction_set")
    inbox = models.ForeignKey("Inbox", models.PROTECT, null=True, db_index=False)
    seq = models.PositiveIntegerField()
    reverse_path = models.TextField(blank=True)
    # The first accepted forward-path; if none was accepted, the first of all.
    first_recipient = models.TextField(blank=True)
    parameters = models.TextField(blank=True)
    outcome = models.CharField(max_length=16, null=True)  # noqa: DJ001  null: open
    code = models.PositiveSmallIntegerField(null=True)  # of the reply that ended it
    recipients_accepted = models.PositiveIntegerField(default=0)
    recipients_refused = models.PositiveIntegerField(default=0)
    started_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            # the inbox lists refused transactions among the messages
            models.Index(
                fields=["id"],
                name="transaction_not_accepted",
                condition=models.Q(outcome__in=["rejected", "abandoned", "reset"]),
            ),
            # the few that rules discarded, which are in no other list
            models.Index(
                fields=["id"],
                name="transaction_discarded",
                condition=models.Q(outcome="discarded"),
            ),
            # transactions for a search by refusal code
            models.Index(
                fields=["code"],
                name="transaction_refused",
                condition=models.Q(code__gte=REFUSED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reverse_path} {self.outcome or 'open'}"

    def get_absolute_url(self) -> str:
        return pages.path("transaction", self.pk)


class Recipient(models.Model):
    """One RCPT, accepted or not."""

    pk = models.CompositePrimaryKey("transaction_id", "seq")
    transaction = models.ForeignKey(
        Transaction, models.CASCADE, related_name="recipients", db_index=False
    )
    seq = models.PositiveIntegerField()
    forward_path = models.TextField()
    parameters = models.TextField(blank=True)
    rcpt_code = models.PositiveSmallIntegerField()
    final_code = models.PositiveSmallIntegerField(null=True)  # LMTP (RFC 2033 §4.2)

    class Meta:
        indexes = [
            # the mail for an address, newest first
            models.Index(
                AddressKey("forward_path"), "transaction", name="recipient_address"
            ),
            # refused addresses, including badly written ones, newest first
            models.Index(
                fields=["transaction"],
                name="recipient_refused",
                condition=models.Q(rcpt_code__gte=REFUSED),
            ),
            models.Index(
                fields=["transaction"],
                name="recipient_refused_late",
                condition=models.Q(final_code__gte=REFUSED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.forward_path} {self.rcpt_code}"


class Exchange(models.Model):
    """One client line (or connect, TLS, body, chunk, notice) and the reply to it."""

    pk = models.CompositePrimaryKey("session_id", "seq")
    session = models.ForeignKey(
        Session, models.CASCADE, related_name="exchange_set", db_index=False
    )
    seq = models.PositiveIntegerField()
    direction = models.CharField(max_length=3, default="in")
    # No constraint and no index: read by session, written on the hot path.
    transaction = models.ForeignKey(
        Transaction, models.DO_NOTHING, null=True, db_constraint=False, db_index=False,
        related_name="exchange_set",
    )  # fmt: skip
    kind = models.CharField(max_length=16)
    verb = models.CharField(max_length=16, blank=True)
    line = models.TextField(blank=True)
    octets = models.PositiveBigIntegerField()
    received_us = models.BigIntegerField()
    ready_us = models.BigIntegerField(null=True)
    replied_us = models.BigIntegerField(null=True)
    delayed_us = models.BigIntegerField(default=0)
    code = models.PositiveSmallIntegerField(null=True)
    enhanced = models.CharField(max_length=16, blank=True)
    reply = models.TextField(blank=True)  # whole lines, joined by LF
    rule = models.TextField(blank=True)  # the origin of a deliberate reply, in words
    # words from mailsink.smtp.protocol.events.FLAGS, separated by spaces
    flags = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.line} {self.code or ''}"


class Raw(models.Model):
    """A body's octets: accepted, refused, or cut off."""

    transaction = models.OneToOneField(Transaction, models.CASCADE, primary_key=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    complete = models.BooleanField()
    codec = models.CharField(max_length=8, default="identity")  # or zlib
    key = models.CharField(max_length=200, blank=True)  # of its file or object
    content = models.BinaryField(null=True)  # null if the octets are stored under key

    def __str__(self) -> str:
        return self.sha256


class Fingerprint(models.Model):
    """The fingerprint of an ended transaction.

    By it, other attempts at its message are found. The indexer writes it: see
    inbox.insight.fingerprints.
    """

    transaction = models.OneToOneField(Transaction, models.CASCADE, primary_key=True)
    message_id = models.CharField(max_length=256, blank=True)  # its beginning
    sha256 = models.CharField(max_length=64, blank=True)  # of the body, if there is one
    # the number of the attempt at its message
    attempt = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(
                fields=["message_id", "transaction"], name="fingerprint_message_id"
            ),
            models.Index(fields=["sha256", "transaction"], name="fingerprint_sha256"),
        ]

    def __str__(self) -> str:
        return self.message_id or self.sha256
