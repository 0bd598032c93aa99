"""The cache that processes share by Redis, which others may write to."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import redis

from inbox.storage.redis_cache import JsonRedisCache


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
