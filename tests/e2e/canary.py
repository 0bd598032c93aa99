"""What a mail's HTML must not reach: a server that remembers who asked, and a tap.

The tap stands before Mailsink and remembers each request that passes.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.behind import Nginx
from tests.running import Mailsink

_REQUEST = re.compile(rb"(GET|POST|HEAD|PUT|PATCH|DELETE|OPTIONS) (\S+) HTTP/1\.1\r\n")


class Canary:
    """An HTTP server on loopback: `paths` are those that were asked for."""

    def __enter__(self) -> Self:
        self.paths: list[str] = []
        paths = self.paths

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                paths.append(self.path)
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Tap:
    """Passes connections on to a web server: `requests` are "GET /path"."""

    def __init__(self, url: str) -> None:
        to = urlsplit(url)
        self._to = (to.hostname, to.port)

    def __enter__(self) -> Self:
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._to)
            self._sockets += [client, server]
            for way in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pass, args=way)
                self._threads.append(thread)
                thread.start()

    def _pass(self, source: socket.socket, to: socket.socket, watched: bool) -> None:
        try:
            while octets := source.recv(65536):
                if watched:
                    for method, path in _REQUEST.findall(octets):
                        self.requests.append(f"{method.decode()} {path.decode()}")
                to.sendall(octets)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the other side went first

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()


@contextmanager
def tapped(server: Mailsink) -> Iterator[Tap | Nginx]:
    """Yield what stands before a server: its proxy, which knows what was asked for, or a tap."""
    if server.proxy:
        yield server.proxy
    else:
        with Tap(server.url) as tap:
            yield tap
