"""Who waits for mail to an address is asked only about messages that may be for it."""

from __future__ import annotations

import pytest

from inbox.mailbox import arriving
from inbox.mailbox.arriving import CompiledQuery
from inbox.mailbox.scope import ALL
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("q", "may"),
    [
        ("to:bob@example.com", True),  # in the header
        ("to:BOB@exam", True),
        ("to:hidden@example.com", True),  # in the envelope
        ("to:cat", True),  # in Cc: the query itself looks more closely
        ("to:ob@example.com", False),
        ("to:bob@example.net subject:invoice", False),
        ("subject:other", True),
        ("-to:nobody@example.com", True),
        ("to:nobody@example.com OR subject:invoice", True),
    ],
)
def test_may_match(q: str, may: bool) -> None:
    made = factories.message(recipients=["hidden@example.com"])
    words = arriving.recipients(ALL, [made.pk])
    assert CompiledQuery(ALL, q, None).may_match(words) == may
    assert CompiledQuery(ALL, q, None).may_match(None)


def test_of_too_many_nothing_is_known() -> None:
    assert arriving.recipients(ALL, [factories.message().pk] * 257) is None
