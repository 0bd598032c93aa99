"""Requests to messages/wait, and the messages that they wait for, as tests have them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from inbox.api.v3 import waiting as api_waiting
from inbox.capture.rows import SessionChanges
from inbox.live.feed import Feed
from inbox.mailbox import messages
from inbox.models import Message
from inbox.upkeep import indexer
from tests import factories

PATIENCE = 120  # seconds, for a busy machine; requests wait for longer


def in_thread(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    return database_sync_to_async(function)(*arguments, **named)


async def wait(query: str) -> tuple[int, Any]:
    response = await AsyncClient().get(f"/api/v3/messages/wait?{query}")
    return response.status_code, json.loads(response.content)


async def deliver(feed: Feed, indexed: bool = True, **fields: Any) -> Message:
    made = await in_thread(factories.message, **fields)
    if indexed:
        await in_thread(indexer.index_some)
    feed.committed(SessionChanges(messages_created=[made]))
    assert isinstance(made, Message)
    return made


def count_looks(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Return a semaphore that each look into the database releases, once it is done."""
    looked = threading.Semaphore(0)
    find = messages.find

    def look(*arguments: Any, **named: Any) -> Any:
        try:
            return find(*arguments, **named)
        finally:
            looked.release()

    monkeypatch.setattr(messages, "find", look)
    return looked


async def until_waiting(count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while api_waiting.waiters._count < count:  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.01)
