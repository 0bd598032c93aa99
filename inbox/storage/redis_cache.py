"""The cache of several processes, in Redis, which others may write to as well.

Values are JSON. Django would store them by pickle, which runs what others wrote. While Redis
is gone, each process keeps values of its own: nobody is kept from signing in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError, ResponseError

_OTHER_TYPE = "WRONGTYPE"  # of a key that has a list of Redis, or the like
_PATIENCE = 2.0  # seconds that Redis may be silent
_REST = 5.0  # seconds in which it is not asked after it failed
_MOST_ALONE = 20_000  # values that a process keeps meanwhile


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

    _again_at: ClassVar[float] = 0.0  # monotonic; 0: Redis is there, as far as is known

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        patience = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
        ours = {**patience, "serializer": JsonSerializer}
        options = {**params.get("OPTIONS", {}), **ours}
        super().__init__(server, {**params, "OPTIONS": options})
        self._alone = LocMemCache("redis", {"OPTIONS": {"MAX_ENTRIES": _MOST_ALONE}})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        found = self._asked(self._shared, self._alone.get, key, default, version)
        return found if _is_like(found, default) else default

    def add(self, *given: Any, **named: Any) -> bool:
        return bool(self._asked(super().add, self._alone.add, *given, **named))

    def set(self, *given: Any, **named: Any) -> None:
        self._asked(super().set, self._alone.set, *given, **named)

    def delete(self, *given: Any, **named: Any) -> bool:
        return bool(self._asked(super().delete, self._alone.delete, *given, **named))

    def _shared(self, key: str, default: Any, version: int | None) -> Any:
        """Return a value of Redis; default for what is none of ours."""
        try:
            return super().get(key, default, version)
        except (ValueError, RecursionError):
            return default
        except ResponseError as error:
            if not str(error).startswith(_OTHER_TYPE):
                raise
            return default

    def _asked(
        self,
        shared: Callable[..., Any],
        alone: Callable[..., Any],
        *given: Any,
        **named: Any,
    ) -> Any:
        """Ask Redis, or the memory of this process where that cannot answer."""
        cls = JsonRedisCache
        now = time.monotonic()
        if now < cls._again_at:
            return alone(*given, **named)
        if cls._again_at:
            cls._again_at = now + _REST  # one request looks whether it is back
        try:
            found = shared(*given, **named)
        except RedisError:
            cls._again_at = time.monotonic() + _REST
            return alone(*given, **named)
        cls._again_at = 0.0
        return found


def _is_like(found: Any, default: Any) -> bool:
    """Whether it is what whoever gives that default asks for: a list has times in it."""
    if not isinstance(default, list):
        return default is None or isinstance(found, type(default))
    return isinstance(found, list) and all(
        isinstance(each, int | float) for each in found
    )
