"""Held mail: what waits for whom, who may take it, and what a result leads to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest

from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox import trash
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import (
    HeldDomain,
    Inbox,
    Message,
    Release,
    ReleaseRecipient,
    ReleaseTry,
    Server,
)
from inbox.outgoing import (
    guarding,
    held_domains,
    held_intake,
    held_state,
    holding,
    release_queue,
    releases,
    routes,
    switch,
)
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.held_queue import HeldQueue
from inbox.outgoing.release_queue import Claim, Passage
from inbox.storage.threads import in_thread
from mailsink.ids import uuid7
from mailsink.ports import MailRequest
from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult
from mailsink.smtp.protocol.replies import Reply
from tests import factories

# The queue answers on an event loop, whose threads see what is committed only.
pytestmark = pytest.mark.django_db(transaction=True)

DELIVERED = RecipientResult("delivered", 250, "2.0.0", "250 2.0.0 Ok")
DEFERRED = RecipientResult("deferred", 451, "4.3.0", "451 4.3.0 Later")
FAILED = RecipientResult("failed", 550, "5.1.1", "550 5.1.1 No")


@pytest.fixture
def queue() -> HeldQueue:
    return HeldQueue(factories.server().pk, set())


def hold(domain: str = "example.com", earlier: bool = False, **more: Any) -> HeldDomain:
    factories.inbox()
    given = {"domain": domain, "users": ["ann"], **more}
    return held_domains.add(ALL, "default", given, earlier)


def caught(*recipients: str, **fields: Any) -> Message:
    to = recipients or ("b@example.com",)
    return factories.message(
        body=b"Subject: Hello\r\n\r\nx\r\n", recipients=to, **fields
    )


def route(name: str = "hop", **fields: Any) -> None:
    routes.add({"name": name, "host": "smtp.test", "allow": ["example.com"]} | fields)


def waiting(*domains: str) -> list[UUID]:
    """The messages that wait, for these domains or for all."""
    held_intake.catch_up()
    rows = holding.held(held_domains.find(ALL), domains or None)
    return list(rows.values_list("message_id", flat=True))


async def ask(
    queue: HeldQueue,
    verb: Literal["ETRN", "ATRN", "TURN"],
    *nodes: str,
    user: str | None = "ann",
    helo: str = "x",
) -> str | ReleaseCourier:
    """What is answered: a reply's first line, or who brings the mail."""
    answer = await queue.ask(MailRequest(verb, uuid7(), "192.0.2.7", helo, user, nodes))
    if isinstance(answer, Reply):
        return answer.lines()[0]
    assert isinstance(answer, ReleaseCourier)
    return answer


def answer(queue: HeldQueue, verb: Any, *nodes: str, **who: Any) -> Any:
    return asyncio.run(ask(queue, verb, *nodes, **who))


def taken(
    queue: HeldQueue, *nodes: str, result: RecipientResult = DELIVERED, **who: Any
) -> list[OutgoingMail]:
    """Take what waits by ATRN; every recipient gets this result."""

    async def take() -> list[OutgoingMail]:
        courier = await ask(queue, "ATRN", *nodes, **who)
        assert isinstance(courier, ReleaseCourier), courier
        mails = []
        while (mail := await courier.next_mail()) is not None:
            mails.append(mail)
            await courier.report(mail, (result,) * len(mail.recipients))
        courier.close()
        return mails

    return asyncio.run(take())


def only() -> Release:
    return Release.objects.get()


def states() -> list[tuple[str, str]]:
    """The state of each recipient."""
    rows = ReleaseRecipient.objects.order_by("seq")
    return list(rows.values_list("forward_path", "state"))


def claimed() -> Claim | None:
    """What is due by the route "hop"."""
    by = routes.get("hop")
    return release_queue.claim(by, Server.objects.get().pk, uuid7())


# What waits


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


# ATRN


def test_atrn_brings_what_waits_as_it_came(queue: HeldQueue) -> None:
    hold()
    message = caught(reverse_path="a@example.org")
    [mail] = taken(queue)
    assert b"".join(mail.pieces()) == b"Subject: Hello\r\n\r\nx\r\n"
    assert mail.reverse_path == "a@example.org"
    release = only()
    assert (release.state, release.requested_by) == ("delivered", "ann (ATRN)")
    assert release.message_id == message.pk
    assert answer(queue, "ATRN") == "453 4.0.0 No messages are waiting for you"


def test_what_is_put_off_waits_on_and_is_not_offered_twice(queue: HeldQueue) -> None:
    hold()
    caught()
    assert len(taken(queue, result=DEFERRED)) == 1
    assert only().state == "held"
    assert len(taken(queue)) == 1
    assert only().tries == 2


def test_what_is_refused_has_failed(queue: HeldQueue) -> None:
    hold()
    caught()
    taken(queue, result=FAILED)
    assert only().state == "failed"
    with pytest.raises(Conflict):
        releases.retry(ALL, only().pk)


@pytest.mark.parametrize(
    ("nodes", "user", "reply"),
    [
        (("other.test",), "ann", "450 4.7.1 One of these domains is not yours"),
        (
            ("example.com", "c.test"),
            "ann",
            "450 4.7.1 One of these domains is not yours",
        ),
        (("example.com",), "bob", "450 4.7.1 One of these domains is not yours"),
        (("example.com",), None, "450 4.7.1 One of these domains is not yours"),
        ((), "bob", "453 4.0.0 No messages are waiting for you"),
    ],
)
def test_others_take_nothing(
    queue: HeldQueue, nodes: tuple[str, ...], user: str | None, reply: str
) -> None:
    hold()
    hold("c.test", users=["bob"])
    caught("b@example.com")
    assert answer(queue, "ATRN", *nodes, user=user) == reply


def test_anybody_who_logs_in() -> None:
    hold(users=["*"])
    caught()
    queue = HeldQueue(factories.server().pk, set())
    assert len(taken(queue, user="whoever")) == 1


def test_only_the_domains_that_are_named(queue: HeldQueue) -> None:
    hold()
    hold("other.test")
    caught("b@example.com", "b@other.test")
    [mail] = taken(queue, "other.test")
    assert [each.forward_path for each in mail.recipients] == ["b@other.test"]
    assert len(taken(queue)) == 1


def test_a_right_that_is_withdrawn_meanwhile(queue: HeldQueue) -> None:
    """The claim is made by the old right; the last look is by the new one."""
    hold()
    caught()
    waiting()
    checked = lambda: Passage(lambda address: "no longer")  # noqa: E731
    server, id = Server.objects.get().pk, only().pk
    assert release_queue.claim_held(id, checked, server, uuid7(), "x") is None
    assert only().state == "held"
    assert states() == [("b@example.com", "queued")]


def test_a_right_that_is_withdrawn_in_the_session(queue: HeldQueue) -> None:
    hold()
    caught()
    caught()

    async def take() -> list[bool]:
        courier = await ask(queue, "ATRN")
        assert isinstance(courier, ReleaseCourier)
        first = await courier.next_mail()
        await courier.report(first, (DELIVERED,))  # type: ignore[arg-type]
        await in_thread(lambda: held_domains.change(ALL, "example.com", {"users": []}))
        second = await courier.next_mail()
        return [first is not None, second is not None]

    assert asyncio.run(take()) == [True, False]


def test_when_outgoing_mail_is_off(queue: HeldQueue) -> None:
    hold()
    caught()
    switch.use(False)
    try:
        assert answer(queue, "ATRN") == "451 4.3.2 Outgoing mail is off here"
        reply = answer(queue, "ETRN", "example.com", user="ann")
        assert reply == (
            "458 4.3.5 Cannot send messages for example.com: outgoing mail is off"
        )
        with pytest.raises(Conflict):
            hold("more.test")
    finally:
        switch.use(True)


# TURN


@pytest.mark.parametrize(
    ("helo", "gets"),
    [
        ("example.com", True),
        ("Mail.Example.com.", True),
        ("notexample.com", False),
        ("com", False),
        ("[192.0.2.7]", False),
    ],
)
def test_turn_goes_by_the_name_of_a_trusted_client(
    queue: HeldQueue, helo: str, gets: bool
) -> None:
    hold(users=[])
    caught()
    found = answer(queue, "TURN", user=None, helo=helo)
    if gets:
        assert isinstance(found, ReleaseCourier)
    else:
        assert found == "502 5.5.1 No messages are waiting for you"


def test_turn_after_a_login_goes_by_the_user(queue: HeldQueue) -> None:
    hold()
    caught()
    assert isinstance(answer(queue, "TURN", helo="x"), ReleaseCourier)
    found = answer(queue, "TURN", user="bob", helo="example.com")
    assert found == "502 5.5.1 No messages are waiting for you"


# ETRN


def test_etrn_starts_what_waits(queue: HeldQueue) -> None:
    route()
    hold(users=[], route="hop")
    caught()
    caught()
    reply = "253 2.0.0 2 pending messages for example.com started"
    assert answer(queue, "ETRN", "example.com", user=None, helo="mx.test") == reply
    [one, _] = Release.objects.order_by("pk")
    assert (one.state, one.route_name) == ("queued", "hop")
    assert one.requested_by == "mx.test (ETRN)"
    reply = "250 2.0.0 Messages for example.com are on their way already"
    assert answer(queue, "ETRN", "example.com", user=None) == reply


def test_etrn_by_domain_with_what_is_below_and_by_route(queue: HeldQueue) -> None:
    route(allow=["*"])
    route("other")
    hold("*.example.com", users=[], route="hop")
    hold("example.com", users=[], route="other")
    caught("b@example.com")
    caught("b@a.example.com")
    caught("b@x.a.example.com")
    started = answer(queue, "ETRN", "@a.example.com")
    assert started == "253 2.0.0 2 pending messages for a.example.com started"
    assert answer(queue, "ETRN", "#other") == (
        "253 2.0.0 1 pending message for #other started"
    )
    assert answer(queue, "ETRN", "#nobody") == "458 4.3.0 There is no such queue"


def test_more_than_a_batch_is_not_counted(
    queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("holding", "held_queue"):
        monkeypatch.setattr(f"inbox.outgoing.{module}.ROWS_IN_A_TURN", 2)
    route()
    hold(users=[], route="hop")
    for _ in range(5):
        caught()

    async def start() -> Any:
        reply = await ask(queue, "ETRN", "example.com")
        for task in list(queue._sending):
            await task
        return reply

    assert asyncio.run(start()) == "252 2.0.0 Pending messages for example.com started"
    assert set(Release.objects.values_list("state", flat=True)) == {"queued"}


def test_etrn_lets_a_release_rest_between_its_tries(queue: HeldQueue) -> None:
    route()
    hold(users=[], route="hop")
    caught()
    answer(queue, "ETRN", "example.com")
    by = routes.get("hop")
    claim = release_queue.claim(by, Server.objects.get().pk, uuid7())
    assert claim is not None
    release_queue.report(claim, (DEFERRED,))
    due = only().next_try_at
    assert "on their way" in answer(queue, "ETRN", "example.com")
    assert only().next_try_at == due
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    ReleaseTry.objects.update(began_at=long_ago)
    assert "on their way" in answer(queue, "ETRN", "example.com")
    assert only().next_try_at < due  # type: ignore[operator]


def test_a_report_keeps_the_null_reverse_path(queue: HeldQueue) -> None:
    route(reverse_path="staging@example.com")
    hold(users=[], route="hop")
    caught(reverse_path="")
    caught(reverse_path="a@example.org")
    answer(queue, "ETRN", "example.com")
    paths = Release.objects.order_by("pk").values_list("reverse_path", flat=True)
    assert list(paths) == ["", "staging@example.com"]


@pytest.mark.parametrize(
    ("nodes", "user", "reply"),
    [
        ("unknown.test", None, "251 2.0.0 No messages are waiting for unknown.test"),
        ("empty.test", None, "251 2.0.0 No messages are waiting for empty.test"),
        (
            "example.com", None,
            "458 4.3.5 Cannot send messages for example.com: no route is set for it",
        ),
        (
            "anns.test", None,
            "459 4.7.1 Not allowed for anns.test: log in as a user that may take its mail",
        ),
        (
            "anns.test", "bob",
            "459 4.7.1 Not allowed for anns.test: log in as a user that may take its mail",
        ),
    ],
)  # fmt: skip
def test_what_etrn_does_not_start(
    queue: HeldQueue, nodes: str, user: str | None, reply: str
) -> None:
    hold(users=[])
    hold("empty.test", users=[])
    hold("anns.test")
    caught("b@example.com", "b@anns.test")
    assert answer(queue, "ETRN", nodes, user=user) == reply


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
    assert ReleaseTry.objects.get().outcome.startswith("The route's list")


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


# The guard


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


# Undo, and the end


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
    with pytest.raises(Conflict, match="held already"):
        hold("EXAMPLE.com")
    with pytest.raises(NotFound):
        hold("b.test", route="none")
    with pytest.raises(Invalid):
        hold("b.test", users=["a\nb"])
    with pytest.raises(Invalid):
        hold("b.test", users=[str(n) for n in range(101)])
    with pytest.raises(NotFound):
        held_domains.add(ALL, "nowhere", {"domain": "b.test"})
