"""Who may take held mail by ATRN and TURN, and what ETRN starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.errors import Conflict
from inbox.mailbox.scope import ALL
from inbox.models import (
    Release,
    ReleaseTry,
    Server,
)
from inbox.outgoing import (
    held_domains,
    held_queue,
    release_queue,
    releases,
    routes,
    switch,
)
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.held_queue import HeldQueue
from inbox.outgoing.release_queue import Passage
from inbox.policy import smtp_credentials
from inbox.storage.threads import in_thread
from mailsink.ids import uuid7
from tests import factories, people
from tests.outgoing.held_mail import (
    DEFERRED,
    DELIVERED,
    FAILED,
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


@pytest.mark.parametrize("users", [["*"], ["ann"]])
def test_with_accounts_a_login_has_to_be_proved(
    queue: HeldQueue, monkeypatch: pytest.MonkeyPatch, users: list[str]
) -> None:
    """Where there are no credentials, any name and password is good."""
    people.administrator()
    hold(users=users)
    caught()
    nobody = "453 4.0.0 No messages are waiting for you"
    assert answer(queue, "ATRN", user="ann") == nobody
    people.an_inbox("b")
    smtp_credentials.add(ALL, "b", "ann")  # of another inbox
    assert answer(queue, "ATRN", user="ann") == nobody
    smtp_credentials.revoke(ALL, "b", "ann")
    smtp_credentials.add(ALL, "default", "ann")
    assert len(taken(queue, user="ann")) == 1
    smtp_credentials.revoke(ALL, "default", "ann")
    caught()
    assert answer(queue, "ATRN", user="ann") == nobody
    of_server = replace(held_queue.CONFIG, smtp_auth=(("ann", "secret"),))
    monkeypatch.setattr(held_queue, "CONFIG", of_server)
    assert len(taken(queue, user="ann")) == 1


def test_with_accounts_the_login_of_another_inbox_takes_nothing(
    queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one whose name, cut at the plus sign, is that of a login that may."""
    people.administrator()
    people.an_inbox("b")
    hold(users=["*"])
    caught()
    of_server = replace(held_queue.CONFIG, smtp_auth=(("bob", "secret"), ("eve", "x")))
    monkeypatch.setattr(held_queue, "CONFIG", of_server)
    smtp_credentials.add(ALL, "default", "ann")
    for name in ("ann@evil.example", "bob@evil.example", "eve"):
        smtp_credentials.add(ALL, "b", name)
    nobody = "453 4.0.0 No messages are waiting for you"
    for user in (
        "ann@evil.example", "ann+x@evil.example", "ann+strict@evil.example",
        "bob+x@evil.example", "eve", "eve+x",
    ):  # fmt: skip
        assert answer(queue, "ATRN", user=user) == nobody, user
    for user in ("ann+x", "ann+strict", "bob", "bob+strict"):
        assert len(taken(queue, user=user)) == 1, user
        caught()


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
