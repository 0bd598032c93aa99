"""What rules have done with a message, as it is stored and shown: marks, inbox, discarded."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from inbox import explain
from inbox.capture.recorder import Recorder
from inbox.insight import attempts, session_facts, trace
from inbox.mailbox import transactions
from inbox.mailbox.scope import ALL
from inbox.models import Inbox, Message, Session, Transaction
from inbox.storage import body_store
from mailsink.smtp.protocol.events import Handling
from tests.mails import HELLO
from tests.recording import Client, Heard, body, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_tags_and_the_pin_of_rules_are_stored() -> None:
    async def scenario(recorder: Recorder) -> None:
        client = Client(recorder)
        client.envelope()
        many = tuple(f"t{n}" for n in range(60))
        await client.send(handling=Handling(many, pinned=True))

    play(scenario)
    message = Message.objects.get()
    assert message.pinned
    assert message.tags == [f"t{n}" for n in range(50)]


def test_a_message_goes_to_the_inbox_of_a_rule() -> None:
    shop = Inbox.objects.create(slug="shop", name="Shop")

    async def scenario(recorder: Recorder) -> None:
        one, several = Client(recorder), Client(recorder)
        for client, slugs in ((one, ["shop"]), (several, ["shop", ""])):
            for slug in slugs:
                client.envelope()
                await client.send(handling=Handling(inbox=slug))
            client.close()
        lost = Client(recorder)
        lost.envelope()
        await lost.send(handling=Handling(inbox="gone"))
        lost.close()

    play(scenario)
    default = Inbox.objects.get(slug="default")
    found = Message.objects.order_by("pk").values_list("inbox", "transaction__inbox")
    assert sorted(found) == sorted(
        [(shop.pk, shop.pk)] * 2 + [(default.pk, default.pk)] * 2
    )
    sessions = Session.objects.order_by("pk").values_list("inbox", flat=True)
    assert [*sessions] == [shop.pk, None, default.pk]


@pytest.fixture
def discarded() -> Transaction:
    """A message that was discarded, in a session of its own."""

    async def scenario(recorder: Recorder) -> None:
        client = Client(recorder)
        client.envelope()
        client.exchange("body", "", "", 250)
        client.end("discarded", body(HELLO))
        client.close()

    play(scenario, feed=(feed := Heard()))
    assert not any(each.transactions_not_accepted for each in feed.changes)
    return Transaction.objects.get()


def test_what_was_discarded_is_kept_and_found(discarded: Transaction) -> None:
    assert not Message.objects.exists()
    assert body_store.open_raw(discarded.pk) == HELLO
    assert [each.id for each in transactions.find(ALL, "discarded").items] == [
        discarded.pk
    ]
    assert transactions.find(ALL).items == []
    assert transactions.find(ALL, "accepted").items == []


def test_what_was_discarded_is_said(discarded: Transaction) -> None:
    session = Session.objects.get()
    facts = session_facts.of([session])[session.pk]
    assert "Discarded 1 message, by a rule" in explain.outcome(session, facts)
    one = transactions.get(ALL, discarded.pk)
    assert one.failure == "Discarded by a rule"
    (attempt,) = attempts.of_transaction(ALL, discarded.pk).attempts
    assert explain.attempt_history.words(attempt) == "accepted, and discarded by a rule"
    found = trace.trace(ALL, "bob1@example.com")
    assert "was accepted just now, and discarded" in found.sentence
    assert [explain.traces.label(each) for each in found.evidence] == ["discarded by a rule"]  # fmt: skip
    page = Browser().get(f"/transactions/{discarded.pk}").content.decode()
    assert "Accepted, and discarded: a rule asked for it" in page
