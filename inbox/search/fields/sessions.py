"""The terms of the search language, as conditions on sessions."""

from __future__ import annotations

from django.db.models import Q

from inbox.models import Recipient, Transaction
from inbox.search.fields.messages import MESSAGES
from inbox.search.fields.parts import (
    IS,
    address,
    addressed_to,
    client,
    ending,
    exchanges,
    rows_of,
    rule,
    verb,
)
from inbox.search.fields.values import Condition, codes, day, one_of, sessions, time
from inbox.search.probes import IsProbe
from inbox.search.sql import NOTHING, has


def _from(value: str) -> Q:
    rows = Transaction.objects.filter(address("reverse_path", value))
    return rows_of("pk", rows, "session_id")


def _to(value: str) -> Q:
    rows = Recipient.objects.filter(address("forward_path", value))
    return rows_of("pk", rows, "transaction__session_id")


def _rcpt(value: str) -> Q:
    rows = Recipient.objects.filter(addressed_to(value))
    return rows_of("pk", rows, "transaction__session_id")


def _on(value: str) -> Q:
    start, end = day(value)
    return Q(opened_at__gte=start, opened_at__lt=end)


def _word(value: str) -> Q:
    return (
        has("client_address", value)
        | has("helo", value)
        | has("auth_username", value)
        | _from(value)
        | _to(value)
    )


def _exchanges(condition: Q) -> Q:
    return exchanges("pk", "session_id", condition, "pk")


SESSIONS: dict[str, Condition] = {
    "": _word,
    "from": _from,
    "to": _to,
    "rcpt": _rcpt,
    "is": one_of(
        "is",
        {
            **dict.fromkeys(IS, NOTHING),
            "live": Q(ending__isnull=True),
            "accepted": Q(messages__gt=0),
            "rejected": Q(refused__gt=0),
            "probe": Q(IsProbe()),
        },
    ),
    "before": lambda value: Q(opened_at__lt=time(value)),
    "after": lambda value: Q(opened_at__gte=time(value)),
    "on": _on,
    "code": lambda value: _exchanges(Q(code__range=codes(value))),
    "verb": lambda value: _exchanges(verb(value)),
    "rule": lambda value: _exchanges(rule(value)),
    "client": client,
    "ending": ending,
    "session": lambda value: sessions("pk", value),
    "inbox": MESSAGES["inbox"],
}
