"""The frames of /ws/live (docs/live.md), and the groups behind its topics.

Frames from clients are parsed to commands, or refused with BadFrame, whose text says
why. Frames to clients are made as text; a batch takes its events as JSON, which is made
once for all clients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from inbox.errors import BadRequest
from mailsink.ids import uuid7

VERSION = 1
_process = uuid7()
MAX_COMMAND = 4096  # characters of a client's frame

# Groups of the channel layer that are not topics
CONTROL = "live.control"  # every connection: messages for all of its topics
ARRIVALS = "live.arrivals"  # the ids of messages that arrived or changed

_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")


def process() -> UUID:
    """Return the id of this run of the process, which its Server row has too.

    Under another id, nothing that was sent before is valid.
    """
    return _process


def use_process(id: UUID) -> None:
    """Give this forked process its own id: it inherits its parent's."""
    global _process
    _process = id


class BadFrame(BadRequest):
    """A client's frame that is invalid; the text says why."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic to subscribe to; an inbox's slug narrows messages and sessions.

    within: the slugs of the inboxes that the subscriber may see; None: all
    """

    to: str
    inbox: str | None = None
    within: tuple[str, ...] | None = None

    @property
    def session(self) -> str:
        """The id of the topic's session; "" if it has none."""
        return self.to.partition("session:")[2]

    @property
    def groups(self) -> tuple[str, ...]:
        """The channel layer's groups that a viewer of the topic joins."""
        if self.session:
            return (session_group(self.session),)
        if self.inbox or self.within is None:
            return (group(self.to, self.inbox),)
        return tuple(group(self.to, slug) for slug in self.within)

    @property
    def name(self) -> tuple[str, str | None]:
        """The client's name for the topic."""
        return self.to, self.inbox

    @property
    def members(self) -> str:
        """The name of the topic in a frame, as the members of a JSON object."""
        inbox = f', "inbox": {json.dumps(self.inbox)}' if self.inbox else ""
        return f'"to": {json.dumps(self.to)}{inbox}'


def group(to: str, inbox: str | None = None) -> str:
    """Return the group of "messages" or "sessions", in all inboxes or in one."""
    return f"live.{to}.in.{inbox}" if inbox else f"live.{to}"


def session_group(id: UUID | str) -> str:
    """Return the group of one session's transcript."""
    return f"live.session.{id}"


@dataclass(frozen=True, slots=True)
class Subscribe:
    topic: Topic


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    topic: Topic


@dataclass(frozen=True, slots=True)
class Ack:
    seq: int


Command = Subscribe | Unsubscribe | Ack


def parse(text: str | None) -> Command:
    """Return the command in a client's frame. Raises BadFrame."""
    if text is None:
        raise BadFrame("frames are text, not binary")
    if len(text) > MAX_COMMAND:
        raise BadFrame(f"a frame has at most {MAX_COMMAND} characters")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame("frames are JSON") from None
    if not isinstance(frame, dict):
        raise BadFrame("a frame is a JSON object")
    match frame.get("type"):
        case "subscribe":
            return Subscribe(topic(frame.get("to"), frame.get("inbox")))
        case "unsubscribe":
            return Unsubscribe(topic(frame.get("to"), frame.get("inbox")))
        case "ack":
            return _ack(frame.get("seq"))
    raise BadFrame('"type" is "subscribe", "unsubscribe" or "ack"')


def topic(to: object, inbox: object = None) -> Topic:
    """Return the topic that a client names. Raises BadFrame."""
    if inbox is not None and not (isinstance(inbox, str) and _SLUG.fullmatch(inbox)):
        raise BadFrame('"inbox" is an inbox\'s slug')
    if to in ("messages", "sessions"):
        return Topic(str(to), inbox)
    if not isinstance(to, str) or not to.startswith("session:"):
        raise BadFrame('"to" is "messages", "sessions" or "session:<id>"')
    if inbox is not None:
        raise BadFrame('"inbox" goes with "messages" and "sessions" only')
    try:
        return Topic(f"session:{UUID(to.removeprefix('session:'))}")
    except ValueError:
        raise BadFrame('"session:" is followed by a session\'s id') from None


def _ack(seq: object) -> Ack:
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise BadFrame('"seq" is the number of a batch')
    return Ack(seq)


def hello() -> str:
    """Return the first frame of a connection."""
    return json.dumps({"type": "hello", "version": VERSION, "server": str(process())})


def subscribed(topic: Topic) -> str:
    """Return the answer to a subscription: from here on, changes are sent."""
    return f'{{"type": "subscribed", {topic.members}}}'


def batch(seq: int, topic: Topic, events: str) -> str:
    """Return a batch; events are JSON objects, joined by commas."""
    return f'{{"type": "batch", "seq": {seq}, {topic.members}, "events": [{events}]}}'


def events_for(reader: int | None, frame: Mapping[str, Any]) -> str:
    """Return the events of a frame of the feed as a user gets them.

    The frame has them as for a user who has read no message, and names the users who
    have.
    """
    read = {id for id, users in frame.get("readers", {}).items() if reader in users}
    events = str(frame["events"])
    if not read:
        return events
    found = [as_read_by(each, each.get("id") in read) for each in _loaded(events)]
    return ",".join(map(json.dumps, found))


def as_read_by(event: dict[str, Any], is_read: bool) -> dict[str, Any]:
    """Return an event of a message for a user who has, or has not, read the message."""
    return {**event, "read": True} if is_read else event


def _loaded(events: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(f"[{events}]")
    return found


def concerns(reader: int | None, event: Mapping[str, Any]) -> bool:
    """Whether a control message concerns a user: it can be for one user only."""
    return event.get("user") in (None, reader)


def resync(topic: Topic) -> str:
    """Return the frame that makes a client load again, since events were left out."""
    return f'{{"type": "resync", {topic.members}}}'


def error(detail: str) -> str:
    """Return the frame that refuses a client's frame, with the reason."""
    return json.dumps({"type": "error", "detail": detail})
