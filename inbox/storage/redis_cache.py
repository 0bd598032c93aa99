"""The cache of several processes, in Redis, which other programs can write to.

Values are JSON. Django would store them with pickle, which runs code in foreign values.
While Redis is down, each process keeps its own values, so that users can still sign in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError, ResponseError

# the error of a key that holds another type, such as a list of Redis
_OTHER_TYPE = "WRONGTYPE"
_PATIENCE = 2.0  # seconds that Redis may be silent
_REST = 5.0  # seconds without requests to Redis after a failure
_MOST_ALONE = 20_000  # values that a process keeps meanwhile


class JsonSerializer:
    """Serializes values to octets, and back."""

    def dumps(self, value: Any) -> int | bytes:
        """Return a value as stored.

        A number stays a number, so that Redis can count with it.
        """
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, octets: bytes) -> Any:
        """Return a stored value. Raises ValueError for a foreign one."""
        return json.loads(octets)


class JsonRedisCache(RedisCache):
    """Django's cache, in which foreign values count as missing."""

    # monotonic; 0: Redis was available at the last request
    _again_at: ClassVar[float] = 0.0

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
        """Return a value of Redis; the default for a foreign one."""
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
        """Call Redis, or the memory of this process if Redis fails."""
        cls = JsonRedisCache
        now = time.monotonic()
        if now < cls._again_at:
            return alone(*given, **named)
        if cls._again_at:
            # meanwhile, one request tests whether Redis is back
            cls._again_at = now + _REST
        try:
            found = shared(*given, **named)
        except RedisError:
            cls._again_at = time.monotonic() + _REST
            return alone(*given, **named)
        cls._again_at = 0.0
        return found


def _is_like(found: Any, default: Any) -> bool:
    """Whether a value has the type that the caller's default implies: a list holds times."""
    if not isinstance(default, list):
        return default is None or isinstance(found, type(default))
    return isinstance(found, list) and all(
        isinstance(each, int | float) for each in found
    )
