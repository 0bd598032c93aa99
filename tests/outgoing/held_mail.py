"""Mail that is held: how tests catch it, ask for it, take it, and see what waits."""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from uuid import UUID

import pytest

from inbox.mailbox.scope import ALL
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
    routes,
)
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.held_queue import HeldQueue
from inbox.outgoing.release_queue import Claim
from mailsink.ids import uuid7
from mailsink.ports import MailRequest
from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult
from mailsink.smtp.protocol.replies import Reply
from tests import factories

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
