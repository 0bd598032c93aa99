"""The channel layer of several processes, over Redis, which other programs can write to.

Foreign messages, and those that lack members of ours, are dropped here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

from channels_redis.pubsub import RedisPubSubChannelLayer

log = logging.getLogger(__name__)


class RedisLayer(RedisPubSubChannelLayer):
    """Channels' layer without its fault: junk would end the receiver, with a traceback."""

    async def receive(self, channel: str) -> dict[str, Any]:
        """Return the next of our messages."""
        while True:
            message = await self._get_layer().receive(channel)
            if message is not None:
                return dict(message)
            log.warning("Redis brought a message that is not Mailsink's: it is ignored")

    def deserialize(self, message: bytes) -> dict[str, Any] | None:
        """Return a message; None for a foreign one."""
        # Any error: of the library, or of the content of the message
        with suppress(Exception):
            made = super().deserialize(message)
            if _MEMBERS[made["type"]](made):
                return dict(made)
        return None


def _is_frame(message: Mapping[str, Any]) -> bool:
    """Whether it is a frame of the feed, as inbox.live.feed makes it."""
    texts = (message["feed"], message["group"], message["events"])
    return (
        all(isinstance(each, str) for each in texts)
        and isinstance(message["number"], int)
        and all(isinstance(each, list) for each in message["readers"].values())
        and _are_events(message["events"])
    )


@lru_cache(maxsize=8)  # each viewer receives the same one
def _are_events(text: str) -> bool:
    return all(map(_is_event, json.loads(f"[{text}]")))


def _is_event(event: Mapping[str, Any]) -> bool:
    """Whether it has the members that are read here, not only passed on."""
    has_id = isinstance(event.get("id", ""), str)
    return has_id and _EVENTS.get(event["event"], _is_about_id)(event)


def _is_about_id(event: Mapping[str, Any]) -> bool:
    is_of_message = event["event"].startswith("message.")
    return not is_of_message or bool(UUID(event["id"]))


def _is_message(event: Mapping[str, Any]) -> bool:
    texts = all(isinstance(each, str) for each in event["tags"])
    return texts and isinstance(event["read"], bool) and _is_about_id(event)


def _is_transaction(event: Mapping[str, Any]) -> bool:
    codes = [each["rcpt_code"] for each in event["recipients"]]
    return (
        all(isinstance(each, int) for each in [event["code"] or 0, *codes])
        and isinstance(event["failure"], str)
        and isinstance(event["session"], str)
    )


_EVENTS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "message.created": _is_message,
    "message.updated": _is_message,
    "transaction.ended": _is_transaction,
}


def _is_arrival(message: Mapping[str, Any]) -> bool:
    return all(UUID(each) for each in message["ids"])


_MEMBERS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "live.frame": _is_frame,
    "live.lost": lambda message: isinstance(message.get("user"), int | None),
    "live.arrival": _is_arrival,
    "live.echo": lambda message: isinstance(message["number"], int),
}
