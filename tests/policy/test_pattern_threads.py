"""Patterns that take long at a text are tried off the event loop, where all mail would wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.policy.mail_policy import MailPolicy
from inbox.policy.mail_sorter import MailSorter
from inbox.policy.pattern_threads import MOST_NOW, in_pattern_thread
from inbox.rules.matching import RuleIndex
from mailsink.ports import Consult
from tests import factories, people
from tests.rules.test_rules import LATER, body, rcpt, rule, started
from tests.smtp.harness import SESSION

pytestmark = pytest.mark.django_db(transaction=True)

COSTLY = f"/{'(a?){40}' * 8}@/"  # 1,288 steps at each character
LONG = f"{'a' * 200}@b.test"


def noted(monkeypatch: pytest.MonkeyPatch, where: type, name: str) -> list[str]:
    """Return a list that gets the name of the thread of each call."""
    threads: list[str] = []
    real: Callable[..., Any] = getattr(where, name)

    def note(self: object, *given: object) -> Any:
        threads.append(threading.current_thread().name.partition("_")[0])
        return real(self, *given)

    monkeypatch.setattr(where, name, note)
    return threads


def test_rules_about_names(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = started()
    rule(conditions={"forward_path": COSTLY})
    threads = noted(monkeypatch, RuleIndex, "fitting")
    assert rcpt(policy, "a@b.test") == LATER
    assert set(threads) == {"MainThread"}
    threads.clear()
    assert rcpt(policy, LONG) == LATER
    assert set(threads) == {"patterns"}


def test_rules_about_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = started()
    rule("body", conditions={"body": COSTLY})
    threads = noted(monkeypatch, RuleIndex, "of_message")
    assert body(policy, b"x@y\r\n") == LATER
    assert set(threads) == {"MainThread"}
    threads.clear()
    assert body(policy, b"x@y\r\n" * 60) == LATER
    assert set(threads) == {"patterns"}


def test_conditions_of_inboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.inbox()
    people.an_inbox("shop")
    inboxes.update(ALL, "shop", conditions=lambda _inbox: {"recipients": [COSTLY]})
    policy = MailPolicy()
    policy.refresh()
    threads = noted(monkeypatch, MailSorter, "place")

    def placed(path: str) -> str:
        consult = Consult("rcpt", SESSION, {"forward_path": path, "verb": "RCPT"})
        decided = policy.decide_now(consult)
        decided = decided or asyncio.run(policy.decide(consult))
        assert decided.placement is not None
        return decided.placement.inbox

    assert placed("a@b.test") == "shop"
    assert set(threads) == {"MainThread"}
    threads.clear()
    assert placed(LONG) == "shop"
    assert set(threads) == {"patterns"}


async def test_what_takes_seconds_keeps_nobody_else_waiting() -> None:
    began, over = threading.Semaphore(0), threading.Event()

    def take_long() -> None:
        began.release()
        over.wait()

    long = [
        asyncio.create_task(in_pattern_thread(take_long, "one", 10**9))
        for _ in range(8)
    ]
    try:
        for _ in range(2):  # as many as there are threads
            await asyncio.to_thread(began.acquire)
        async with asyncio.timeout(120):
            assert await in_pattern_thread(lambda: "done", "other", MOST_NOW + 1)
    finally:
        over.set()
        await asyncio.gather(*long)
