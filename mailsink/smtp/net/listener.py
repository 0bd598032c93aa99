"""A listening socket, its sessions, and the orderly end of both."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from aiosmtpd.smtp import SMTP

from mailsink import __version__
from mailsink.accepting import Acceptor
from mailsink.descriptors import Descriptors
from mailsink.ports import Authenticator, HeldMail, Policy, Recorder
from mailsink.smtp.commands.nothing_held import NothingHeld
from mailsink.smtp.commands.sasl.accept_all import AcceptAll
from mailsink.smtp.net.admission import Admission
from mailsink.smtp.net.connection import Connection
from mailsink.smtp.net.passes import Passes
from mailsink.smtp.net.turns import Turns
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

_ROOM_FOR = 1.0  # seconds for which a measured room on the disk is used
_LAST_EFFECTS = 1.0  # seconds for effects that are under way when the grace ends


class Listener:
    """Serves SMTP on a bound socket, in the running loop, from open() to drain()."""

    def __init__(
        self,
        sock: socket.socket,
        profile: Profile,
        recorder: Recorder,
        policy: Policy,
        authenticator: Authenticator | None = None,
        admission: Admission | None = None,
        descriptors: Descriptors | None = None,
        passes: Passes | None = None,
        held_mail: HeldMail | None = None,
    ) -> None:
        """Take a bound socket; without an authenticator, any credentials are accepted.

        Listeners with the same admission share the limits on connections. Listeners
        with the same passes share the time of each pass: all listeners of a loop
        should.
        """
        self.profile = profile
        self.recorder = recorder
        self.policy = policy
        self.authenticator = authenticator or AcceptAll()
        self.held_mail = held_mail or NothingHeld()
        self.address = _address(sock)  # "127.0.0.1:1025", "[::1]:1025"
        self.prototype: dict[str, object] = {}
        self.turns = Turns()
        self.passes = passes or Passes()
        [sorry] = replies.TOO_MANY_CONNECTIONS.lines()
        self._acceptor = Acceptor(
            sock, self._accept, f"{sorry}\r\n".encode(), descriptors
        )
        self._coming: set[asyncio.Task[object]] = set()
        self._clients: dict[Connection, str | None] = {}  # addresses; None: unknown yet
        self._admission = admission or Admission()
        self._opened_at = 0.0
        self._draining = False
        self._room, self._room_until = 0, 0.0
        self._empty = asyncio.Event()

    async def open(self) -> None:
        """Start to accept connections."""
        loop = asyncio.get_running_loop()
        self.prototype = vars(SMTP(None, hostname=self.profile.hostname, loop=loop))
        self._opened_at = time.monotonic()
        self._loop = loop
        self._acceptor.open()

    async def drain(self, grace: float) -> None:
        """Accept no more connections, and end the sessions with 421.

        Idle sessions end at once, busy ones within the grace, in seconds. Returns when
        all have ended, a little after the grace at the latest.
        """
        self._draining = True
        self._acceptor.close()
        for connection in list(self._clients):
            connection.machine.drain()
            connection.wake()
        if await self._emptied(grace):
            return
        for connection in list(self._clients):
            connection.machine.stop()
            connection.wake()
        if not await self._emptied(_LAST_EFFECTS):
            for connection in list(self._clients):
                connection.abort()

    def _accept(self, client: socket.socket) -> None:
        connecting = self._loop.connect_accepted_socket(
            lambda: Connection(self), client
        )
        task = self._loop.create_task(connecting)
        self._coming.add(task)  # a loop keeps only weak references to its tasks
        task.add_done_callback(self._coming.discard)

    async def _emptied(self, seconds: float) -> bool:
        """Whether all sessions ended in time."""
        self._empty.clear()
        if self._clients:
            try:
                await asyncio.wait_for(self._empty.wait(), seconds)
            except TimeoutError:
                return False
        return True

    # Server, as a connection sees it

    def status(self) -> Sequence[str]:
        """Return the lines of HELP STATUS."""
        return (
            f"Mailsink {__version__} on {self.address}",
            f"Up for {int(time.monotonic() - self._opened_at)} seconds",
            f"Open sessions: {len(self._clients)}",
        )

    def room(self) -> int:
        """Return how many octets the disk can take; measured once a second."""
        now = time.monotonic()
        if now >= self._room_until:
            self._room_until = now + _ROOM_FOR
            self._room = _free(self.profile.spool_dir)
        return self._room

    def connected(self, connection: Connection) -> None:
        """Count a new connection, whose client is not known yet."""
        self._clients[connection] = None
        self._admission.connected()

    def admit(self, connection: Connection, client: str) -> Reply | None:
        """Count a connection for its client.

        Return the refusal if a limit is exceeded.
        """
        self._clients[connection] = client
        refusal = self._admission.admit(connection, client, self.profile)
        if self._draining:
            return replies.SHUTTING_DOWN
        if self.recorder.congested:
            return replies.CONGESTED
        return refusal

    def disconnected(self, connection: Connection) -> None:
        """Forget a connection: its session has ended."""
        self._admission.disconnected(connection, self._clients.pop(connection))
        if not self._clients:
            self._empty.set()


def _free(folder: Path) -> int:
    """Return how many octets a folder's disk can take; no limit for a missing folder.

    The recorder refuses a message that it cannot store, with the reason.
    """
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return sys.maxsize


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
