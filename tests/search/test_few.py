"""Conditions for a few messages that are known find what they find among all."""

from __future__ import annotations

import pytest

from inbox.models import Message, Session, Transaction
from inbox.search import fields, language
from inbox.upkeep import indexer
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

_QUERIES = [
    "invoice", "-invoice", "inv", "voice", "e", "shop OR -inv", '"shop example"', '"hop example"',
    '"example shop"', '"shop e"', "-subject:shop", "bob", "-bob", "to:bo", "from:shop", "from:shop@shop.example", "-from:shop", "from:-",
    "to:bob", "to:bob@example.com", "to:eve@example.com", "to:-", "-to:bob", "cc:bob",
    "bcc:bob", "-bcc:bob", "bcc:hidden", "rcpt:*@example.com", "rcpt:b?b@*", "-rcpt:*bob*",
    "code:250", "code:5xx", "-code:4xx", "verb:RCPT", "-verb:RCPT", "verb:VRFY",
    "rule:rcpt550", "-rule:rcpt550", "rule:#7", "client:127", "ending:quit", "is:rejected",
    "rcpt:*nobody* OR verb:RCPT", "header:subject:invoice", "has:comment",
]  # fmt: skip


@pytest.fixture
def stored() -> None:
    """Messages, and what was refused, in sessions of their own."""
    for address in ("bob@example.com", "eve@example.com", "hidden@example.org"):
        message = factories.message()
        of = message.transaction
        of.recipients.all().delete()
        of.recipients.create(seq=1, forward_path=address, rcpt_code=250)
        rule = "rcpt550@example.com" if address.startswith("eve") else ""
        factories.exchange(
            of.session, 5, transaction=of, verb="RCPT", code=250, rule=rule
        )
    refused = factories.transaction(outcome="rejected", code=550)
    refused.recipients.create(seq=7, forward_path="bob@example.com", rcpt_code=550)
    factories.exchange(
        refused.session, 6, transaction=refused, verb="VRFY", code=550, rule="#7 x"
    )
    indexer.index_some()


@pytest.mark.database
@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("q", _QUERIES)
def test_few_are_found_as_all_are(q: str) -> None:
    query = language.parse(q)
    for model, condition in (
        (Message, language.messages),
        (Transaction, language.transactions),
        (Session, language.sessions),
    ):
        rows = model._default_manager.all()
        everything = set(rows.filter(condition(query)).values_list("pk", flat=True))
        with fields.few():
            few = rows.filter(condition(query), pk__in=rows.values_list("pk"))
        assert set(few.values_list("pk", flat=True)) == everything


@pytest.mark.usefixtures("stored")
def test_the_queries_find_some_and_leave_some_out() -> None:
    """Else the test above would show nothing."""
    rows = Message.objects.all()
    found = [
        rows.filter(language.messages(language.parse(q))).count() for q in _QUERIES
    ]
    assert sum(0 < each < 3 for each in found) >= 6


@pytest.mark.parametrize(
    "field",
    [
        "rcpt:*a*", "verb:RCPT", "rule:x", "code:4xx", "invoice", "-invoice OR -shop",
        "subject:invoice", "from:shop",
    ],
)  # fmt: skip
def test_few_are_looked_up_by_their_keys(field: str) -> None:
    """Whatever is stored beside them: no table is read whole."""
    factories.message()
    with fields.few():
        condition = language.messages(language.parse(field))
    found = Message.objects.filter(condition, pk__in=[factories.message().pk])
    plan = found.explain()
    assert "SCAN" not in plan, plan
