"""Rows for tests: sessions, transactions, messages and what belongs to them.

Each takes the fields of its model, and has a likely value for those not given.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.mailbox.importing import Importer
from inbox.models import (
    Exchange,
    Inbox,
    Message,
    Raw,
    Recipient,
    Server,
    Session,
    Transaction,
)
from mailsink.mime import headers
from tests.mails import INVOICE, ORDER

Answered = (
    str | tuple[str, int]
)  # a forward-path, and the reply to it: 250 if not given


def server(**fields: Any) -> Server:
    now = datetime.now(UTC)
    given = {"hostname": "here", "pid": 1, "started_at": now, "heartbeat": now}
    return Server.objects.create(**given | fields)


def inbox() -> Inbox:
    """The default inbox, which a test before may have swept away."""
    return Inbox.objects.get_or_create(slug="default", defaults={"name": "Inbox"})[0]


def session(**fields: Any) -> Session:
    if "server" not in fields:
        fields["server"] = Server.objects.first() or server()
    given = {
        "inbox": inbox(),
        "listener": "127.0.0.1:1025",
        "client_address": "127.0.0.1",
        "client_port": 40001,
        "helo": "client.example",
        "protocol": "ESMTP",
        "opened_at": datetime.now(UTC),
    }
    return Session.objects.create(**given | fields)


def transaction(
    *, body: bytes | None = None, recipients: Iterable[Answered] = (), **fields: Any
) -> Transaction:
    """A transaction, refused unless told otherwise, with its body unless that is None."""
    session_ = fields.pop("session", None) or session(ending="quit")
    answered = [(each, 250) if isinstance(each, str) else each for each in recipients]
    accepted = [path for path, code in answered if code < 300]
    given = {
        "session": session_,
        "first_recipient": next(iter([*accepted, *(path for path, _ in answered)]), ""),
        "inbox": fields.get("inbox") or inbox(),
        "seq": session_.transaction_set.count() + 1,
        "reverse_path": "ann@example.com",
        "started_us": 1000,
        "ended_us": 5000,
        "outcome": "rejected",
        "code": 550,
    }
    made = Transaction.objects.create(**given | fields)
    for seq, (path, code) in enumerate(answered, 1):
        Recipient.objects.create(
            transaction=made, seq=seq, forward_path=path, rcpt_code=code
        )
    if body is not None:
        raw(made, body)
    return made


def raw(transaction: Transaction, body: bytes, **fields: Any) -> Raw:
    sha256 = hashlib.sha256(body).hexdigest()
    given = {"sha256": sha256, "size": len(body), "complete": True, "content": body}
    return Raw.objects.create(transaction=transaction, **given | fields)


def message(body: bytes = INVOICE, **fields: Any) -> Message:
    """An accepted message, not indexed yet."""
    of_transaction = {
        name: fields.pop(name)
        for name in ("session", "recipients", "reverse_path", "code")
        if name in fields
    }
    accepted = {"outcome": "accepted", "code": 250, "recipients": ["bob@example.com"]}
    if "inbox" in fields:
        accepted["inbox"] = fields["inbox"]
    made = transaction(body=body, **accepted | of_transaction)
    return message_of(made, body, **fields)


def message_of(transaction: Transaction, body: bytes, **fields: Any) -> Message:
    """The message that an accepted transaction became."""
    told = headers.summary(body)
    given = {
        "transaction": transaction,
        "inbox": transaction.inbox,
        "received_at": datetime.now(UTC),
        "size": len(body),
        "from_name": told.from_name,
        "from_address": told.from_address,
        "to": told.to,
        "cc": told.cc,
        "subject": told.subject,
        "message_id": told.message_id,
        "date": told.date,
    }
    return Message.objects.create(**given | fields)


def imported(body: bytes = INVOICE, client: str = "127.0.0.1") -> Message:
    """A message that came as a file."""
    to = Server.objects.first() or server()
    (id,) = Importer(inbox(), to.pk, client).read_message(io.BytesIO(body).read).ids
    return Message.objects.get(pk=id)


def recorded_message(
    body: bytes = ORDER,
    reverse_path: str = "orders@shop.test",
    recipients: Iterable[Answered] = ("ann@example.com",),
) -> Message:
    """An accepted message with lines of its session, as the recorder leaves them."""
    made = recorded_transaction(
        body, "accepted", 250, "250 2.0.0 Ok", reverse_path, recipients
    )
    return message_of(made, body)


def recorded_transaction(
    body: bytes | None = ORDER,
    outcome: str = "rejected",
    code: int | None = 552,
    reply: str = "552 5.3.4 Too big",
    reverse_path: str = "orders@shop.test",
    recipients: Iterable[Answered] = ("ann@example.com",),
    complete: bool = True,
) -> Transaction:
    """A transaction with its lines of MAIL and, unless it is None, of the body."""
    now, answered = datetime.now(UTC), list(recipients)
    refused = sum(not isinstance(each, str) and each[1] >= 400 for each in answered)
    made = transaction(
        session=session(
            client_address="10.0.3.22", helo="", ending="quit",
            opened_at=now - timedelta(seconds=10), closed_at=now,
        ),
        outcome=outcome, code=code, reverse_path=reverse_path, recipients=answered,
        recipients_accepted=len(answered) - refused, recipients_refused=refused,
        ended_us=9000,
    )  # fmt: skip
    exchange(
        made.session, 1, transaction=made, verb="MAIL", octets=30, flags="",
        line=f"MAIL FROM:<{reverse_path}>", enhanced="2.1.0", reply="250 2.1.0 Ok",
        received_us=1000, ready_us=1100, replied_us=1200,
    )  # fmt: skip
    if body is not None:
        exchange(
            made.session, 2, transaction=made, kind="body", verb="", line="", flags="",
            octets=len(body), code=code, enhanced=reply[4:9], reply=reply,
            received_us=8000, ready_us=8100, replied_us=8200,
        )  # fmt: skip
        raw(made, body, complete=complete)
    return made


def exchange(session: Session, seq: int, **fields: Any) -> Exchange:
    given = {
        "kind": "command",
        "verb": "EHLO",
        "line": "EHLO client.example",
        "octets": 21,
        "received_us": 100,
        "ready_us": 110,
        "replied_us": 120,
        "code": 250,
        "reply": "250-here\n250 SIZE 1000",
        "flags": "pipelined",
    }
    return Exchange.objects.create(session=session, seq=seq, **given | fields)
