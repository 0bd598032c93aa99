"""GET messages/wait: held until it matches."""

from __future__ import annotations

import asyncio
import json
import queue
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import AsyncClient

from inbox.api.v3 import waiting as api_waiting
from inbox.live import waiters as live_waiters
from inbox.live.feed import Feed
from inbox.mailbox.large import LARGE
from inbox.mailbox.signals import MessageUpdated, announce, awaited
from inbox.models import Message, Raw
from inbox.storage import body_store
from inbox.upkeep import indexer
from mailsink.ids import uuid7
from tests import factories
from tests.api.waits import (
    PATIENCE,
    count_looks,
    deliver,
    in_thread,
    until_waiting,
    wait,
)

SIGN_UP = b"""From: Shop <shop@shop.example>
To: bob@example.com
Subject: Sign up
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain

Your code is 162149.
--a
Content-Type: text/html

<p>Your code is <b>162149</b>. <a href="https://shop.example/confirm">Confirm</a></p>
--a--
--m
Content-Type: text/plain
Content-Disposition: attachment; filename=terms.txt

None.
--m--
""".replace(b"\n", b"\r\n")

pytestmark = pytest.mark.django_db(transaction=True)


async def test_answers_at_once_what_is_there(feed: Feed) -> None:
    made = await deliver(feed)
    status, page = await wait("q=subject:invoice")
    assert (status, page["next"]) == (200, None)
    assert [each["id"] for each in page["items"]] == [str(made.pk)]


async def test_answers_with_the_fields_that_are_wanted(feed: Feed) -> None:
    made = await deliver(feed)
    status, page = await wait("q=subject:invoice&include=codes&fields=id,codes")
    assert (status, page["items"]) == (200, [{"id": str(made.pk), "codes": []}])


async def test_is_held_until_it_matches(feed: Feed) -> None:
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=to:bob&count=2&timeout=300"))
    ids: list[str] = []
    for _ in range(2):
        assert not waiting.done()
        ids.insert(0, str((await deliver(feed)).pk))
    status, page = await waiting
    assert (status, [each["id"] for each in page["items"]]) == (200, ids)


async def test_only_later_ones_count(feed: Feed) -> None:
    old = await deliver(feed)
    assert (await wait("after=latest&timeout=0"))[0] == 408
    waiting = asyncio.create_task(wait(f"after={old.pk}&timeout=300"))
    made = await deliver(feed)
    status, page = await waiting
    assert (status, [each["id"] for each in page["items"]]) == (200, [str(made.pk)])


async def test_sees_what_indexing_brings(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = count_looks(monkeypatch)
    made = await deliver(feed)
    waiting = asyncio.create_task(wait("q=has:attachment&timeout=300"))
    assert await asyncio.to_thread(looked.acquire, timeout=PATIENCE)

    def index() -> None:
        Message.objects.filter(pk=made.pk).update(attachments=1)
        announce([MessageUpdated(made.pk)])

    await in_thread(index)
    async with asyncio.timeout(
        PATIENCE
    ):  # long before it would look without being told
        assert (await waiting)[0] == 200


async def test_does_not_answer_before_it_is_indexed(feed: Feed) -> None:
    made = await deliver(feed, indexed=False)
    waiting = asyncio.create_task(wait("q=subject:invoice&timeout=300"))
    await deliver(feed, indexed=False, body=b"Subject: other\r\n\r\n")

    def index() -> None:
        indexer.index_some()
        announce([MessageUpdated(made.pk)])

    assert not waiting.done()
    await in_thread(index)
    status, page = await waiting
    assert status == 200
    assert [each["snippet"] for each in page["items"]] == ["Pay me."]
    assert page["items"][0]["attachments"] == 0


@pytest.fixture
def asked() -> Iterator[queue.Queue[UUID]]:
    """The messages that are to be indexed first."""
    ids: queue.Queue[UUID] = queue.Queue()

    def hear(**sent: Any) -> None:
        for each in sent["ids"]:
            ids.put(each)

    awaited.connect(hear)
    yield ids
    awaited.disconnect(hear)


async def test_has_what_is_there_already_indexed_first(
    feed: Feed, asked: queue.Queue[UUID]
) -> None:
    made = await deliver(feed, indexed=False)
    assert (await wait("q=subject:invoice&timeout=0.2"))[0] == 200
    assert asked.get_nowait() == made.pk


async def test_has_what_matches_indexed_and_looks_once_it_is(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, asked: queue.Queue[UUID]
) -> None:
    looked = count_looks(monkeypatch)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=subject:invoice&timeout=300"))
    assert await asyncio.to_thread(looked.acquire, timeout=PATIENCE)
    made = await deliver(feed, indexed=False)
    assert await asyncio.to_thread(asked.get, timeout=PATIENCE) == made.pk
    assert not looked.acquire(blocking=False)
    await in_thread(indexer.index_some)
    await in_thread(announce, [MessageUpdated(made.pk)])
    status, page = await waiting
    assert status == 200
    assert page["items"][0]["snippet"] == "Pay me."


@pytest.mark.parametrize(
    ("age", "held"), [(0, "0"), (0, "0.2"), (6, "20")], ids=["now", "late", "old"]
)
async def test_answers_with_nulls_where_indexing_takes_long(
    feed: Feed, age: int, held: str
) -> None:
    came = datetime.now(UTC) - timedelta(seconds=age)
    await deliver(feed, indexed=False, received_at=came)
    status, page = await wait(f"q=subject:invoice&timeout={held}")
    assert status == 200
    assert page["items"][0]["snippet"] is page["items"][0]["attachments"] is None


async def test_what_is_indexed_soon_is_tested_once(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, asked: queue.Queue[UUID]
) -> None:
    monkeypatch.setattr(live_waiters, "_SOON", 60)
    looked = count_looks(monkeypatch)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=subject:invoice&timeout=300"))
    assert await asyncio.to_thread(looked.acquire, timeout=PATIENCE)
    made = await deliver(feed, indexed=False)
    await in_thread(indexer.index_some)
    await in_thread(announce, [MessageUpdated(made.pk)])
    assert (await waiting)[0] == 200
    assert asked.empty()


async def test_looks_only_when_something_came(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = count_looks(monkeypatch)
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=subject:nothing&timeout=1"))
    assert await asyncio.to_thread(looked.acquire, timeout=PATIENCE)
    await deliver(feed)
    assert (await waiting)[0] == 408
    more = 0
    while looked.acquire(blocking=False):
        more += 1
    assert more == 1  # at the end


async def test_include_adds_content(feed: Feed) -> None:
    await deliver(feed, body=SIGN_UP)
    _, page = await wait("q=to:bob")
    assert not page["items"][0].keys() & {"text", "html", "codes", "links", "headers"}
    every = "text,html,headers,codes,links,attachments"
    status, page = await wait(f"q=to:bob&include={every}")
    assert status == 200
    (found,) = page["items"]
    assert found["codes"] == ["162149"]
    assert [each["url"] for each in found["links"]] == ["https://shop.example/confirm"]
    assert found["text"].startswith("Your code is 162149.")
    assert "<b>162149</b>" in found["html"]
    assert found["truncated"] == []
    assert {"name": "Subject", "value": "Sign up"} in found["headers"]
    assert found["attachments"] == 1
    (attached,) = found["attached"]
    assert (attached["filename"], attached["n"]) == ("terms.txt", 4)
    one = await AsyncClient().get("/api/v3/messages/latest?include=headers,attachments")
    told = json.loads(one.content)
    assert (told["headers"], told["attached"]) == (found["headers"], [attached])
    assert "links" not in told


async def test_include_of_one_message_keeps_what_it_has_anyway(feed: Feed) -> None:
    body = b"Subject: long\r\n\r\n" + b"a" * 1_100_000
    await deliver(feed, indexed=False, body=body)
    plain, named = [
        json.loads((await AsyncClient().get(f"/api/v3/messages/latest{query}")).content)
        for query in ("", "?include=text,codes,headers")
    ]
    assert plain["truncated"] == ["text"]
    assert named == {**plain, "headers": [{"name": "Subject", "value": "long"}]}


async def test_include_is_cut_where_messages_are_many(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"Subject: long\r\n\r\n1234567890\r\n"
    monkeypatch.setattr(api_waiting, "_MOST_READ", 2 * len(body) - 7)
    for _ in range(3):
        await deliver(feed, body=body)
    _, page = await wait("q=subject:long&count=3&include=headers,text")
    found = [(each["text"].strip(), each["truncated"]) for each in page["items"]]
    cut = ["text", "headers"]
    assert found == [("1234567890", []), ("12345", cut), ("", cut)]
    assert [len(each["headers"]) for each in page["items"]] == [1, 1, 0]


async def test_include_reads_the_beginning_of_a_large_message(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    start = body_store.read_start

    def count(raw: Raw, octets: int) -> bytes:
        read.append(octets)
        return start(raw, octets)

    monkeypatch.setattr(body_store, "read_start", count)
    monkeypatch.setattr(body_store, "read", None)
    body = SIGN_UP.replace(b"None.", b"x" * 3 * LARGE)
    await deliver(feed, indexed=False, body=body)
    _, page = await wait("q=to:bob&timeout=0&include=codes,attachments,text")
    (found,) = page["items"]
    assert found["codes"] == ["162149"]
    assert found["text"].startswith("Your code is 162149.")
    assert [each["filename"] for each in found["attached"]] == ["terms.txt"]
    assert found["truncated"] == ["text", "codes", "attachments"]
    assert read == [LARGE]


async def test_time_out_lists_what_fails_one_term(feed: Feed) -> None:
    close = await deliver(feed)
    await in_thread(factories.transaction, recipients=["bob@example.com"])
    await deliver(feed, body=b"Subject: other\r\n\r\n", recipients=["eve@example.com"])
    status, problem = await wait("q=to:bob+subject:receipt&timeout=0")
    assert status == problem["status"] == 408
    assert (problem["found"], problem["count"]) == (0, 1)
    (first,) = problem["near_misses"]
    assert first["message"]["id"] == str(close.pk)
    assert first["failed"] == ["subject:receipt"]


async def test_time_out_lists_what_was_refused(feed: Feed) -> None:
    refused = await in_thread(factories.transaction, recipients=["bob@example.com"])
    _, problem = await wait("q=to:bob&timeout=0")
    (miss,) = problem["near_misses"]
    assert miss["transaction"]["id"] == str(refused.pk)
    assert miss["failed"] == ["accepted (it was rejected)"]


async def test_time_out_says_in_words_what_came(feed: Feed) -> None:
    _, problem = await wait("q=to:bob@example.com&timeout=0")
    assert problem["detail"] == "0 of 1 messages came within 0 s: nothing arrived"
    for name in ("eve", "bo", "carol"):
        head = f"To: {name}@example.com\r\nSubject: other\r\n\r\n"
        await deliver(feed, body=head.encode(), recipients=[f"{name}@example.com"])
    _, problem = await wait("q=to:bob@example.com&timeout=0")
    assert problem["detail"] == (
        "0 of 1 messages came within 0 s: 3 arrived, none to bob@example.com; "
        "nearest: bo@example.com"
    )
    first = problem["near_misses"][0]["message"]
    assert first["to"] == [{"name": "", "address": "bo@example.com"}]
    assert len(problem["near_misses"]) == 3


async def test_near_misses_are_ten_at_most(feed: Feed) -> None:
    for _ in range(12):
        await deliver(feed, body=b"Subject: other\r\n\r\n")
    _, problem = await wait("q=subject:receipt&timeout=0")
    assert len(problem["near_misses"]) == 10


async def test_near_misses_that_came_too_early(feed: Feed) -> None:
    made = await deliver(feed)
    _, problem = await wait(f"q=to:bob&timeout=0&after={made.pk}")
    assert problem["near_misses"][0]["failed"] == [f"after={made.pk}"]
    _, problem = await wait("q=to:bob&timeout=0&count=2")
    assert (problem["found"], problem["near_misses"]) == (1, [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=form:x", 400),
        ("after=7", 400),
        ("inbox=nowhere", 404),
        ("timeout=301", 422),
        ("timeout=-1", 422),
        ("timeout=nan", 422),
        ("count=0", 422),
        ("count=501", 422),
        ("include=text,body", 400),
        (f"after={uuid7()}&timeout=0", 408),
    ],
)
async def test_problems(query: str, status: int) -> None:
    await in_thread(factories.inbox)
    answered, problem = await wait(query)
    assert (answered, problem["status"]) == (status, status)


async def test_that_none_comes(feed: Feed) -> None:
    await deliver(feed)
    status, page = await wait("q=to:bob%20subject:nothing&absent=true&timeout=0")
    assert (status, page) == (200, {"items": [], "next": None})


async def test_one_that_was_not_to_come(feed: Feed) -> None:
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("q=to:bob&absent=true&timeout=300&count=3"))
    made = await deliver(feed)
    status, problem = await waiting
    assert (status, problem["status"]) == (409, 409)
    assert [each["id"] for each in problem["messages"]] == [str(made.pk)]
    assert f'"{made.subject}" from {made.from_address}' in problem["detail"]


async def test_stops_when_the_client_goes(feed: Feed) -> None:
    await in_thread(factories.inbox)
    waiting = asyncio.create_task(wait("timeout=300"))
    await until_waiting(1)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert api_waiting.waiters._listener is None
