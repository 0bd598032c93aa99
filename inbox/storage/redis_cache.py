"""The cache of several processes, in Redis, which others may write to as well.

Values are JSON. Django would store them by pickle, which runs what others wrote.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ResponseError

_OTHER_TYPE = "WRONGTYPE"  # of a key that has a list of Redis, or the like


class JsonSerializer:
    """Makes octets of values, and values of octets."""

    def dumps(self, value: Any) -> int | bytes:
        """Return a value as it is stored; a number as it is, so that Redis can count it."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, octets: bytes) -> Any:
        """Return a stored value. Raises ValueError for what is none of ours."""
        return json.loads(octets)


class JsonRedisCache(RedisCache):
    """Django's cache, without a value where others wrote one that is not ours."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {**params.get("OPTIONS", {}), "serializer": JsonSerializer}
        super().__init__(server, {**params, "OPTIONS": options})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        try:
            found = super().get(key, default, version)
        except (ValueError, RecursionError):
            return default
        except ResponseError as error:
            if not str(error).startswith(_OTHER_TYPE):
                raise
            return default
        return found if _is_like(found, default) else default


def _is_like(found: Any, default: Any) -> bool:
    """Whether it is what whoever gives that default asks for: a list has times in it."""
    if not isinstance(default, list):
        return default is None or isinstance(found, type(default))
    return isinstance(found, list) and all(
        isinstance(each, int | float) for each in found
    )
