"""Messages, and what was not accepted, as rows like those that the recorder leaves."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

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
from mailsink.ids import uuid7
from mailsink.mime import headers

NOW = datetime.now(UTC)
MAIL = (
    b"From: Shop <orders@shop.test>\r\nTo: ann@example.com\r\n"
    b"Subject: Your order\r\n\r\nThank you!\r\n"
)


def a_transaction(
    octets: bytes | None = MAIL,
    outcome: str = "rejected",
    code: int | None = 552,
    reply: str = "552 5.3.4 Too big",
    reverse_path: str = "orders@shop.test",
    recipients: tuple[tuple[str, int], ...] = (("ann@example.com", 250),),
    complete: bool = True,
) -> Transaction:
    """Make a transaction in a session of its own, with its body unless that is None."""
    server, _ = Server.objects.get_or_create(
        pid=1, defaults={"started_at": NOW, "heartbeat": NOW, "hostname": "test"}
    )
    session = Session.objects.create(
        server=server, inbox=Inbox.objects.get(), listener="127.0.0.1:1025",
        client_address="10.0.3.22", client_port=51822, protocol="ESMTP",
        opened_at=NOW - timedelta(seconds=10), closed_at=NOW, ending="quit",
    )  # fmt: skip
    refused = sum(code >= 400 for _, code in recipients)
    transaction = Transaction.objects.create(
        id=uuid7(), session=session, inbox=session.inbox, seq=1,
        reverse_path=reverse_path, outcome=outcome, code=code,
        recipients_accepted=len(recipients) - refused, recipients_refused=refused,
        started_us=1000, ended_us=9000,
    )  # fmt: skip
    for seq, (path, answer) in enumerate(recipients, 1):
        Recipient.objects.create(
            transaction=transaction, seq=seq, forward_path=path, rcpt_code=answer
        )
    Exchange.objects.create(
        session=session, seq=1, transaction=transaction, kind="command", verb="MAIL",
        line=f"MAIL FROM:<{reverse_path}>", octets=30, received_us=1000, ready_us=1100,
        replied_us=1200, code=250, enhanced="2.1.0", reply="250 2.1.0 Ok",
    )  # fmt: skip
    if octets is not None:
        Exchange.objects.create(
            session=session, seq=2, transaction=transaction, kind="body",
            octets=len(octets), received_us=8000, ready_us=8100, replied_us=8200,
            code=code, enhanced=reply[4:9], reply=reply,
        )  # fmt: skip
        Raw.objects.create(
            transaction=transaction, sha256=hashlib.sha256(octets).hexdigest(),
            size=len(octets), complete=complete, content=octets,
        )  # fmt: skip
    return transaction


def a_message(
    octets: bytes = MAIL,
    reverse_path: str = "orders@shop.test",
    recipients: tuple[tuple[str, int], ...] = (("ann@example.com", 250),),
) -> Message:
    """Make an accepted message."""
    transaction = a_transaction(
        octets, "accepted", 250, "250 2.0.0 Ok", reverse_path, recipients
    )
    summary = headers.summary(octets)
    return Message.objects.create(
        id=uuid7(), transaction=transaction, inbox=Inbox.objects.get(),
        received_at=NOW, size=len(octets), from_name=summary.from_name,
        from_address=summary.from_address, to=summary.to, cc=summary.cc,
        subject=summary.subject, message_id=summary.message_id, date=summary.date,
    )  # fmt: skip
