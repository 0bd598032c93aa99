"""What would have gone out today, by domain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from inbox.mailbox.scope import ALL
from inbox.models import Release, ReleaseRecipient
from inbox.outgoing import releases, routes, todays_mail
from inbox.outgoing.todays_mail import DomainCount, TodaysMail
from tests import factories

pytestmark = pytest.mark.django_db


def count() -> TodaysMail:
    return todays_mail.count(ALL, datetime.now(UTC) - timedelta(hours=1))


def test_nothing() -> None:
    assert count() == TodaysMail(0, 0, [], False)


def test_by_domain() -> None:
    to = [
        "ann@Example.com",
        "bob@example.com",
        "eve@other.test",
        ("no@other.test", 550),
    ]
    routes.add({"name": "hop", "host": "smtp.test", "allow": ["*"]})
    one = factories.message(recipients=to)
    factories.message(recipients=["eve@other.test", "x@third.test"])
    for path, state in (
        ("ann@Example.com", "delivered"),
        ("ann@Example.com", "failed"),
        ("bob@example.com", "queued"),
        ("eve@other.test", "failed"),
        ("copy@example.com", "delivered"),
    ):
        made = releases.request(ALL, one.pk, "hop", [path])
        ReleaseRecipient.objects.filter(release=made).update(state=state)
    assert count() == TodaysMail(
        2, 3,
        [
            DomainCount("other.test", 2, 2, failed=1),
            DomainCount("example.com", 1, 2, left=1, waiting=1),
            DomainCount("third.test", 1, 1),
        ],
        False,
    )  # fmt: skip
    assert [each.held for each in count().rows] == [1, 0, 1]


def test_held_mail_is_not_on_its_way() -> None:
    routes.add({"name": "hop", "host": "smtp.test", "allow": ["*"]})
    one = factories.message(recipients=["a@example.com", "b@example.com"])
    made = releases.request(ALL, one.pk, "hop")
    ReleaseRecipient.objects.filter(release=made, seq=1).update(state="delivered")
    Release.objects.update(state="held")
    assert count().rows == [DomainCount("example.com", 1, 2, left=1)]


def test_yesterday_and_the_trash_do_not_count() -> None:
    factories.message()
    factories.message(deleted_at=datetime.now(UTC))
    assert count().messages == 1
    tomorrow = datetime.now(UTC) + timedelta(hours=1)
    assert todays_mail.count(ALL, tomorrow).messages == 0


@pytest.mark.parametrize("bound", ["MOST_MESSAGES", "MOST_RECIPIENTS"])
def test_it_is_bounded_and_says_so(bound: str) -> None:
    for n in range(3):
        factories.message(recipients=[f"a@d{n}.test"])
    with patch.object(todays_mail, bound, 2):
        found = count()
    assert found.is_cut
    assert found.domains == 2
    with patch.object(todays_mail, bound, 3):
        assert not count().is_cut
