"""The cache that processes share by Redis, which others may write to."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import redis
from django.core.cache.backends.redis import RedisCache

from inbox.storage import redis_cache
from inbox.storage.redis_cache import JsonRedisCache
from tests.private import running_redis


@pytest.fixture(autouse=True)
def _is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JsonRedisCache, "_again_at", 0.0, raising=False)


def test_it_keeps_values_and_nothing_that_others_wrote_runs(redis_url: str) -> None:
    cache = JsonRedisCache(redis_url, {})
    values: list[Any] = [7, [1.5, 2], True, "y", {"a": None}]
    for each in values:
        cache.set("key", each)
        assert cache.get("key") == each
    cache.set("count", 1)
    assert cache.incr("count") == 2
    assert cache.get("none", []) == []
    with redis.Redis.from_url(redis_url) as other:
        for junk in (pickle.dumps(_Runs()), b"\xff", b"{", b"[" * 100_000, b"{}"):
            other.set(cache.make_key("key"), junk)
            assert cache.get("key", []) == []
        # allauth compares what stands in a list with times
        for junk in (b'["x"]', b"[1, null]", b"[[]]"):
            other.set(cache.make_key("key"), junk)
            assert cache.get("key", []) == []
        other.delete(cache.make_key("key"))
        other.rpush(cache.make_key("key"), "1")
        assert cache.get("key", []) == []
        assert cache.get("key") is None
        cache.set("key", [1.5])
        assert cache.get("key", []) == [1.5]
    assert cache.add("fresh", True)
    assert not cache.add("fresh", True)


class _Runs:
    """Runs something where it is read by pickle."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("what others wrote was run",)


def test_while_redis_is_gone_the_process_counts_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody is kept from signing in, and guesses are counted all the same."""
    monkeypatch.setattr(redis_cache, "_REST", 0.0, raising=False)
    with running_redis() as server:
        cache = JsonRedisCache(server.url, {})
        cache.set("key", [1.5])
        server.kill()
        assert cache.add("lock", True)
        assert not cache.add("lock", True)
        cache.delete("lock")
        assert cache.add("lock", True)
        assert cache.get("key", []) == []
        cache.set("key", [2.5])
        assert cache.get("key", []) == [2.5]
        server.start()
        assert cache.get("key", []) == []
        cache.set("key", [3.5])
        with redis.Redis.from_url(server.url) as other:
            assert other.get(cache.make_key("key")) == b"[3.5]"
        cache._cache.get_client(write=True).connection_pool.disconnect()


def test_a_redis_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def hangs(self: Any, *_: Any, **named: Any) -> None:
        asked.append(named)
        raise redis.exceptions.TimeoutError

    cache = JsonRedisCache("redis://127.0.0.1:1", {})
    monkeypatch.setattr(RedisCache, "get", hangs)
    for _ in range(20):
        assert cache.get("unknown", []) == []
    assert len(asked) == 1
