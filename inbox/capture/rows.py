"""The rows of the hot path, which the recorder holds in memory and writes as tuples.

Each class has its model's columns as slots, under their attribute names; a test
compares them with the models. Code that shapes a model instance for the API or the live
feed also accepts a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(slots=True, eq=False)
class SessionRow:
    id: UUID
    server_id: UUID
    listener: str
    client_address: str
    client_port: int
    protocol: str
    opened_at: datetime
    direction: str = "in"
    listener_kind: str = "smtp"
    inbox_id: int | None = None
    helo: str = ""
    tls_version: str = ""
    tls_cipher: str = ""
    tls_sni: str = ""
    auth_mechanism: str = ""
    auth_username: str = ""
    closed_at: datetime | None = None
    ending: str | None = None
    last_verb: str = ""
    exchanges: int = 0
    transactions: int = 0
    messages: int = 0
    refused: int = 0
    octets: int = 0
    worst_code: int | None = None


@dataclass(slots=True, eq=False)
class ExchangeRow:
    session_id: UUID
    seq: int
    kind: str
    verb: str
    line: str
    octets: int
    received_us: int
    transaction_id: UUID | None = None
    direction: str = "in"
    ready_us: int | None = None
    replied_us: int | None = None
    delayed_us: int = 0
    code: int | None = None
    enhanced: str = ""
    reply: str = ""
    rule: str = ""
    flags: str = ""


@dataclass(slots=True, eq=False)
class TransactionRow:
    id: UUID
    session_id: UUID
    seq: int
    reverse_path: str
    parameters: str
    started_us: int
    first_recipient: str = ""
    inbox_id: int | None = None
    outcome: str | None = None
    code: int | None = None
    recipients_accepted: int = 0
    recipients_refused: int = 0
    ended_us: int | None = None


@dataclass(slots=True, eq=False)
class RecipientRow:
    transaction: TransactionRow
    seq: int
    forward_path: str
    parameters: str
    rcpt_code: int
    final_code: int | None = None

    @property
    def transaction_id(self) -> UUID:
        return self.transaction.id


@dataclass(slots=True, eq=False)
class RawRow:
    transaction: TransactionRow
    sha256: str
    size: int
    complete: bool
    content: bytes | None
    key: str = ""
    codec: str = "identity"

    @property
    def transaction_id(self) -> UUID:
        return self.transaction.id


@dataclass(slots=True, eq=False)
class MessageRow:
    id: UUID
    transaction: TransactionRow
    inbox_id: int
    received_at: datetime
    size: int
    from_name: str = ""
    from_address: str = ""
    to: list[dict[str, str]] = field(default_factory=list)
    cc: list[dict[str, str]] = field(default_factory=list)
    subject: str = ""
    message_id: str = ""
    date: datetime | None = None
    snippet: str = ""
    attachments: int = 0
    indexed_at: datetime | None = None
    template: str | None = None
    pinned: bool = False
    tags: list[str] = field(default_factory=list)
    status: str = "new"
    note: str = ""
    deleted_at: datetime | None = None
    deleted_by: str = ""

    @property
    def transaction_id(self) -> UUID:
        return self.transaction.id


@dataclass(slots=True, eq=False)
class WebhookEventRow:
    id: UUID
    event: str
    object_id: UUID
    inbox_id: int | None


@dataclass(slots=True)
class SessionChanges:
    """The changes of one commit, handed to the live feed once they are durable."""

    sessions_opened: list[SessionRow] = field(default_factory=list)
    sessions_updated: list[SessionRow] = field(default_factory=list)
    sessions_closed: list[SessionRow] = field(default_factory=list)
    exchanges_created: list[ExchangeRow] = field(default_factory=list)
    exchanges_updated: list[ExchangeRow] = field(default_factory=list)
    messages_created: list[MessageRow] = field(default_factory=list)
    transactions_not_accepted: list[TransactionRow] = field(default_factory=list)
