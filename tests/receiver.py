"""A web server that webhooks call: it remembers the calls, and answers as it is asked to."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """A call. headers: by lower-case name"""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[int, Received], "int | bytes"]


class Receiver:
    """answer: returns the code for the n-th call (from 0), or the octets of a response."""

    def __init__(self, answer: Answer = lambda n, call: 204) -> None:
        self.answer = answer
        self.calls: list[Received] = []
        self.url = ""
        self._heard = threading.Condition()

    def until(self, count: int, seconds: float = 120) -> list[Received]:
        """The calls, once there are so many."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.calls) >= count, seconds), (
                f"{len(self.calls)} calls of {count}"
            )
            return list(self.calls)

    def hear(self, call: Received) -> int | bytes:
        with self._heard:
            number = len(self.calls)
            self.calls.append(call)
            self._heard.notify_all()
        return self.answer(number, call)


@contextmanager
def receiving(
    answer: Answer = lambda n, call: 204, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver on a free port of 127.0.0.1. tls: for https"""
    receiver = Receiver(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answered = receiver.hear(Received(self.path, headers, body))
            if isinstance(answered, bytes):
                self.wfile.write(answered)
                self.close_connection = True
                return
            text = b"" if answered == 204 else b"answered"
            self.send_response(answered)
            if answered != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    receiver.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
