"""The live feed on each of the channel layers that Mailsink runs with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from channels.layers import channel_layers, get_channel_layer
from django.db import close_old_connections, connection

from inbox.live.feed import Feed
from inbox.mailbox import inboxes
from tests.live.clients import Client


@pytest.fixture(autouse=True)
def _closes_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let threads close their connections, as they do outside of Channels' test clients."""
    monkeypatch.setattr("channels.testing.application.no_op", close_old_connections)


@pytest.fixture(autouse=True)
def _closes_that_of_requests() -> Iterator[None]:
    """Close the connection of the thread of requests, which Django's test clients leave open."""
    yield
    SyncToAsync.single_thread_executor.submit(lambda: connection.close()).result()


@pytest.fixture(params=["memory", "redis"])
def layer(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Each of the channel layers, in turn."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        backend = "inbox.live.redis_layer.RedisLayer"
        config = {"hosts": [url]}
    else:
        backend, config = "inbox.live.channel_layer.ProcessLayer", {}
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": config}}
    channel_layers.backends = {}
    yield
    channel_layers.backends = {}


@pytest.fixture
def memory_layer(settings: Any) -> Iterator[None]:
    """The in-memory layer alone."""
    backend = {"BACKEND": "inbox.live.channel_layer.ProcessLayer"}
    settings.CHANNEL_LAYERS = {"default": backend}
    channel_layers.backends = {}
    yield
    channel_layers.backends = {}


@pytest.fixture
async def feed(request: pytest.FixtureRequest) -> AsyncIterator[Feed]:
    """A started feed on the layer that the test asked for."""
    feed = Feed()
    feed.start()
    yield feed
    await feed.stop()
    await get_channel_layer().flush()


@pytest.fixture
def slugs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "_slugs", {1: "default", 2: "other"})


@pytest.fixture
async def client(feed: Feed) -> AsyncIterator[Client]:
    client = Client()
    await client.greet()
    yield client
    await client.disconnect()
