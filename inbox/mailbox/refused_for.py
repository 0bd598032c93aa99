"""Why transactions were refused: finds the decisive reply of each, for a whole list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from inbox.explain import causes
from inbox.models import Exchange, Transaction

_LOOKED_AT = 500  # exchanges of a session that are searched for the reply


def whys(rows: Iterable[Transaction]) -> dict[UUID, str]:
    """Return the reason of each refusal, in a few words, if it is known.

    It takes one query; none if nothing was refused.
    """
    refused = [each for each in rows if _is_refused(each)]
    if not refused:
        return {}
    replies: dict[tuple[UUID | None, int | None], dict[str, Exchange]]
    replies = defaultdict(dict)
    for each in _first_refusals(refused):
        replies[each.transaction_id, each.code][each.verb] = each
    decisive = {
        row.pk: _decisive(replies[row.pk, row.code], row.recipients_accepted > 0)
        for row in refused
    }
    return {key: causes.why(each) for key, each in decisive.items() if each}


def _is_refused(row: Transaction) -> bool:
    return row.outcome != "accepted" and (row.code or 0) >= 400


def _first_refusals(refused: Sequence[Transaction]) -> QuerySet[Exchange]:
    """Return the first refusal of each verb and code in each of these transactions."""
    among = ["transaction_id", "code", "verb"]
    return (
        Exchange.objects.filter(
            session_id__in={each.session_id for each in refused},
            transaction_id__in=[each.pk for each in refused],
            seq__lte=_LOOKED_AT,
            code__gte=400,
        )
        .only("session", "seq", "transaction", "verb", "code", "enhanced", "reply")
        .annotate(number=Window(RowNumber(), partition_by=among, order_by="seq"))
        .filter(number=1)
    )


def _decisive(refusals: dict[str, Exchange], any_recipient: bool) -> Exchange | None:
    """Return the first refusal of the message, or of RCPT if there was no recipient.

    refusals: the first one of each verb
    """
    others = [each for verb, each in refusals.items() if verb != "RCPT"]
    of_message = min(others, key=lambda each: each.seq, default=None)
    return of_message if any_recipient else refusals.get("RCPT", of_message)
