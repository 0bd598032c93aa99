"""The rows of a message that did not come over SMTP: from a file, or from Mailsink itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from inbox.content.mail_templates import template_of
from inbox.mailbox.signals import MessageImported, announce
from inbox.models import Message, Raw, Recipient, Session, Transaction
from inbox.storage import body_store, webhook_outbox
from mailsink.conf import CONFIG
from mailsink.ids import uuid7
from mailsink.mime.headers import Summary
from mailsink.smtp.body.spool import Spool

OF_SESSION, OF_MESSAGE = 1, 3  # rows; each recipient adds one
_IN_MEMORY = 1024 * 1024  # octets; a larger body is written to a file


class MessageRows:
    """The rows of one message. Raises OSError if a large body cannot be stored."""

    def __init__(
        self,
        session: Session,
        octets: bytes,
        summary: Summary,
        reverse_path: str,
        forward_paths: Sequence[str],
        parameters: tuple[str, str] = ("", ""),
    ) -> None:
        """parameters: of MAIL, and of each RCPT"""
        of_mail, of_recipient = parameters
        self.transaction = Transaction(
            session=session, inbox=session.inbox, seq=0, reverse_path=reverse_path,
            first_recipient=forward_paths[0] if forward_paths else "",
            parameters=of_mail, outcome="accepted", code=250,
            recipients_accepted=len(forward_paths), started_us=0, ended_us=0,
        )  # fmt: skip
        self.recipients = [
            Recipient(
                transaction=self.transaction, seq=seq, forward_path=path,
                parameters=of_recipient, rcpt_code=250,
            )
            for seq, path in enumerate(forward_paths, 1)
        ]  # fmt: skip
        self.raw = _raw(self.transaction, octets)
        self.message = Message(
            transaction=self.transaction, inbox=session.inbox, size=len(octets),
            from_name=summary.from_name, from_address=summary.from_address, to=summary.to,
            cc=summary.cc, subject=summary.subject, message_id=summary.message_id, date=summary.date,
            template=template_of(summary.from_address, summary.subject),
        )  # fmt: skip


def insert(session: Session, rows: Sequence[MessageRows], is_new: bool) -> list[UUID]:
    """Write messages within a write turn, with their session; return their ids.

    is_new: the session is not stored yet. Ids follow the order of commits.
    """
    session.messages += len(rows)
    session.transactions += len(rows)
    session.octets += sum(each.message.size for each in rows)
    session.save(force_insert=is_new)
    now = datetime.now(UTC)
    for seq, each in enumerate(rows, session.messages - len(rows) + 1):
        each.transaction.seq = seq
        each.message.id, each.message.received_at = uuid7(), now
    Transaction.objects.bulk_create(each.transaction for each in rows)
    Recipient.objects.bulk_create(one for each in rows for one in each.recipients)
    Raw.objects.bulk_create(each.raw for each in rows)
    Message.objects.bulk_create(each.message for each in rows)
    ids = [each.message.id for each in rows]
    webhook_outbox.put(
        "message.created", ((each.message.id, session.inbox_id) for each in rows)
    )
    announce([MessageImported(id) for id in ids])
    return ids


def _raw(transaction: Transaction, octets: bytes) -> Raw:
    """Return the row of a body; a large body is synced to a file first. Raises OSError."""
    spool = Spool(0, _IN_MEMORY, CONFIG.data / "spool")
    spool.add(octets)
    if spool.full:
        spool.sync()
    if spool.error:
        raise spool.error
    body = spool.body(ended=True)
    key = body_store.adopt(body.path, transaction.pk) if body.path else ""
    return Raw(
        transaction=transaction, sha256=body.sha256, size=body.size, complete=True,
        key=key, content=body.content,
    )  # fmt: skip
