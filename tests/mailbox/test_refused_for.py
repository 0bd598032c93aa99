"""Why transactions in a list were refused: by the reply that decided each."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.mailbox import transactions
from inbox.mailbox.scope import ALL
from inbox.models import Session, Transaction
from tests import factories

pytestmark = pytest.mark.django_db

UNKNOWN = "550 5.1.1 There is no such user here"
ANN, BOB = "ann@example.com", "bob@example.com"


def replied(made: Transaction, seq: int, verb: str, reply: str, **fields: Any) -> None:
    code, enhanced, _text = reply.split(" ", 2)
    line = {"verb": verb, "line": verb, "transaction": made}
    answer = {"code": int(code), "enhanced": enhanced, "reply": reply}
    factories.exchange(made.session, seq, **line | answer | fields)


def rejected(session: Session, seq: int, reply: str = UNKNOWN, **fields: Any) -> None:
    """Add a transaction whose only recipient was refused, and what that led to."""
    code = int(reply[:3])
    made = factories.transaction(session=session, recipients=[(ANN, code)], code=code)
    replied(made, seq, "MAIL", "250 2.1.0 Ok")
    replied(made, seq + 1, "RCPT", reply, **fields)
    replied(made, seq + 2, "DATA", f"{code} 5.5.1 There are no valid recipients")


def failures() -> list[str]:
    return [each.failure for each in reversed(transactions.find(ALL).items)]


def test_a_list_costs_the_same_however_long(django_assert_num_queries: Any) -> None:
    session = factories.session(ending="quit")
    for seq in range(10, 40, 10):
        rejected(session, seq)
        rejected(factories.session(ending="quit"), seq, "450 4.2.1 The inbox is paused")
    with django_assert_num_queries(5):
        assert failures() == 3 * [
            "Recipient rejected: no such user (550)",
            "Recipient rejected: inbox paused (450)",
        ]


def test_nothing_is_asked_where_nothing_was_refused(
    django_assert_num_queries: Any,
) -> None:
    factories.transaction(outcome="abandoned", code=None, recipients=[ANN])
    with django_assert_num_queries(4):
        assert failures() == ["Disconnected"]


def test_the_reply_to_the_message_decides_where_a_recipient_was_accepted() -> None:
    made = factories.transaction(
        recipients=[(ANN, 552), BOB], recipients_accepted=1, code=552
    )
    replied(made, 1, "RCPT", "552 5.2.2 The inbox is full")
    replied(made, 2, "RCPT", "250 2.1.5 Ok")
    replied(made, 3, "", "552 5.3.4 The message is larger", kind="body")
    assert failures() == ["Message rejected: message too large (552)"]


def test_what_no_words_are_known_for_says_the_code_alone() -> None:
    rejected(factories.session(), 1, "550 5.7.1 Not today", rule="Mondays")
    rejected(factories.session(), 100_000)  # too far down to be looked for
    assert failures() == ["Recipient rejected (550)"] * 2
