"""What is worked out from the sessions around one's own says nothing of other inboxes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inbox.insight import findings
from inbox.insight.fingerprints import Fingerprints
from inbox.mailbox import transactions
from inbox.mailbox.scope import Scope
from inbox.models import Inbox, Session, Transaction
from tests import factories, people
from tests.mails import ORDER

pytestmark = pytest.mark.django_db


def _kinds(session: Session) -> set[str]:
    return {each.kind.name for each in findings.of_session(session).findings}


def _sent(inbox: Inbox) -> Session:
    """A session that brought one message, a second after those before."""
    at = datetime.now(UTC) - timedelta(seconds=30 - Session.objects.count())
    return factories.session(inbox=inbox, messages=1, ending="quit", opened_at=at)


def test_connections_to_another_inbox_are_not_counted() -> None:
    a, b = people.an_inbox("a"), people.an_inbox("b")
    _sent(b)
    one = _sent(a)
    _sent(b)
    assert "connection_per_message" not in _kinds(one)
    two = _sent(a)
    counted = findings.evidence(two).counts["connection_per_message"]
    assert counted == 2


@pytest.mark.parametrize(("slug", "eased"), [("b", False), ("a", True)])
def test_a_later_session_of_another_inbox_explains_nothing(
    slug: str, eased: bool
) -> None:
    left = factories.session(inbox=people.an_inbox("a"), ending="tls_failed")
    factories.exchange(left, 1, verb="STARTTLS", flags="left_at_certificate")
    later = people.an_inbox(slug)
    factories.session(inbox=later, ending="quit", tls_version="TLSv1.3", messages=1)
    assert bool(findings.evidence(left).eased) is eased


def test_attempts_in_another_inbox_are_not_numbered() -> None:
    a, b = people.an_inbox("a"), people.an_inbox("b")
    of_b, of_a, again = (_tried(inbox) for inbox in (b, a, a))
    assert Fingerprints().make_some()[0] == 3
    numbers = {
        each.id: each.number for each in transactions.loaded(Transaction.objects.all())
    }
    assert [numbers[each.pk] for each in (of_b, of_a, again)] == [1, 1, 2]
    (seen,) = transactions.find(Scope(frozenset({b.pk}))).items
    assert seen.number == 1


def _tried(inbox: Inbox) -> Transaction:
    """A try of the same message that was refused, some time ago."""
    made = factories.recorded_transaction(ORDER)
    opened_at = datetime.now(UTC) - timedelta(minutes=1)
    Session.objects.filter(pk=made.session_id).update(inbox=inbox, opened_at=opened_at)
    Transaction.objects.filter(pk=made.pk).update(inbox=inbox)
    return made
