"""The transactions that may be attempts at one message, and the facts that distinguish them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from inbox.insight.attempts.unheard import final_lines
from inbox.mailbox import transactions
from inbox.mailbox.transactions import NO_BODY, StoredBody
from inbox.models import Exchange, Fingerprint, Message, Recipient, Transaction
from inbox.models.session import TAKEN

KEY_LENGTH = 256  # characters of a Message-ID in the index
_RECIPIENTS = 100  # of a transaction that are compared


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transaction, with the facts that show whether it carried the same message."""

    row: Transaction
    recipients: frozenset[str]
    body: StoredBody
    message_id: str
    subject: str
    message: UUID | None  # the message, if it is not deleted
    lost: Exchange | None = None  # its final reply, if the client did not get it

    @property
    def key(self) -> UUID:
        return self.row.pk

    @property
    def refused(self) -> bool:
        """Whether Mailsink refused it, or a recipient of it."""
        return (self.row.code or 0) >= 400 or self.row.recipients_refused > 0

    @property
    def settled(self) -> bool:
        """Whether all requested recipients got the message.

        A later transaction is then another message.
        """
        if self.lost is not None:
            return False
        return self.row.outcome in TAKEN and not self.row.recipients_refused


def load(rows: QuerySet[Transaction]) -> list[Candidate]:
    """Return transactions with the facts that distinguish them, in six queries."""
    found = list(rows.select_related("session"))
    ids = [each.pk for each in found]
    recipients: dict[UUID, set[str]] = {}
    named = Recipient.objects.filter(transaction_id__in=ids, seq__lte=_RECIPIENTS)
    for key, path in named.values_list("transaction_id", "forward_path"):
        recipients.setdefault(key, set()).add(path.lower())
    bodies = transactions.bodies(ids)
    prints = dict(
        Fingerprint.objects.filter(pk__in=ids).values_list("pk", "message_id")
    )
    messages = {
        each.transaction_id: each
        for each in Message.objects.filter(transaction_id__in=ids)
    }
    lost = final_lines(found)
    return [
        _candidate(
            each,
            frozenset(recipients.get(each.pk, ())),
            bodies.get(each.pk, NO_BODY),
            messages.get(each.pk),
            prints.get(each.pk, ""),
            lost.get(each.pk),
        )
        for each in found
    ]


def _candidate(
    row: Transaction,
    recipients: frozenset[str],
    body: StoredBody,
    message: Message | None,
    printed: str,
    lost: Exchange | None,
) -> Candidate:
    known = message.message_id if message else body.header.message_id
    return Candidate(
        row=row,
        recipients=recipients,
        body=body,
        message_id=(known or printed)[:KEY_LENGTH],
        subject=message.subject if message else body.header.subject,
        message=message.pk if message and message.deleted_at is None else None,
        lost=lost,
    )
