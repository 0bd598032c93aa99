"""The lines of one transaction, out of its session's.

Takes a transaction that was read within a scope.
"""

from __future__ import annotations

from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange

LINES = 500


def of_transaction(attempt: TransactionSummary) -> list[Exchange]:
    """Return a transaction's lines, at most 500, first ones first.

    They go from its MAIL until the next one's; the session's first transaction has
    what went before, too: connection, greeting, AUTH.
    """
    number = attempt.seq
    lines = Exchange.objects.filter(session_id=attempt.session_id).order_by("seq")
    # A MAIL that is refused begins nothing (RFC 5321 §4.1.1.2).
    begins = lines.filter(verb="MAIL", code__range=(200, 299)).values_list("seq")
    around = [seq for (seq,) in begins[number - 1 : number + 1]]
    if around and number > 1:
        lines = lines.filter(seq__gte=around[0])
    if len(around) > 1:
        lines = lines.filter(seq__lt=around[1])
    return list(lines[:LINES])
