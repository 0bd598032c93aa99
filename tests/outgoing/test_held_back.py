"""Held mail that may not leave now: by the lists of its route, or the guard."""

from __future__ import annotations

import asyncio

import pytest

from inbox.errors import Conflict
from inbox.mailbox.scope import ALL
from inbox.models import (
    Inbox,
    Release,
    ReleaseRecipient,
    ReleaseTry,
    Server,
)
from inbox.outgoing import (
    guarding,
    held_domains,
    held_state,
    holding,
    release_queue,
    routes,
)
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.held_queue import HeldQueue
from inbox.storage.threads import in_thread
from mailsink.smtp.client.hop_values import RecipientResult
from tests.outgoing.held_mail import (
    DELIVERED,
    answer,
    ask,
    caught,
    claimed,
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


NOT_ALLOWED = (
    "458 4.3.5 Cannot send messages for example.com: its route or the guard does not "
    "allow them"
)


def test_what_the_route_does_not_allow_waits_until_it_does(queue: HeldQueue) -> None:
    route(allow=["nobody.test"])
    held = hold(users=[], route="hop")
    caught()
    assert answer(queue, "ETRN", "example.com") == NOT_ALLOWED
    with pytest.raises(Conflict, match="allows none"):
        holding.send_by_hand(held_domains.get(ALL, held.domain), "x")
    assert only().state == "held"
    routes.change("hop", {"allow": ["example.com"]})
    assert answer(queue, "ETRN", "example.com").startswith("253 ")


def test_etrn_sends_nothing_by_a_route_for_other_inboxes(queue: HeldQueue) -> None:
    Inbox.objects.create(slug="other", name="Other")
    route(inboxes=["other"])
    hold(users=[], route="hop")
    caught()
    assert answer(queue, "ETRN", "example.com") == NOT_ALLOWED
    routes.change("hop", {"inboxes": ["other", "default"]})
    assert answer(queue, "ETRN", "example.com").startswith("253 ")
    routes.change("hop", {"inboxes": ["other"]})  # in the meantime
    assert claimed() is None
    assert only().state == "held"


def test_the_list_of_the_route_is_the_last_word(queue: HeldQueue) -> None:
    route(reverse_path="other@example.com")
    hold(users=[], route="hop")
    caught(reverse_path="a@example.org")
    answer(queue, "ETRN", "example.com")
    routes.change("hop", {"allow": ["nobody.test"]})
    assert claimed() is None
    again = only()
    assert (again.state, again.route, again.next_try_at) == ("held", None, None)
    assert again.reverse_path == "a@example.org"
    assert ReleaseTry.objects.get().outcome.startswith("It is not on the route's list")


def test_a_route_that_is_removed_lets_held_mail_wait(queue: HeldQueue) -> None:
    route()
    hold(users=[], route="hop")
    caught()
    answer(queue, "ETRN", "example.com")
    routes.delete("hop")
    assert release_queue.claim(None, Server.objects.get().pk, None) is None
    assert only().state == "held"


def test_of_a_message_the_recipients_that_may_get_it_do(queue: HeldQueue) -> None:
    route(allow=["b@example.com"])
    hold(users=[], route="hop")
    caught("b@example.com", "c@example.com")
    assert answer(queue, "ETRN", "example.com").startswith("253 ")
    claim = claimed()
    assert claim is not None
    assert [each.forward_path for each in claim.mail.recipients] == ["b@example.com"]
    release_queue.report(claim, (DELIVERED,))
    assert only().state == "held"
    assert states() == [("b@example.com", "delivered"), ("c@example.com", "queued")]
    assert answer(queue, "ETRN", "example.com") == NOT_ALLOWED


def test_what_the_guard_does_not_name_waits_until_it_does(queue: HeldQueue) -> None:
    route()
    hold(route="hop")
    caught()
    guarding.change(is_on=True, allow=["other.test"])
    assert (
        answer(queue, "ATRN") == "453 4.7.1 Messages wait for you; none may leave now"
    )
    assert answer(queue, "TURN").startswith("502 5.7.1 Messages wait for you")
    assert answer(queue, "ETRN", "example.com") == NOT_ALLOWED
    assert only().state == "held"
    assert not ReleaseTry.objects.exists()
    guarding.change(allow=["b@example.com"])
    assert len(taken(queue)) == 1


def test_what_the_guard_names_leaves_and_the_rest_waits(queue: HeldQueue) -> None:
    hold()
    caught("no@example.com")
    caught("no@example.com", "b@example.com")
    caught("b@example.com")
    guarding.change(is_on=True, allow=["b@example.com"])
    mails = [[to.forward_path for to in mail.recipients] for mail in taken(queue)]
    assert mails == [["b@example.com"], ["b@example.com"]]
    found = Release.objects.order_by("pk").values_list("state", flat=True)
    assert list(found) == ["held", "held", "delivered"]
    assert not ReleaseRecipient.objects.filter(state="failed").exists()
    guarding.change(is_on=False)
    mails = [[to.forward_path for to in mail.recipients] for mail in taken(queue)]
    assert mails == [["no@example.com"], ["no@example.com"]]


def test_the_guard_that_is_switched_on_in_the_session(queue: HeldQueue) -> None:
    hold()
    caught()
    refused = RecipientResult("failed", 0, "5.7.1", "The guard is on")

    async def take() -> tuple[str, ...]:
        courier = await ask(queue, "ATRN")
        assert isinstance(courier, ReleaseCourier)
        mail = await courier.next_mail()
        assert mail is not None
        await in_thread(lambda: guarding.change(is_on=True))
        reasons = await courier.last_look(mail)
        await courier.report(mail, (refused,))
        return reasons

    [reason] = asyncio.run(take())
    assert "guard" in reason
    assert only().state == "held"
    assert states() == [("b@example.com", "queued")]


def test_a_look_at_many_that_may_not_leave_ends(
    queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.outgoing.held_state.MOST_RECIPIENTS", 2)
    monkeypatch.setattr("inbox.outgoing.held_state._RELEASES_AT_ONCE", 1)
    hold()
    for name in ("c", "d", "b"):
        caught(f"{name}@example.com")
    waiting()
    check = lambda address: "" if address == "b@example.com" else "no"  # noqa: E731
    rows = holding.held(held_domains.find(ALL))
    assert held_state.may_leave(rows, check, 1) == []
    monkeypatch.undo()
    assert len(held_state.may_leave(rows, check, 1)) == 1
