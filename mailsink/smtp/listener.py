"""A listening socket and the sessions that came by it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Collection, Sequence

from aiosmtpd.smtp import SMTP

from mailsink import __version__
from mailsink.ports import Authenticator, Policy, Recorder, Stage
from mailsink.smtp.profile import Profile
from mailsink.smtp.replies import Reply
from mailsink.smtp.server import Connection


class Listener:
    """Serves SMTP on a bound socket, in the running loop, from open() to drain()."""

    def __init__(
        self,
        sock: socket.socket,
        profile: Profile,
        recorder: Recorder,
        policy: Policy,
        authenticator: Authenticator | None = None,
    ) -> None:
        """Take a bound socket; without an authenticator any credentials are good."""
        self.profile = profile
        self.recorder = recorder
        self.policy = policy
        self.authenticator = authenticator
        self.address = _address(sock)
        self.prototype: dict[str, object] = {}
        self._socket = sock
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._by_client: Counter[str] = Counter()
        self._opened_at = 0.0

    async def open(self) -> None:
        """Start to accept connections."""
        loop = asyncio.get_running_loop()
        self.prototype = vars(SMTP(None, hostname=self.profile.hostname, loop=loop))
        self._opened_at = time.monotonic()
        self._server = await loop.create_server(
            lambda: Connection(self), sock=self._socket, backlog=512
        )

    def stages(self) -> Collection[Stage]:
        return self.policy.stages

    def status(self) -> Sequence[str]:
        uptime = int(time.monotonic() - self._opened_at)
        return (
            f"Mailsink {__version__} on {self.address}",
            f"Up for {uptime} seconds",
            f"Open sessions: {len(self._connections)}",
        )

    def admit(self, connection: Connection, client: str) -> Reply | None:
        """Count a new connection; return the refusal if it is one too many."""
        self._connections.add(connection)
        return None

    def forget(self, connection: Connection) -> None:
        """The session of a connection has ended."""
        self._connections.discard(connection)


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
