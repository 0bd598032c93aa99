"""Sessions whose mail went to several inboxes: the parts visible to members of one inbox.

Only administrators see the whole session. Members see the transactions of their own
inbox, each with its own lines, and the client's lines before the first transaction.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange, Message, Session, Transaction
from mailsink.ids import parse_short_id

# They name addresses, which may belong to another inbox.
_ABOUT_ADDRESSES = ("MAIL", "RCPT", "VRFY", "EXPN", "ETRN", "ATRN")


def of_transaction(transaction: TransactionSummary) -> Session:
    """Return the session of a transaction that was read within a scope.

    It serves for facts about the client, and about the lines from own_lines.
    """
    return Session.objects.get(pk=transaction.session_id)


def own_lines(
    transaction: TransactionSummary, lines: QuerySet[Exchange]
) -> QuerySet[Exchange] | None:
    """Return the lines of a session that a member of the transaction's inbox may see.

    lines: all lines of the session. None if all its mail went to one inbox.
    """
    if not is_shared(transaction):
        return None
    named = lines.filter(verb__in=_ABOUT_ADDRESSES).order_by("seq")
    first = named.values_list("seq", flat=True).first() or 0
    return lines.filter(Q(transaction=transaction.id) | Q(seq__lt=first))


def is_shared(transaction: TransactionSummary) -> bool:
    """Whether other mail of the transaction's session went to another inbox."""
    return Session.objects.filter(pk=transaction.session_id, inbox=None).exists()


def named(scope: Scope, text: str) -> Message | Transaction | None:
    """Return the result of own_mail() for the session and line of a short id."""
    try:
        return own_mail(scope, *parse_short_id(text))
    except ValueError:
        return None


def own_mail(
    scope: Scope, first: UUID, last: UUID, seq: int = 0
) -> Message | Transaction | None:
    """Return the scope's mail in the shared session whose id is in a range.

    seq: of the requested line; 0 for none. Return None if the line is another inbox's,
    or there is no such session.
    """
    rows = Transaction.objects.filter(
        scope.q(), session__pk__range=(first, last), session__inbox=None
    ).order_by("seq")
    if seq and (of_line := _transaction_at(first, last, seq)):
        rows = rows.filter(pk=of_line)
    found = rows.first()
    if found is None:
        return None
    return Message.objects.filter(transaction=found, deleted_at=None).first() or found


def _transaction_at(first: UUID, last: UUID, seq: int) -> UUID | None:
    line = Exchange.objects.filter(session__pk__range=(first, last), seq=seq)
    return line.values_list("transaction_id", flat=True).first()
