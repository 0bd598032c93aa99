"""The terms of the search language, as conditions on transactions that were not accepted."""

from __future__ import annotations

from django.db.models import Q

from inbox.search.fields.messages import MESSAGES
from inbox.search.fields.parts import (
    IS,
    address,
    addressed_to,
    client,
    code_within,
    ending,
    exchanges,
    recipient,
    recipient_code,
    rule,
    verb,
)
from inbox.search.fields.values import (
    Condition,
    codes,
    day,
    one_of,
    sessions,
    size,
    time,
)
from inbox.search.sql import EVERYTHING, NOTHING, has
from mailsink.ids import first_at


def _word(value: str) -> Q:
    return has("reverse_path", value) | recipient("pk", has("forward_path", value))


def _on(value: str) -> Q:
    start, end = day(value)
    return Q(pk__gte=first_at(start.timestamp()), pk__lt=first_at(end.timestamp()))


def _code(value: str) -> Q:
    wanted = codes(value)
    return code_within("code", wanted) | recipient_code("pk", wanted)


TRANSACTIONS: dict[str, Condition] = {
    "": _word,
    "from": lambda value: address("reverse_path", value),
    "to": lambda value: recipient("pk", address("forward_path", value)),
    "rcpt": lambda value: recipient("pk", addressed_to(value)),
    "is": one_of("is", {**dict.fromkeys(IS, NOTHING), "rejected": EVERYTHING}),
    "before": lambda value: Q(pk__lt=first_at(time(value).timestamp())),
    "after": lambda value: Q(pk__gte=first_at(time(value).timestamp())),
    "on": _on,
    "larger": lambda value: Q(raw__size__gt=size(value)),
    "smaller": lambda value: Q(raw__size__lt=size(value)),
    "code": _code,
    "verb": lambda value: exchanges("session", "session_id", verb(value), "session"),
    "rule": lambda value: exchanges("pk", "transaction_id", rule(value), "session"),
    "client": lambda value: client(value, "session__"),
    "ending": lambda value: ending(value, "session__"),
    "session": lambda value: sessions("session__pk", value),
    "inbox": MESSAGES["inbox"],
}
