"""Stored messages whose client never got the final reply.

The connection was lost between the end of the message and the 250, because of a rule or
not: a client that tries again makes a duplicate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from inbox.mailbox import transcripts
from inbox.models import Exchange, Session, Transaction

_STEPS = 50_000  # exchanges that may be skipped
_HEARD_ENDINGS = (None, "quit")  # of sessions that continued after the reply
_WHOLE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def final_lines(rows: Iterable[Transaction]) -> dict[UUID, Exchange]:
    """Return the last line of each accepted transaction whose final reply did not arrive.

    rows: with their sessions.
    """
    suspects: dict[UUID, Session] = {}
    steps: dict[UUID, int] = {}
    for row in rows:
        if row.outcome == "accepted" and row.session.ending not in _HEARD_ENDINGS:
            steps[row.session_id] = row.session.exchanges
            if sum(steps.values()) > _STEPS:
                break
            suspects[row.pk] = row.session
    if not suspects:
        return {}
    lines = Exchange.objects.filter(
        ~Q(kind="command") | Q(verb="BDAT"),
        Q(replied_us=None) | ~Q(rule=""),
        session_id__in={each.pk for each in suspects.values()},
        transaction_id__in=suspects,
        code__range=(200, 299),
    ).order_by("session_id", "seq")
    return {
        key: line
        for line in transcripts.loaded(lines)
        if (key := line.transaction_id) and _is_unheard(line, suspects[key].ending)
    }


def _is_unheard(line: Exchange, ending: str | None) -> bool:
    """Whether a final reply was not written, made unreadable, or broken off before its end.

    A rule can reply 250 with its own text, to a client that leaves without QUIT.
    """
    if line.replied_us is None or not line.reply.startswith(str(line.code)):
        return True
    return ending == "refused" and not _WHOLE.search(line.reply)
