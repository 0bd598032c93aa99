"""Runs the process: one asyncio loop for SMTP and the web, signals, start and drain.

Importing this module creates the event loop.

Servers get bound sockets, so that no bind can fail after the start.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Protocol

from daphne.server import twisted_loop as loop  # installs the asyncio reactor
from twisted.internet import defer
from twisted.internet import reactor as _reactor
from twisted.internet.error import ReactorNotRunning
from twisted.python.failure import Failure

from mailsink.descriptors import Descriptors
from mailsink.server.connections import Web
from mailsink.server.https_ports import HttpsPorts
from mailsink.web.callers import wrong_port
from mailsink.web.guard import Guard
from mailsink.web.visitors import Visitors

log = logging.getLogger(__name__)
reactor: Any = _reactor  # a module for mypy, since its kind is chosen at run time

GRACE = 5.0  # seconds for sessions and requests under way at a shutdown


class ListeningServer(Protocol):
    """A server with its own socket."""

    @property
    def address(self) -> str:
        """The address that it is bound to: "127.0.0.1:1025"."""

    async def open(self) -> None:
        """Start to accept connections."""

    async def drain(self, grace: float) -> None:
        """Accept no more; let work under way end within grace seconds."""


class BackgroundWork(Protocol):
    """Work that runs next to the servers."""

    def start(self) -> None:
        """Begin. Called on the running loop."""

    async def stop(self) -> None:
        """Finish the work that was begun."""


def run(
    app: Guard,
    web_sockets: Sequence[socket.socket],
    listeners: Sequence[ListeningServer],
    background: Sequence[BackgroundWork],
    ready: Callable[[], None],
    descriptors: Descriptors,
    visitors: Visitors,
    https: HttpsPorts | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the process's exit code.

    app is an ASGI application that judges a request by its head. ready is called once
    all servers accept connections. Background work starts first and stops last, so that
    everything is recorded. web_sockets: for plain HTTP. visitors: the connections to
    the web, none yet.
    """
    smtp = [each.address for each in listeners]
    web = Web(app, web_sockets, wrong_port(smtp), descriptors, visitors, https)
    code = 0

    async def start() -> None:
        for each in background:
            each.start()
        for listener in listeners:
            await listener.open()
        web.open()
        ready()

    async def stop() -> None:
        async with AsyncExitStack() as last:  # stops all, in reverse order
            for each in background:
                last.push_async_callback(each.stop)
            await asyncio.gather(
                web.drain(GRACE), *(one.drain(GRACE) for one in listeners)
            )

    def failed(failure: Failure) -> None:
        nonlocal code
        code = 1
        log.critical("%s", failure.getErrorMessage(), exc_info=failure.value)
        with suppress(ReactorNotRunning):
            reactor.stop()

    reactor.callWhenRunning(lambda: _deferred(start()).addErrback(failed))
    reactor.addSystemEventTrigger(
        "before", "shutdown", lambda: _deferred(stop()).addErrback(failed)
    )
    _hand_over_interrupts()
    web.run()
    return code


def _hand_over_interrupts() -> None:
    """Let the reactor handle Control-C, which until now has aborted the start.

    This replaces only Python's default handler.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _deferred(work: Coroutine[Any, Any, None]) -> defer.Deferred[None]:
    return defer.Deferred.fromFuture(asyncio.ensure_future(work, loop=loop))
