"""GET messages/wait: who looks for what when, and what is left where the feed is silent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import AsyncClient

from inbox import serializers
from inbox.api.v3 import waiting as api_waiting
from inbox.live import wait_groups
from inbox.live import waiters as live_waiters
from inbox.live.feed import Feed
from inbox.live.looks import Look, Looks
from inbox.live.protocol import ARRIVALS
from inbox.mailbox import arriving, messages
from inbox.mailbox.arriving import CompiledQuery
from inbox.mailbox.scope import ALL
from inbox.storage import bounded
from tests import factories
from tests.api.waits import (
    PATIENCE,
    count_looks,
    deliver,
    in_thread,
    until_waiting,
    wait,
)
from tests.live.out_of_reach import OutOfReach

pytestmark = pytest.mark.django_db(transaction=True)


async def test_those_who_want_the_same_share_a_look(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    had = note_looks(monkeypatch)
    await in_thread(factories.inbox)
    query = "q=to:bob&count=2&timeout=300"
    waiting = [asyncio.create_task(wait(query)) for _ in range(30)]
    another = asyncio.create_task(wait("q=to:eve&timeout=300"))
    for looks in (31, 61):  # a message that is alone is not enough
        async with asyncio.timeout(PATIENCE):
            while len(had) < looks:  # noqa: ASYNC110  no event to wait for
                await asyncio.sleep(0.01)
        await deliver(feed)
    answers = await asyncio.gather(*waiting)
    assert [status for status, _ in answers] == [200] * 30
    assert not another.done()
    another.cancel()
    assert len(had[31:]) >= 30
    assert len({id(each) for each in had[31:]}) <= 6


@pytest.mark.parametrize(("query", "looks"), [("count=1", 0), ("include=codes", 1)])
async def test_who_has_found_none_is_answered_with_what_comes(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, query: str, looks: int
) -> None:
    had = note_looks(monkeypatch)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait(f"q=to:bob&timeout=300&{query}"))
    async with asyncio.timeout(PATIENCE):
        while not had:  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.01)
    made = await deliver(feed)
    status, page = await waiting
    assert (status, len(had) - 1) == (200, looks)
    shape = await in_thread(lambda: serializers.message(messages.get(ALL, made.pk)))
    assert shape.items() <= page["items"][0].items()
    assert page["next"] is None


def note_looks(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """Return a list to which each look is added for each who has had it."""
    had: list[Look] = []
    look = Looks.look

    async def noted(self: Looks, *asked: Any) -> Look:
        had.append(await look(self, *asked))
        return had[-1]

    monkeypatch.setattr(Looks, "look", noted)
    return had


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has these threads cut whatever they read: cut("short", "near")."""

    def cut(*lanes: str) -> None:
        monkeypatch.setattr(bounded, "_STEPS", 1)
        monkeypatch.setattr(bounded, "_ALL", 0)
        looks = api_waiting.waiters._looks
        for each in lanes:
            monkeypatch.setattr(getattr(looks, f"_{each}"), "_seconds", 0)

    return cut


async def test_a_look_that_is_cut_is_made_where_it_may_take_longer(
    feed: Feed, cut: Callable[..., None]
) -> None:
    cut("short")
    made = await deliver(feed)
    status, page = await wait("q=rcpt:*bob*&timeout=300")
    assert (status, [each["id"] for each in page["items"]]) == (200, [str(made.pk)])


async def test_a_search_that_takes_too_long_is_refused(
    feed: Feed, cut: Callable[..., None]
) -> None:
    cut("short", "long")
    await deliver(feed)
    refused = await AsyncClient().get("/api/v3/messages/wait?q=rcpt:*bob*&timeout=300")
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert "search for fewer terms" in json.loads(refused.content)["detail"]


async def test_near_misses_that_take_too_long_are_left_out(
    feed: Feed, cut: Callable[..., None]
) -> None:
    cut("near")
    await deliver(feed)
    status, problem = await wait("q=to:eve&timeout=0")
    assert (status, problem["near_misses"]) == (408, [])
    assert problem["detail"].endswith("it takes too long to find near misses")


async def test_who_waits_for_few_terms_waits_for_no_test_of_many(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long text takes milliseconds for each condition, of which there may be thousands."""
    had = note_looks(monkeypatch)
    is_tested, is_over = threading.Event(), threading.Event()
    matching = CompiledQuery.matching

    def slow(self: CompiledQuery, *arrivals: Any) -> Any:
        if self.cost > 3:
            is_tested.set()
            is_over.wait(PATIENCE)
        return matching(self, *arrivals)

    monkeypatch.setattr(CompiledQuery, "matching", slow)
    await in_thread(factories.inbox)
    many = "%20OR%20".join(f"zq{number}" for number in range(4))
    costly = asyncio.create_task(wait(f"q={many}&timeout=300"))
    waiting = asyncio.create_task(wait("q=to:bob&timeout=300"))
    try:
        async with asyncio.timeout(PATIENCE):
            while len(had) < 2:  # noqa: ASYNC110  no event to wait for
                await asyncio.sleep(0.01)
            await deliver(feed, to=[], recipients=["eve@example.com"])
            assert await in_thread(is_tested.wait, PATIENCE)
            made = await deliver(feed)
            status, page = await waiting
        assert (status, page["items"][0]["id"]) == (200, str(made.pk))
        assert not costly.done()
    finally:
        is_over.set()
        costly.cancel()


@pytest.mark.database
async def test_what_takes_too_long_to_test_is_looked_for(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    had = note_looks(monkeypatch)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=rcpt:*bob*&timeout=300"))
    async with asyncio.timeout(PATIENCE):
        while not had:  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.01)
    monkeypatch.setattr(wait_groups, "_TEST", 0)
    monkeypatch.setattr(bounded, "_ALL", 0)
    monkeypatch.setattr(bounded, "_STEPS", 1)
    made = await deliver(feed)
    async with asyncio.timeout(PATIENCE):  # before its last look
        status, page = await waiting
    assert (status, [each["id"] for each in page["items"]]) == (200, [str(made.pk)])
    assert len(had) == 2


async def test_a_look_that_nobody_waits_for_any_more_is_not_made(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = count_looks(monkeypatch)
    await in_thread(factories.inbox)
    waiters = api_waiting.waiters
    first = asyncio.create_task(wait("q=to:bob&timeout=300"))
    assert await asyncio.to_thread(looked.acquire, timeout=PATIENCE)
    async with waiters._looks._short._turns.turn("", 1):
        left = asyncio.create_task(wait("q=to:eve&timeout=300"))
        async with asyncio.timeout(PATIENCE):
            while not waiters._looks._asked:  # noqa: ASYNC110  no event to wait for
                await asyncio.sleep(0.01)
        left.cancel()
        await asyncio.wait([left])
        assert not waiters._looks._asked
    await deliver(feed)
    assert (await first)[0] == 200
    assert not looked.acquire(blocking=False)


async def test_what_is_never_indexed_is_answered_with_nulls(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_waiters, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(arriving, "INDEXED_WITHIN", 0.2)
    monkeypatch.setattr(api_waiting, "INDEXED_WITHIN", 0.2)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=subject:invoice&timeout=300"))
    await until_waiting(1)
    await deliver(feed, indexed=False)
    status, page = await waiting
    assert (status, page["items"][0]["snippet"]) == (200, None)


async def test_the_next_after_the_last_is_told_to_come_later(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_waiting.waiters, "_most", 1)
    await in_thread(factories.inbox)
    first = asyncio.create_task(wait("q=to:bob&timeout=300"))
    await until_waiting(1)
    refused = await AsyncClient().get("/api/v3/messages/wait?timeout=300")
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    await deliver(feed)
    assert (await first)[0] == 200
    assert (await wait("q=to:bob&timeout=300"))[0] == 200


async def test_looks_again_where_nothing_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_waiters, "_LOOK_EVERY", 0.05)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("timeout=300"))
    await in_thread(factories.message, indexed_at=datetime.now(UTC))
    assert (await waiting)[0] == 200


async def test_answers_without_redis(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    layer = OutOfReach(1000)
    monkeypatch.setattr(live_waiters, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(live_waiters, "_PATIENCE", 0.05)
    monkeypatch.setattr(live_waiters, "_LOOK_EVERY", 0.05)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("timeout=300"))
    await in_thread(factories.message, indexed_at=datetime.now(UTC))
    assert (await waiting)[0] == 200
    assert "Cannot hear of new messages: no Redis" in caplog.text


async def test_hears_again_once_redis_is_back(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = OutOfReach(1)
    monkeypatch.setattr(live_waiters, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(live_waiters, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(arriving, "recent", set)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=subject:invoice&timeout=300"))
    await layer.joined_group(ARRIVALS)
    await deliver(feed)
    assert (await waiting)[0] == 200
