"""As many viewers as there may be, each of whom reads and acknowledges: mail goes on."""

from __future__ import annotations

import re
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from mailsink.web.visitors import MOST_LIVE
from tests.attack.test_websockets import SUBSCRIBE, connected, frame
from tests.attack.web import LONGEST, WEBSOCKET, Others, mail, web
from tests.running import Mailsink

_BATCH = re.compile(rb'"type": "batch", "seq": (\d+)')
_MAILS = 20


class Viewers:
    """Clients that take what they are told, and acknowledge it, on a thread."""

    def __init__(self, clients: list[socket.socket]) -> None:
        self.batches = 0
        self._over = threading.Event()
        self._ready = selectors.DefaultSelector()
        for each in clients:
            each.setblocking(False)
            self._ready.register(each, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Viewers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._over.is_set():
            for key, _ in self._ready.select(0.1):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                with suppress(BlockingIOError):
                    for seq in _BATCH.findall(client.recv(64 * 1024)):
                        self.batches += 1
                        client.sendall(frame(b'{"type": "ack", "seq": %s}' % seq))


def test_all_viewers_there_may_be_hold_up_nobody(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    server = start_mailsink()
    mail(server)
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(server)) for _ in range(MOST_LIVE)]
        for each in clients:
            each.sendall(frame(SUBSCRIBE))
            each.sendall(frame(SUBSCRIBE.replace(b"messages", b"sessions")))
        extra = stack.enter_context(socket.create_connection(web(server), timeout=20))
        extra.sendall(WEBSOCKET)
        assert b" 503 " in extra.recv(4096)
        viewers = stack.enter_context(Viewers(clients))
        others = stack.enter_context(Others(server))
        while len(others.waits) < _MAILS or viewers.batches < MOST_LIVE:
            threading.Event().wait(0.05)
    assert max(others.waits) < LONGEST, sorted(others.waits)[-5:]
