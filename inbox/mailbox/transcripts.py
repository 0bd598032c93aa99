"""The lines of sessions, and the lines of a single transaction.

The sessions and transactions must have been read within a scope.
"""

from __future__ import annotations

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from inbox.mailbox import shared_sessions
from inbox.mailbox.large import LABORIOUS, refuse_here
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange, Session
from mailsink.web.elsewhere import can_be_elsewhere

LINES = 500
_ROW = 100  # octets that are as much work as one line without text


def loaded(rows: QuerySet[Exchange]) -> list[Exchange]:
    """Return lines; refuse many or long ones if other requests wait meanwhile."""
    refuse_long(rows)
    return list(rows)


def refuse_long(rows: QuerySet[Exchange]) -> None:
    """Raise Misdirected if the lines are long in total, and other requests wait meanwhile."""
    if not can_be_elsewhere():
        return
    each = rows.values(work=Length("line") + Length("reply") + _ROW)
    refuse_here(each.aggregate(sum=Sum("work"))["sum"] or 0, LABORIOUS)


def refuse_long_session(session: Session) -> None:
    """Raise Misdirected if a session's lines are long in total, like refuse_long()."""
    refuse_here(session.exchanges * _ROW, LABORIOUS)
    refuse_long(Exchange.objects.filter(session=session))


def of_transaction(transaction: TransactionSummary) -> list[Exchange]:
    """Return a transaction's lines in order, at most 500.

    They go from its MAIL to the next transaction's; the first transaction also has the
    lines before it: connection, greeting, AUTH. If other mail of the session went to
    another inbox, they are the transaction's own lines, after those before all mail.
    """
    number = transaction.seq
    lines = Exchange.objects.filter(session_id=transaction.session_id, direction="in")
    lines = lines.order_by("seq")
    if (own := shared_sessions.own_lines(transaction, lines)) is not None:
        return loaded(own[:LINES])
    # A refused MAIL begins no transaction (RFC 5321 §4.1.1.2).
    begins = lines.filter(verb="MAIL", code__range=(200, 299)).values_list("seq")
    around = [seq for (seq,) in begins[number - 1 : number + 1]]
    if around and number > 1:
        lines = lines.filter(seq__gte=around[0])
    if len(around) > 1:
        lines = lines.filter(seq__lt=around[1])
    return loaded(lines[:LINES])
