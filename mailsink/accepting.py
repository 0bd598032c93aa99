"""Accepts the connections of a listening socket, on the running loop.

When descriptors run out, new clients are refused with the reason: asyncio and Twisted
would retry without end, and log each attempt.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from mailsink.descriptors import Descriptors

_BACKLOG = 512
_AT_ONCE = 32  # connections accepted before other work of the loop
_REST = 1.0  # seconds to wait without any descriptor
_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# The client has already left (accept(2): these errors come from the network).
_GONE = (
    errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN, errno.ENOPROTOOPT,
    errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EOPNOTSUPP, errno.ENETUNREACH, errno.EPERM,
)  # fmt: skip


class Acceptor:
    """Passes each connection to `take`, or sends `sorry` if there are too many."""

    def __init__(
        self,
        sock: socket.socket,
        take: Callable[[socket.socket], None],
        sorry: bytes,
        descriptors: Descriptors | None = None,
        top: int | None = None,
    ) -> None:
        """Take a bound socket; without descriptors only the system's limit holds.

        A connection is refused if its descriptor would be `top` or more. The default of
        `top` is that of the shares.
        """
        self._socket = sock
        self._take = take
        self._sorry = sorry
        self._descriptors = descriptors or Descriptors(1 << 20)
        self._top = top or self._descriptors.shares.top
        self._spare = -1  # freed for a new client when there is no other
        self._rest: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Start to accept connections. Call on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        self._socket.listen(_BACKLOG)
        self._keep_spare()
        self._watch()

    def close(self) -> None:
        """Accept no more, and close the socket."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._rest is not None:
            self._rest.cancel()
        self._give_up_spare()

    def _watch(self) -> None:
        self._rest = None
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                client, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NONE_LEFT:
                    self._none_left()
                elif error.errno not in _GONE:
                    raise
                return
            if self._is_beyond(client):
                self._turn_away(client)
            else:
                client.setblocking(False)
                self._take(client)

    def _is_beyond(self, client: socket.socket) -> bool:
        """Whether there are too many: a copy gets the lowest free number.

        The client's own number shows less: Twisted makes a copy and closes the
        original, which leaves the same number free for the next client.
        """
        try:
            number = os.dup(client.fileno())
        except OSError:
            return True
        os.close(number)
        return number >= self._top

    def _none_left(self) -> None:
        """Refuse one client with the spare descriptor; without one, wait."""
        self._give_up_spare()
        try:
            client, _address = self._socket.accept()
        except OSError:
            self._descriptors.turned_away()
            self._loop.remove_reader(self._socket)
            self._rest = self._loop.call_later(_REST, self._watch)
        else:
            self._turn_away(client)
        self._keep_spare()

    def _turn_away(self, client: socket.socket) -> None:
        self._descriptors.turned_away()
        with client, suppress(OSError):
            client.setblocking(False)
            client.send(self._sorry)
            client.shutdown(socket.SHUT_WR)
            client.recv(64 * 1024)  # unread octets would reset and lose the answer

    def _keep_spare(self) -> None:
        if self._spare < 0:
            with suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _give_up_spare(self) -> None:
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1
