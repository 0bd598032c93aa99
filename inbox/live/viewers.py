"""Viewers of the live feed, and which groups of it they may hear."""

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
from inbox.live.protocol import BadFrame, Topic
from inbox.mailbox import inboxes, sessions
from inbox.mailbox.scope import Scope

RECHECK = 2.0  # seconds for which it is taken that nothing changed
SIGN_IN, NOT_ALLOWED = 4401, 4403  # codes with which websockets are closed


def narrowed(scope: Scope, topic: Topic) -> Topic:
    """Return the topic, of which only what the scope has is heard. Raises NotFound."""
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
    """The caller behind a websocket or stream, as long as they may see the same."""

    def __init__(self, scope: Mapping[str, Any], identity: Identity) -> None:
        """scope: of ASGI; its headers say who it is"""
        self._scope = scope
        self.identity = identity
        self._checked_at = time.monotonic()
        self._sessions: list[Topic] = []

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
        """Return what the caller hears of a topic. Raises BadFrame."""
        role = TOPICS["session:" if topic.session else topic.to]
        scope = self.identity.within(role)
        if scope.inboxes is None:
            return topic
        try:
            found: Topic = await _in_thread(scope, topic)
        except NotFound as error:
            raise BadFrame(str(error)) from None
        if topic.session:
            self._sessions.append(topic)
        return found

    async def is_same(self) -> bool:
        """Whether the caller still is who they were, and may see what they could."""
        if time.monotonic() < self._checked_at + RECHECK:
            return True
        self._checked_at = time.monotonic()
        now = await identity_of_scope(self._scope)
        if now != self.identity:
            self.identity = now
            return False
        try:
            for topic in self._sessions:
                await _in_thread(self.identity.scope, topic)
        except NotFound:  # its mail went to another inbox
            return False
        return True


def viewer_of(request: HttpRequest) -> Viewer:
    """Return the viewer who makes the request that is being answered."""
    scope = {"headers": [(b"cookie", request.headers.get("Cookie", "").encode())]}
    scope["headers"].append(
        (b"authorization", request.headers.get("Authorization", "").encode())
    )
    return Viewer(scope, current.identity())


_in_thread = database_sync_to_async(narrowed, thread_sensitive=False)
