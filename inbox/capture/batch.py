"""A batch: the rows that wait for the next commit, and the SQL that writes them.

Rows are written as tuples, many in a statement: ORM objects would take twice the time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models

from inbox.capture.rows import (
    ExchangeRow,
    MessageRow,
    RawRow,
    RecipientRow,
    SessionChanges,
    SessionRow,
    TransactionRow,
    WebhookEventRow,
)
from inbox.models import (
    Exchange,
    Message,
    Raw,
    Recipient,
    Session,
    Transaction,
    WebhookEvent,
)
from inbox.storage import webhook_outbox
from mailsink.ids import uuid7
from mailsink.ports import Answer

R = TypeVar("R")


class Rows(Generic[R]):
    """One table's rows: new ones to insert, others to update. A row is in one of both."""

    __slots__ = ("changed", "new")

    def __init__(self) -> None:
        self.new: dict[int, R] = {}
        self.changed: dict[int, R] = {}

    def add(self, row: R) -> None:
        self.new[id(row)] = row

    def change(self, row: R) -> None:
        if id(row) not in self.new:
            self.changed[id(row)] = row

    def put_before(self, later: Rows[R]) -> None:
        """Take in the rows of a later batch; rows that are new here stay new."""
        self.new.update(later.new)
        for row in later.changed.values():
            self.change(row)

    def cut(self, most: int, held: Callable[[R], bool] | None = None) -> Rows[R]:
        """Take out the first rows, at most `most`, without those that are held."""
        cut = Rows[R]()
        for ours, theirs in ((self.new, cut.new), (self.changed, cut.changed)):
            free = (key for key, row in ours.items() if not (held and held(row)))
            for key in list(islice(free, most - len(cut))):
                theirs[key] = ours.pop(key)
        return cut

    def __len__(self) -> int:
        return len(self.new) + len(self.changed)


@dataclass(slots=True, eq=False)
class PendingMessage:
    """A message that waits to be stored."""

    session: SessionRow
    raw: RawRow
    message: MessageRow
    done: Answer  # called on the event loop


class Batch:
    """The rows that one commit writes."""

    def __init__(self) -> None:
        self.sessions = Rows[SessionRow]()
        self.exchanges = Rows[ExchangeRow]()
        self.transactions = Rows[TransactionRow]()
        self.recipients = Rows[RecipientRow]()
        self.raws: list[RawRow] = []  # of bodies that were not accepted
        self.messages: list[PendingMessage] = []
        # transactions whose message was not accepted
        self.ended: list[TransactionRow] = []
        self.closed: list[SessionRow] = []
        self.octets = (
            0  # of bodies and lines: clients can make these as large as they like
        )

    def __len__(self) -> int:
        return (
            len(self.sessions)
            + len(self.exchanges)
            + len(self.transactions)
            + len(self.recipients)
            + len(self.raws)
            + len(self.messages)
        )

    def put_before(self, later: Batch) -> None:
        """Take in a later batch, so that both can be retried as one."""
        self.sessions.put_before(later.sessions)
        self.exchanges.put_before(later.exchanges)
        self.transactions.put_before(later.transactions)
        self.recipients.put_before(later.recipients)
        self.raws += later.raws
        self.messages += later.messages
        self.ended += later.ended
        self.closed += later.closed
        self.octets += later.octets

    def cut(self, most: int) -> Batch:
        """Take out the first rows of one session's batch, at most `most`.

        Updates of the session, such as its end, stay behind. So does a message with its
        transaction: both must be committed together, since a crash would otherwise
        leave one without the other.
        """
        storing = {id(waiting.message.transaction) for waiting in self.messages}
        cut = Batch()
        cut.sessions.new, self.sessions.new = self.sessions.new, {}
        cut.transactions = self.transactions.cut(
            most - len(cut), lambda row: id(row) in storing
        )
        cut.recipients = self.recipients.cut(
            most - len(cut), lambda row: id(row.transaction) in storing
        )
        cut.exchanges = self.exchanges.cut(most - len(cut))
        room = max(0, most - len(cut))
        cut.raws, self.raws = self.raws[:room], self.raws[room:]
        written = {*cut.transactions.new, *cut.transactions.changed}
        cut.ended = [row for row in self.ended if id(row) in written]
        self.ended = [row for row in self.ended if id(row) not in written]
        cut.octets = cut.measured()
        self.octets -= cut.octets
        return cut

    def measured(self) -> int:
        """Return the octets of the batch's lines and bodies."""
        raws = [*self.raws, *(waiting.raw for waiting in self.messages)]
        lines = sum(len(row.line) for row in self.exchanges.new.values())
        return lines + sum(len(raw.content or b"") for raw in raws)

    def by_session(self) -> list[tuple[UUID, Batch]]:
        """Return the same rows as one batch for each session."""
        parts: defaultdict[UUID, Batch] = defaultdict(Batch)
        part = parts.__getitem__

        for session in self.sessions.new.values():
            part(session.id).sessions.add(session)
        for session in self.sessions.changed.values():
            part(session.id).sessions.change(session)
        for exchange in self.exchanges.new.values():
            part(exchange.session_id).exchanges.add(exchange)
        for exchange in self.exchanges.changed.values():
            part(exchange.session_id).exchanges.change(exchange)
        for row in self.transactions.new.values():
            part(row.session_id).transactions.add(row)
        for row in self.transactions.changed.values():
            part(row.session_id).transactions.change(row)
        for recipient in self.recipients.new.values():
            part(recipient.transaction.session_id).recipients.add(recipient)
        for recipient in self.recipients.changed.values():
            part(recipient.transaction.session_id).recipients.change(recipient)
        for raw in self.raws:
            part(raw.transaction.session_id).raws.append(raw)
        for waiting in self.messages:
            part(waiting.session.id).messages.append(waiting)
        for row in self.ended:
            part(row.session_id).ended.append(row)
        for session in self.closed:
            part(session.id).closed.append(session)
        for each in parts.values():
            each.octets = each.measured()
        return list(parts.items())

    def changes(self) -> SessionChanges:
        """Return the changes of this batch, for the live feed.

        A row may already have later changes: a session that has ended meanwhile is
        closed by the batch that has its last lines.
        """
        changes = SessionChanges(
            sessions_opened=list(self.sessions.new.values()),
            exchanges_created=list(self.exchanges.new.values()),
            exchanges_updated=list(self.exchanges.changed.values()),
            messages_created=[waiting.message for waiting in self.messages],
            transactions_not_accepted=self.ended,
            sessions_closed=list(self.closed),
        )
        for row in self.sessions.changed.values():
            if row.ending is None:
                changes.sessions_updated.append(row)
        return changes


Statement = tuple[str, list[Sequence[Any]]]

# With about 24 columns: SQLite before 3.32 accepts 999 values in a statement.
_ROWS_OF_A_STATEMENT = 32


class Table:
    """The SQL for the rows of one model."""

    def __init__(
        self,
        model: type[models.Model],
        key: tuple[str, ...],
        fixed: tuple[str, ...],
        most: int = _ROWS_OF_A_STATEMENT,
    ) -> None:
        """Prepare the statements.

        key: the columns that identify a row; fixed: the columns that never change;
        most: the maximum of rows in a statement, a power of two
        """
        self._most = most
        fields = [field for field in model._meta.concrete_fields if field.column]
        self.columns = [field.attname for field in fields]
        self._changing = [c for c in self.columns if c not in key and c not in fixed]
        quote = connection.ops.quote_name
        name = quote(model._meta.db_table)
        # the driver's placeholder
        place = "?" if connection.vendor == "sqlite" else "%s"
        column = {field.attname: quote(field.column or "") for field in fields}
        names = ", ".join(column.values())
        self._insert = f"INSERT INTO {name} ({names}) VALUES "  # noqa: S608  as below
        self._row = f"({', '.join([place] * len(column))})"
        self._update = (
            f"UPDATE {name} SET {', '.join(f'{column[c]} = {place}' for c in self._changing)} "  # noqa: S608  names of our own models
            f"WHERE {' AND '.join(f'{column[c]} = {place}' for c in key)}"
        )
        by_name = {field.attname: field for field in fields}
        self._to_insert = _values(by_name, self.columns)
        self._to_update = _values(by_name, [*self._changing, *key])

    def insert(self, rows: Iterable[Any]) -> list[Statement]:
        """Return statements that insert many rows each.

        SQLite's driver releases the interpreter lock for each statement, and waits
        about a millisecond to get it back while the event loop is busy. The numbers of
        rows are powers of two, so that the driver can reuse its prepared statements.
        """
        values = [self._to_insert(row) for row in rows]
        statements: list[Statement] = []
        start = 0
        while left := len(values) - start:
            size = min(self._most, 1 << (left.bit_length() - 1))
            end = start + left - left % size
            groups = [values[i : i + size] for i in range(start, end, size)]
            sql = self._insert + ", ".join([self._row] * size)
            statements.append((sql, [list(chain(*group)) for group in groups]))
            start = end
        return statements

    def update(self, rows: Iterable[Any]) -> list[Statement]:
        """Return the statement that updates these rows, if there are any."""
        values = [self._to_update(row) for row in rows]
        return [(self._update, values)] if values else []


def _values(
    fields: dict[str, models.Field[Any, Any]], columns: list[str]
) -> Callable[[Any], Sequence[Any]]:
    """Return a function from a row to the values of its columns, in the driver's types."""
    hexadecimal = {
        column for column in columns if _is_hexadecimal(_target(fields[column]))
    }
    get = attrgetter(
        *(
            f"{column}.hex"
            if column in hexadecimal and not fields[column].null
            else column
            for column in columns
        )
    )
    adapters = [
        (index, adapter)
        for index, column in enumerate(columns)
        if (adapter := _adapter(fields[column]))
    ]
    if not adapters:
        return get

    def values(row: Any) -> Sequence[Any]:
        result = list(get(row))
        for index, adapt in adapters:
            if (value := result[index]) is not None:
                result[index] = adapt(value)
        return result

    return values


def _target(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _is_hexadecimal(field: models.Field[Any, Any]) -> bool:
    """Whether the database stores this as a UUID's hexadecimal digits."""
    return (
        isinstance(field, models.UUIDField)
        and not connection.features.has_native_uuid_field
    )


def _adapter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    target = _target(field)
    if _is_hexadecimal(target):
        return attrgetter("hex") if field.null else None
    if isinstance(target, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(target, models.JSONField):
        return json.dumps
    return None


def _webhook_events(batch: Batch) -> list[WebhookEventRow]:
    """Return the events to call webhooks for; none without webhooks."""
    wanted = webhook_outbox.wanted()
    happened: list[tuple[str, UUID, int | None]] = []
    if "message.created" in wanted:
        messages = (waiting.message for waiting in batch.messages)
        happened += (("message.created", m.id, m.inbox_id) for m in messages)
    if "transaction.rejected" in wanted:
        # A transaction whose recipients were all refused ends with RSET or QUIT.
        refused = (
            row
            for row in batch.ended
            if row.outcome == "rejected" or (row.code or 0) >= 400
        )
        happened += (("transaction.rejected", r.id, r.inbox_id) for r in refused)
    if "session.closed" in wanted:
        happened += (("session.closed", s.id, s.inbox_id) for s in batch.closed)
    return [WebhookEventRow(uuid7(), *each) for each in happened]


class Writer:
    """Turns batches into SQL for the default database."""

    def __init__(self) -> None:
        self.sessions = Table(
            Session, ("id",), ("server_id", "opened_at", "direction", "listener_kind")
        )
        self.transactions = Table(
            Transaction,
            ("id",),
            ("session_id", "seq", "reverse_path", "parameters", "started_us"),
        )
        self.recipients = Table(
            Recipient,
            ("transaction_id", "seq"),
            ("forward_path", "parameters", "rcpt_code"),
        )
        # A whole statement is in memory, and a body has up to a MiB.
        self.raws = Table(Raw, ("transaction_id",), (), most=4)
        self.messages = Table(Message, ("id",), ())
        self.webhook_events = Table(WebhookEvent, ("id",), ())
        self.exchanges = Table(
            Exchange,
            ("session_id", "seq"),
            ("direction", "kind", "verb"),
        )

    def statements(self, batch: Batch) -> list[Statement]:
        """Return a snapshot of the batch's rows as statements, referenced rows first."""
        raws = [*batch.raws, *(waiting.raw for waiting in batch.messages)]
        messages = [waiting.message for waiting in batch.messages]
        return [
            *self.sessions.insert(batch.sessions.new.values()),
            *self.sessions.update(batch.sessions.changed.values()),
            *self.transactions.insert(batch.transactions.new.values()),
            *self.transactions.update(batch.transactions.changed.values()),
            *self.recipients.insert(batch.recipients.new.values()),
            *self.recipients.update(batch.recipients.changed.values()),
            *self.raws.insert(raws),
            *self.messages.insert(messages),
            *self.exchanges.insert(batch.exchanges.new.values()),
            *self.exchanges.update(batch.exchanges.changed.values()),
            *self.webhook_events.insert(_webhook_events(batch)),
        ]

    def execute(self, statements: list[Statement]) -> None:
        """Run the statements on this thread's connection, within a transaction.

        Uses the driver's own cursor: Django's searches each statement for placeholders,
        which takes as long as the execution.
        """
        driver = connection.connection
        with connection.wrap_database_errors, closing(driver.cursor()) as cursor:
            for sql, parameters in statements:
                cursor.executemany(sql, parameters)
