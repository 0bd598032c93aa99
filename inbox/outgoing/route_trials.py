"""Trials of routes: a session up to the login, without mail.

It shows whether mail could go out. Trials run in the process that got the request; the
route keeps the latest result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from inbox.errors import Conflict
from inbox.models import Route
from inbox.outgoing import routes, switch
from inbox.outgoing.routes import NextHop
from inbox.storage import sealing
from inbox.storage.write_lock import write_turn
from mailsink.ids import uuid7
from mailsink.smtp.client.client_machine import HopOutcome
from mailsink.smtp.client.hop_values import OutgoingMail, RecipientResult
from mailsink.smtp.net.outgoing_session import OutgoingSession
from mailsink.smtp.protocol.events import Event, SessionClosed

log = logging.getLogger(__name__)

_AT_ONCE = 4
# The part of the minutes for a server's reply: a user is waiting.
_PATIENCE = 0.2
_LONGEST = timedelta(minutes=10)  # after that, the process of the trial is gone
_CUT = 1000  # characters of an outcome

_running: RouteTrials | None = None


def begin(name: str) -> Route:
    """Begin a trial of a route; return the route. Raises NotFound, Conflict."""
    switch.check()
    route = routes.get(name)
    if _running is None:
        raise Conflict(_("this server does not send mail"))
    return _running.begin(route)


def under_way(route: Route) -> bool:
    """Whether the latest trial of a route is still running."""
    begun = route.tried_at
    return route.trial_worked is None and begun is not None and begun > _oldest()


class RouteTrials:
    """Background work: start() and stop() run on the event loop."""

    def __init__(self, record: Callable[[Event], None]) -> None:
        self._record = record
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: set[OutgoingSession] = set()
        self._begun = 0  # trials that have not ended

    def start(self) -> None:
        global _running  # one object in a process
        self._loop = asyncio.get_running_loop()
        _running = self

    async def stop(self) -> None:
        """End the sessions."""
        global _running
        _running = None
        for session in self._sessions:
            session.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self, route: Route) -> Route:
        """Begin a trial, on the thread of a request. Raises Conflict."""
        if self._begun >= _AT_ONCE:
            raise Conflict(_("other routes are being tried: wait for them"))
        try:
            hop: NextHop | None = routes.hop(route)
        except sealing.Unreadable:
            hop = None
        session = uuid7()
        free = Q(trial_worked__isnull=False) | Q(tried_at=None)
        rows = Route.objects.filter(free | Q(tried_at__lt=_oldest()), pk=route.pk)
        with write_turn():
            found = rows.update(
                tried_at=datetime.now(UTC), trial_session=session if hop else None,
                trial_worked=None if hop else False,
                trial_outcome="" if hop else sealing.UNREADABLE,
            )  # fmt: skip
        if not found:
            raise Conflict(_("the route is being tried already"))
        if hop is not None:
            self._begun += 1
            self._loop.call_soon_threadsafe(self._start, route.pk, session, hop)
        return routes.get(route.name)

    def _start(self, route: int, id: UUID, hop: NextHop) -> None:
        task = self._loop.create_task(self._run(route, id, hop))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._begun -= 1
        if not task.cancelled() and (error := task.exception()):
            log.error("A route could not be tried: %s", error, exc_info=error)

    async def _run(self, route: int, id: UUID, hop: NextHop) -> None:
        closed: list[Event] = []

        def record(event: Event) -> None:
            # Listeners to the end of the session must find the outcome stored.
            keep = closed.append if isinstance(event, SessionClosed) else self._record
            keep(event)

        profile = replace(hop.profile, patience=_PATIENCE)
        session = OutgoingSession(id, hop.host, hop.port, profile, _NoMail(), record)
        self._sessions.add(session)
        try:
            outcome = await session.run()
            sentence = _sentence(outcome, hop, session.tls_version)
            worked = outcome.ending == "quit"
            await asyncio.to_thread(_store, route, id, worked, sentence)
        finally:
            self._sessions.discard(session)
            for event in closed:
                self._record(event)


class _NoMail:
    """The courier of a trial."""

    async def next_mail(self) -> OutgoingMail | None:
        return None

    async def last_look(self, mail: OutgoingMail) -> tuple[str, ...]:
        raise AssertionError("a trial has no mail")

    async def message_ends(self, mail: OutgoingMail) -> None:
        raise AssertionError("a trial has no mail")

    async def report(
        self, mail: OutgoingMail, results: tuple[RecipientResult, ...]
    ) -> None:
        raise AssertionError("a trial has no mail")

    def close(self) -> None:
        pass


def _sentence(outcome: HopOutcome, hop: NextHop, tls_version: str) -> str:
    if outcome.ending != "quit":
        return f"It does not work. {outcome.trouble}"[:_CUT]
    tls = f"with {tls_version}" if tls_version else "without TLS"
    login = hop.profile.login
    as_whom = f", and accepted the login of {login.username}" if login else ""
    return f"It works: the server answered {tls}{as_whom}."[:_CUT]


def _store(route: int, session: UUID, worked: bool, sentence: str) -> None:
    """Store the outcome, unless the route is gone or a later trial has begun."""
    try:
        with write_turn():
            Route.objects.filter(pk=route, trial_session=session).update(
                trial_worked=worked, trial_outcome=sentence
            )
    finally:
        connection.close()


def _oldest() -> datetime:
    return datetime.now(UTC) - _LONGEST
