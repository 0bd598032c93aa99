"""Calls webhooks.

It moves events into their queues, and delivers the due ones, a few at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import DatabaseError, connection

from inbox.mailbox.signals import announced
from inbox.models import Webhook, WebhookDelivery
from inbox.models.webhook import TEST_EVENT
from inbox.storage import sealing, webhook_outbox
from inbox.storage.threads import in_thread
from inbox.webhooks import calls, delivery_queue, fan_out, hooks, webhook_signals
from inbox.webhooks.calls import Call, Shape
from inbox.webhooks.queue_room import QueueRoom
from mailsink import __version__
from mailsink.posting import signing
from mailsink.posting.poster import Poster, PostResult
from mailsink.web.request_rules import MAILSINK
from mailsink.web.workers import Off

log = logging.getLogger(__name__)

T = TypeVar("T")

_AT_ONCE = 8  # webhooks
_IN_A_TURN = 200  # deliveries of a webhook, before others have their turn
_PREPARED = 50  # deliveries whose bodies are made together
_PREPARED_OCTETS = 8 * 1024 * 1024
_LOOK_EVERY = 60.0  # seconds
# Seconds until changes by another process are seen. With SQLite there is no other.
_LOOK_ABOUT = 5.0
_THREADS = 4
_RETRY = 5.0  # seconds after an internal error
# While mail pours in, a rest lasts this many times as long as a step.
_BUSY_REST = 4.0

_DELETED = "The object of this event has been deleted."
_UNMADE = "Mailsink could not read the object of this event; its log says why."
_UNREADABLE = (
    "The secret of the webhook was stored under another secret key: make a new one."
)


class Objects(Protocol):
    """The objects of API v3 behind events. Called on threads."""

    def get(self, event: str, id: UUID) -> Shape | None:
        """Return the object of an event; None if it was deleted."""

    def is_bounce(self, id: UUID) -> bool:
        """Whether a message is a delivery report."""


class WebhookCaller:
    """Background work: start() and stop() run on the event loop."""

    def __init__(
        self,
        server: UUID,
        objects: Objects,
        poster: Poster,
        base_url: str = "",
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """base_url: of the pages; busy: whether mail is pouring in"""
        self._server = server
        self._objects = objects
        self._poster = poster
        self._base_url = base_url
        self._busy = busy
        self._room = QueueRoom()
        self._nudged = asyncio.Event()
        self._stopped = asyncio.Event()
        self._threads = ThreadPoolExecutor(_THREADS, "webhooks")
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        webhook_signals.changed.connect(self._nudge)
        webhook_outbox.written.connect(self._nudge)
        announced.connect(self._hear)
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """End after the current calls; the rest stays in the queue."""
        webhook_signals.changed.disconnect(self._nudge)
        webhook_outbox.written.disconnect(self._nudge)
        announced.disconnect(self._hear)
        self._stopped.set()
        self._nudged.set()
        await self._poster.close()
        await asyncio.gather(self._task, *self._tasks.values(), return_exceptions=True)
        self._threads.shutdown(wait=False)

    def _nudge(self, **_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._nudged.set)

    def _hear(self, **_: object) -> None:
        """Check again: a message that a query waits for may be indexed now."""
        if webhook_outbox.wanted():
            self._nudge()

    async def _run(self) -> None:
        first = True
        while not self._stopped.is_set():
            self._nudged.clear()
            try:
                if first and connection.vendor == "sqlite":
                    await self._in_thread(delivery_queue.free)
                first = False
                rest = await self._step()
            except (DatabaseError, Off) as error:
                log.error("The queues of webhooks could not be read: %s", error)
                rest = _RETRY
            except Exception:  # a bug: logged with its traceback, and mail goes on
                log.exception("The queues of webhooks could not be read")
                rest = _RETRY
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), rest)

    async def _step(self) -> float:
        """Move events, and begin calls; return the seconds to rest."""
        began, busy = self._loop.time(), list(self._tasks)
        moved, found, later = await self._in_thread(lambda: self._look(busy))
        for id in found[: _AT_ONCE - len(self._tasks)]:
            if not self._stopped.is_set():
                self._tasks[id] = self._loop.create_task(self._call(id))
        if moved:
            await self._yield_to_mail(self._loop.time() - began)
            return 0
        about = _LOOK_EVERY if connection.vendor == "sqlite" else _LOOK_ABOUT
        return min(about, later if later is not None else about)

    def _look(self, busy: list[UUID]) -> tuple[int, list[UUID], float | None]:
        """Move events; return their number, the due webhooks, and the seconds to rest.

        After these, more are due.
        """
        webhook_signals.refresh()
        moved = fan_out.move_some(self._is_bounce, self._room)
        return moved, *delivery_queue.due(busy, self._server)

    async def _yield_to_mail(self, took: float) -> None:
        """Rest after a step while mail pours in: mail goes first."""
        if self._busy():
            await self._rest(_BUSY_REST * took)

    async def _rest(self, seconds: float) -> None:
        """Rest until the time is over, or until stop()."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await in_thread(work, self._threads)

    async def _call(self, id: UUID) -> None:
        """Call a webhook for some of its due deliveries."""
        try:
            await self._deliver(id)
            await self._in_thread(lambda: delivery_queue.hand_back(id, self._server))
        except (DatabaseError, Off) as error:
            log.error("Webhook %s could not be called: %s", id, error)
            await self._rest(_RETRY)
        except Exception:  # a bug: the delivery is tried again
            log.exception("Webhook %s could not be called", id)
            await self._rest(_RETRY)
        finally:
            del self._tasks[id]
            self._nudged.set()

    async def _deliver(self, id: UUID) -> None:
        done = 0
        while done < _IN_A_TURN and not self._stopped.is_set():
            began = self._loop.time()
            prepared = await self._in_thread(lambda: self._prepare(id))
            if prepared is None:
                return
            ended = await self._make(*prepared)
            done += ended
            if not ended:
                return
            await self._yield_to_mail(self._loop.time() - began)

    def _prepare(
        self, id: UUID
    ) -> tuple[Webhook, list[str], list[Call | WebhookDelivery]] | None:
        """Return the current webhook with its secrets and next calls; None: nothing to do.

        A delivery in place of a call ended without a call.
        """
        now = datetime.now(UTC)
        hook = delivery_queue.lease(id, self._server)
        if hook is None or not (due := delivery_queue.ready(hook, now, _PREPARED)):
            return None
        try:
            secrets = hooks.secrets_of(hook, now)
        except sealing.Unreadable:
            delivery_queue.turn_off(hook, _UNREADABLE, now)
            return None
        found: list[Call | WebhookDelivery] = []
        octets = 0
        for delivery in due:
            found.append(one := self._prepared(hook, delivery))
            octets += len(one.body) if isinstance(one, Call) else 0
            if octets > _PREPARED_OCTETS or _failed(one):
                break
        return hook, secrets, found

    def _prepared(
        self, hook: Webhook, delivery: WebhookDelivery
    ) -> Call | WebhookDelivery:
        try:
            object = self._object(hook, delivery)
        except Off:
            raise
        # A bug, or an unreadable body or row. If the database fails for all, the try is
        # not counted: it cannot be stored.
        except Exception:
            log.exception("Event %s could not be sent", delivery.event_id)
            result = PostResult(None, _UNMADE, 0)
            delivery_queue.take_result(delivery, result, datetime.now(UTC))
            return delivery
        if object is None:
            delivery.state, delivery.text = "skipped", _DELETED
            delivery.next_try_at = None
            return delivery
        return calls.call(hook, delivery, object, self._base_url)

    def _is_bounce(self, id: UUID) -> bool:
        return self._objects.is_bounce(id)

    def _object(self, hook: Webhook, delivery: WebhookDelivery) -> Shape | None:
        if delivery.event == TEST_EVENT:
            return {"id": str(hook.pk), "name": hook.name}
        assert delivery.object_id is not None
        return self._objects.get(delivery.event, delivery.object_id)

    async def _make(
        self, hook: Webhook, secrets: list[str], prepared: list[Call | WebhookDelivery]
    ) -> int:
        """Make calls one by one, until one fails; store the results.

        Returns the number of calls.
        """
        ended: list[WebhookDelivery] = []
        now = datetime.now(UTC)
        leased_at = self._loop.time()
        for each in prepared:
            if self._stopped.is_set() or self._loop.time() - leased_at > 30:
                break
            if isinstance(each, Call):
                delivery = await self._post(secrets, each)
            else:
                delivery = each
            if self._stopped.is_set() and delivery.code is None and delivery.tries:
                break  # we interrupted it: this is no failure
            ended.append(delivery)
            if _failed(delivery):
                break
        now = datetime.now(UTC)
        await self._in_thread(lambda: delivery_queue.store(hook, ended, now))
        return len(ended)

    async def _post(self, secrets: list[str], call: Call) -> WebhookDelivery:
        """Make a call; return its delivery with the result."""
        delivery, now = call.delivery, datetime.now(UTC)
        headers = {
            "content-type": calls.CONTENT_TYPE,
            "user-agent": f"{MAILSINK}{__version__}",
            **signing.headers(
                secrets, str(delivery.event_id), int(now.timestamp()), call.body
            ),
        }
        result = await self._poster.post(call.url, headers, call.body)
        delivery_queue.take_result(delivery, result, now)
        return delivery


def _failed(prepared: Call | WebhookDelivery) -> bool:
    """Whether a delivery was tried without success, so that later ones wait."""
    return not isinstance(prepared, Call) and prepared.state in ("queued", "failed")
