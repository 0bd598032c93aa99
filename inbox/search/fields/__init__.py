"""The terms of the search language, as conditions on messages, transactions and sessions.

Each table maps a field to a function from the term's value to a condition; a field that
a table lacks matches nothing there. The language knows the fields of MESSAGES only, so
every field must be in that table. A bad value raises BadQuery.
"""

from __future__ import annotations

from inbox.search.few import few
from inbox.search.fields.messages import BY_WORDS, MESSAGES, messages_for
from inbox.search.fields.parts import ENDINGS
from inbox.search.fields.sessions import SESSIONS
from inbox.search.fields.transactions import TRANSACTIONS
from inbox.search.fields.values import (
    ZONE,
    BadQuery,
    Condition,
    is_date,
    nearest,
)

__all__ = (
    "BY_WORDS", "ENDINGS", "MESSAGES", "SESSIONS", "TRANSACTIONS", "ZONE", "BadQuery",
    "Condition", "few", "is_date", "messages_for", "nearest",
)  # fmt: skip
