"""Delivers due releases: one session for each route with due releases, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.db import DatabaseError

from inbox.models import Route
from inbox.outgoing import release_queue, routes
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.due_signal import waiting
from inbox.outgoing.release_queue import Claim
from inbox.storage import sealing
from inbox.storage.threads import in_thread
from mailsink.ids import uuid7
from mailsink.smtp.net.outgoing_session import OutgoingSession
from mailsink.smtp.protocol.events import Ending, Event

log = logging.getLogger(__name__)

_AT_ONCE = 4  # sessions
_LOOK_EVERY = 60.0  # seconds, for releases that other processes queue
_REST = 30.0  # seconds before the next session with a route that did not answer
_RETRY = 5.0  # seconds after an error of the database


class Deliverer:
    """Background work: start() and stop() run on the event loop."""

    def __init__(
        self,
        server: UUID,
        record: Callable[[Event], None],
        couriers: set[ReleaseCourier] | None = None,
    ) -> None:
        """couriers: all at work in this process, including those of turned sessions"""
        self._server = server
        self._record = record
        self._nudged = asyncio.Event()
        self._stopping = False
        self._sessions: dict[int | None, asyncio.Task[None]] = {}
        self._open: set[OutgoingSession] = set()
        self._resting: dict[int | None, float] = {}
        self._couriers = set() if couriers is None else couriers
        self._left = True  # whether there may be abandoned tries
        self._recovers_at = 0.0

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        waiting.connect(self._nudge)
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """End the sessions; their releases go back into the queue."""
        waiting.disconnect(self._nudge)
        self._stopping = True
        self._nudged.set()
        for courier in self._couriers:
            courier.stopping = True
        for session in self._open:
            session.stop()
        await self._task
        await asyncio.gather(*self._sessions.values(), return_exceptions=True)

    def _nudge(self, at_once: bool, **_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._look_again, at_once)

    def _look_again(self, at_once: bool) -> None:
        if at_once:
            self._resting.clear()
        self._nudged.set()

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._recover()
                rest = await self._begin_sessions()
            except DatabaseError as error:
                log.error("The queue of releases could not be read: %s", error)
                rest = _RETRY
            except Exception:  # a bug: logged with its traceback, and mail goes on
                log.exception("The queue of releases could not be read")
                rest = _RETRY
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), rest)
            self._nudged.clear()

    async def _recover(self) -> None:
        """Put abandoned releases back, after a failure and every minute."""
        now = self._loop.time()
        if self._left or now >= self._recovers_at:
            before = datetime.now(UTC)
            sessions = [each.session for each in self._couriers]
            await in_thread(
                lambda: release_queue.recover(self._server, before, sessions)
            )
            await in_thread(release_queue.expire)
            self._left, self._recovers_at = False, now + _LOOK_EVERY

    async def _begin_sessions(self) -> float:
        """Begin a session for each due route; return the seconds to rest."""
        now = self._loop.time()
        self._resting = {r: at for r, at in self._resting.items() if at > now}
        busy = {*self._sessions, *self._resting}
        found, seconds = await in_thread(lambda: release_queue.due(busy))
        if self._stopping:
            return 0
        for route in found[: _AT_ONCE - len(self._sessions)]:
            task = self._loop.create_task(self._deliver(route))
            self._sessions[route] = task
        rests = [at - now for at in self._resting.values()]
        return min([_LOOK_EVERY, *rests, *([seconds] if seconds is not None else [])])

    async def _deliver(self, route_id: int | None) -> None:
        try:
            await self._session(route_id)
        except (DatabaseError, OSError) as error:
            log.error("A session with a next hop broke off: %s", error)
            self._put_back_soon(route_id)
        except Exception:  # a bug: the release is tried again
            log.exception("A session with a next hop broke off")
            self._put_back_soon(route_id)
        finally:
            del self._sessions[route_id]
            self._nudged.set()

    def _put_back_soon(self, route_id: int | None) -> None:
        self._resting[route_id] = self._loop.time() + _RETRY
        self._left = True

    async def _session(self, route_id: int | None) -> None:
        route = await in_thread(lambda: _route(route_id))
        if route is None:
            await in_thread(lambda: release_queue.claim(None, self._server, None))
            return
        session = uuid7()
        claim = partial(_claim, route, self._server, session)
        courier = ReleaseCourier(session, claim, self._couriers)
        try:
            ending = await self._converse(route, courier)
        finally:
            courier.close()
        if ending != "quit":
            self._resting[route_id] = self._loop.time() + _REST

    async def _converse(self, route: Route, courier: ReleaseCourier) -> Ending:
        try:
            hop = await in_thread(lambda: routes.hop(route))
        except sealing.Unreadable:
            await courier.give_up(sealing.UNREADABLE)
            return "error"
        session = OutgoingSession(
            courier.session, hop.host, hop.port, hop.profile, courier, self._record
        )
        self._open.add(session)
        if self._stopping:
            session.stop()
        try:
            return (await session.run()).ending
        finally:
            self._open.discard(session)


def _route(id: int | None) -> Route | None:
    return Route.objects.filter(pk=id).first() if id is not None else None


def _claim(route: Route, server: UUID, session: UUID) -> Claim | None:
    """Claim a due release of a route, unless the route leads to another server now."""
    now = _route(route.pk)
    if now is None or not routes.same_way(now, route):
        return None  # the due releases go out in another session
    return release_queue.claim(now, server, session)
