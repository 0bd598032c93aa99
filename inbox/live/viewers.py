"""Viewers of the live feed, and the groups that they may hear.

Their permissions are checked again while they watch, against their current roles and
the current inboxes of sessions and slugs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpRequest

from inbox.access import current
from inbox.access.identity import Identity
from inbox.access.permissions import TOPICS
from inbox.access.recognising import identity_of_scope
from inbox.errors import NotFound
from inbox.live import protocol
from inbox.live.protocol import BadFrame, Topic
from inbox.mailbox import inboxes, sessions
from inbox.mailbox.scope import Scope

RECHECK = 2.0  # seconds for which a check holds
SIGN_IN, NOT_ALLOWED = 4401, 4403  # close codes of websockets


def narrowed(scope: Scope, topic: Topic) -> Topic:
    """Return the topic, narrowed to what the scope allows. Raises NotFound."""
    if scope.inboxes is None:
        return topic
    if topic.session:
        sessions.get(scope, topic.session)
        return topic
    if topic.inbox:
        inboxes.by_slug(scope, topic.inbox)
        return topic
    slugs = tuple(each.slug for each in inboxes.find(scope))
    return replace(topic, within=slugs)


class Viewer:
    """The caller behind a websocket or stream, as long as their permissions stay the same."""

    def __init__(
        self, scope: Mapping[str, Any], identity: Identity, *heard: Topic
    ) -> None:
        """scope: of ASGI; its headers identify the caller

        heard: topics, as narrowed for them
        """
        self._scope = scope
        self.identity = identity
        self._checked_at = time.monotonic()
        narrow = identity.scope.inboxes is not None
        self._heard: dict[Topic, Topic] = {_whole(t): t for t in heard if narrow}

    @classmethod
    async def of(cls, scope: Mapping[str, Any]) -> Viewer:
        return cls(scope, await identity_of_scope(scope))

    @property
    def refusal(self) -> int:
        """Return the code to close a websocket with; 0 if the caller may watch."""
        if not self.identity.is_known:
            return SIGN_IN
        watches = self.identity.rank >= TOPICS["messages"] and self.identity.has("read")
        return 0 if watches else NOT_ALLOWED

    async def allowed(self, topic: Topic) -> Topic:
        """Return the topic, narrowed to what the caller may hear. Raises BadFrame."""
        role = TOPICS["session:" if topic.session else topic.to]
        scope = self.identity.within(role)
        if scope.inboxes is None:
            return topic
        try:
            found: Topic = await _in_thread(scope, topic)
        except NotFound as error:
            raise BadFrame(str(error)) from None
        self._heard[topic] = found
        return found

    def ignores(self, topic: Topic) -> None:
        """Note that a topic is no longer heard."""
        self._heard.pop(_whole(topic), None)

    async def is_same(self, moved: bool = False) -> bool:
        """Whether the caller and their permissions are the same as before.

        moved: a watched session may just have moved to another inbox
        """
        if time.monotonic() < self._checked_at + RECHECK:
            return not moved or await self._hears_the_same()
        self._checked_at = time.monotonic()
        now = await identity_of_scope(self._scope)
        if now != self.identity:
            self.identity = now
            return False
        return await self._hears_the_same()

    async def _hears_the_same(self) -> bool:
        """Whether the caller may still hear all topics.

        Mail can move to another inbox meanwhile, and a new inbox can have the slug of a
        removed one.
        """
        try:
            for topic, before in list(self._heard.items()):
                now = await _in_thread(self.identity.scope, topic)
                if {*now.groups} != {*before.groups}:
                    return False
        except NotFound:
            return False
        return True


def moves(group: str, events: str) -> bool:
    """Whether events of a session, as JSON, may say that it moved to another inbox."""
    return group.startswith(protocol.session_group("")) and _OF_SESSIONS in events


def viewer_of(request: HttpRequest, *heard: Topic) -> Viewer:
    """Return the viewer behind a request.

    heard: the topics, as narrowed for the viewer
    """
    fields = (b"cookie", b"authorization")
    headers = [
        (name, request.headers.get(name.decode(), "").encode("utf-8", "replace"))
        for name in fields
    ]
    client = (request.META.get("REMOTE_ADDR", ""), 0)
    scope = {"headers": headers, "client": client}
    return Viewer(scope, current.identity(), *heard)


def _whole(topic: Topic) -> Topic:
    """Return a topic as its client named it."""
    return replace(topic, within=None)


_OF_SESSIONS = '"event": "session.'
_in_thread = database_sync_to_async(narrowed, thread_sensitive=False)
