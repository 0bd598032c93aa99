"""Sessions, transactions and messages in the database, as the recorder writes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

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

MAIL = (
    b"From: Ann Example <ann@example.com>\r\nTo: Bob <bob@example.com>\r\n"
    b"Cc: cat@example.com\r\nSubject: Your invoice\r\nMessage-ID: <1@example.com>\r\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nPay me.\r\n"
)


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


def transaction(**fields: Any) -> Transaction:
    """A transaction; body= are its octets, recipients= its forward-paths."""
    body, recipients = fields.pop("body", None), fields.pop("recipients", ())
    session_ = fields.pop("session", None) or session(ending="quit")
    given = {
        "session": session_,
        "inbox": fields.get("inbox") or inbox(),
        "seq": session_.transaction_set.count() + 1,
        "reverse_path": "ann@example.com",
        "started_us": 1000,
        "ended_us": 5000,
        "outcome": "rejected",
        "code": 550,
    }
    made = Transaction.objects.create(**given | fields)
    for seq, path in enumerate(recipients, 1):
        Recipient.objects.create(
            transaction=made, seq=seq, forward_path=path, rcpt_code=250
        )
    if body is not None:
        raw(made, body)
    return made


def raw(transaction: Transaction, body: bytes, **fields: Any) -> Raw:
    sha256 = hashlib.sha256(body).hexdigest()
    given = {"sha256": sha256, "size": len(body), "complete": True, "content": body}
    return Raw.objects.create(transaction=transaction, **given | fields)


def message(body: bytes = MAIL, **fields: Any) -> Message:
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
    told = headers.summary(body)
    given = {
        "transaction": made,
        "inbox": made.inbox,
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
