"""Held mail: what waits for whom, and what a result leads to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox import trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import (
    HeldDomain,
    Message,
    Release,
    ReleaseRecipient,
    Server,
)
from inbox.outgoing import (
    held_domains,
    held_intake,
    holding,
    release_queue,
    releases,
)
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.held_queue import HeldQueue
from inbox.storage.threads import in_thread
from tests.outgoing.held_mail import (
    DEFERRED,
    answer,
    ask,
    caught,
    hold,
    only,
    queue,
    route,
    states,
    taken,
    waiting,
)

__all__ = ["queue"]  # the fixture

# The queue answers on an event loop, whose threads see what is committed only.
pytestmark = pytest.mark.django_db(transaction=True)


def test_mail_waits_by_domain() -> None:
    hold()
    mine = caught("b@example.com", "c@EXAMPLE.com", "d@other.test")
    caught("d@other.test")
    assert waiting() == [mine.pk]
    release = only()
    assert (release.state, release.held_for) == ("held", "example.com")
    rows = releases.details(release)["recipients"]
    assert [each.forward_path for each in rows] == ["b@example.com", "c@EXAMPLE.com"]


def test_mail_from_before_waits_only_if_it_is_asked_for() -> None:
    before = caught("b@example.com", "b@other.test")
    hold()
    assert waiting() == []
    hold("other.test", earlier=True)
    assert waiting() == [before.pk]


def test_looking_twice_holds_nothing_twice() -> None:
    hold("*.example.com")
    caught("b@a.example.com")
    waiting()
    hold("a.example.com", earlier=True)
    assert len(waiting()) == 1
    HeldDomain.objects.update(seen=UUID(int=0))
    assert len(waiting()) == 1


def test_the_most_specific_entry_holds_it() -> None:
    hold("*.example.com")
    hold("a.example.com")
    for domain in ("a.example.com", "b.example.com", "example.com"):
        caught(f"x@{domain}")
    waiting()
    held = Release.objects.values_list("held_for", "held_by__domain")
    assert sorted(held) == [
        ("a.example.com", "a.example.com"),
        ("b.example.com", "*.example.com"),
    ]


def test_recipients_that_were_refused_do_not_wait() -> None:
    hold()
    caught(("b@example.com", 550), "c@other.test")  # type: ignore[arg-type]
    assert waiting() == []


def test_the_trash_does_not_wait(queue: HeldQueue) -> None:
    hold()
    message = caught()
    assert waiting() == [message.pk]
    trash.delete(ALL, Selection(ids=[message.pk]))
    assert waiting() == []
    assert answer(queue, "ATRN") == "453 4.0.0 No messages are waiting for you"


def test_what_was_removed_leaves_the_queue() -> None:
    hold()
    message = caught()
    waiting()
    message.delete()
    assert holding.remove_gone() == 1
    assert not Release.objects.exists()


def test_more_messages_than_one_look_takes() -> None:
    hold()
    for _ in range(held_intake._MESSAGES_AT_ONCE + 3):
        caught()
    assert len(waiting()) == held_intake._MESSAGES_AT_ONCE + 3


def test_many_domains_of_a_message_are_held_in_small_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another's mail is stored between them."""
    monkeypatch.setattr(held_intake, "ROWS_IN_A_TURN", 10)
    hold("*.example.com")
    message = caught(*(f"b@d{n}.example.com" for n in range(23)), "c@d0.example.com")
    caught("b@last.example.com")
    turns, largest, before = 0, 0, 0
    while held_intake._step():
        now = Release.objects.count() + ReleaseRecipient.objects.count()
        turns, largest, before = turns + 1, max(largest, now - before), now
    assert turns >= 5
    assert largest <= 10
    assert len(waiting()) == 24
    assert Release.objects.filter(message_id=message.pk).count() == 23
    assert ReleaseRecipient.objects.count() == 25


def test_what_is_put_off_when_its_domain_is_held_no_more(queue: HeldQueue) -> None:
    hold()
    caught()

    async def take() -> None:
        courier = await ask(queue, "ATRN")
        assert isinstance(courier, ReleaseCourier)
        mail = await courier.next_mail()
        assert mail is not None
        await in_thread(lambda: held_domains.delete(ALL, "example.com"))
        await courier.report(mail, (DEFERRED,))

    asyncio.run(take())
    assert only().state == "cancelled"
    assert states() == [("b@example.com", "cancelled")]


def test_what_was_taken_can_wait_again(queue: HeldQueue) -> None:
    hold()
    caught(reverse_path="a@example.org")
    taken(queue)
    assert releases.hold(ALL, only().pk).state == "held"
    [mail] = taken(queue)
    assert mail.reverse_path == "a@example.org"


def test_a_release_by_a_route_waits_again_too(queue: HeldQueue) -> None:
    route(reverse_path="other@example.com")
    hold(users=[], route="hop")
    caught(reverse_path="a@example.org")
    answer(queue, "ETRN", "example.com")
    assert only().reverse_path == "other@example.com"
    again = releases.hold(ALL, only().pk)
    assert (again.state, again.reverse_path) == ("held", "a@example.org")
    assert again.next_try_at is None
    with pytest.raises(Conflict):
        releases.hold(ALL, again.pk)


def test_what_waits_can_be_cancelled(queue: HeldQueue) -> None:
    hold()
    caught()
    waiting()
    assert releases.cancel(ALL, only().pk).state == "cancelled"
    assert answer(queue, "ATRN") == "453 4.0.0 No messages are waiting for you"


def test_a_crash_puts_it_back(queue: HeldQueue) -> None:
    hold()
    caught()
    session = asyncio.run(ask(queue, "ATRN"))
    asyncio.run(session.next_mail())
    assert only().state == "trying"
    release_queue.recover(Server.objects.get().pk, datetime.now(UTC))
    assert only().state == "held"


def test_a_domain_that_is_held_no_more() -> None:
    hold()
    message = caught()
    waiting()
    held_domains.delete(ALL, "example.com")
    assert not Release.objects.exists()
    assert Message.objects.filter(pk=message.pk).exists()
    with pytest.raises(NotFound):
        held_domains.get(ALL, "example.com")


@pytest.mark.parametrize(
    ("domain", "stored"),
    [
        ("Example.COM.", "example.com"),
        ("*.example.com", "*.example.com"),
        ("müller.example", "xn--mller-kva.example"),
    ],
)
def test_how_a_domain_is_stored(domain: str, stored: str) -> None:
    assert hold(domain).domain == stored


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "com",
        "*.com",
        "*",
        "a@example.com",
        "[192.0.2.1]",
        "a..b",
        "a b.test",
        "*.*.a.test",
    ],
)
def test_what_is_no_domain(domain: str) -> None:
    with pytest.raises(Invalid):
        hold(domain)


def test_what_else_is_refused() -> None:
    hold()
    with pytest.raises(Conflict, match="already held"):
        hold("EXAMPLE.com")
    with pytest.raises(NotFound):
        hold("b.test", route="none")
    with pytest.raises(Invalid):
        hold("b.test", users=["a\nb"])
    with pytest.raises(Invalid):
        hold("b.test", users=[str(n) for n in range(101)])
    with pytest.raises(NotFound):
        held_domains.add(ALL, "nowhere", {"domain": "b.test"})
