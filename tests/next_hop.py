"""A next hop that takes all mail, remembers what it heard, and can be stopped at a stage."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple

# A session calls NextHop.at with these, before it answers; "taken": after the last 250.
STAGES = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "end", "taken")


class TakenMail(NamedTuple):
    """A message that arrived whole, whether Mailsink heard our reply to it or not."""

    reverse_path: str
    forward_paths: tuple[str, ...]  # as they were written, without parameters
    content: bytes  # dots as they were


class NextHop:
    """A server on a free port of 127.0.0.1; a thread for each session.

    mails: what arrived; recipients: of every RCPT that came, its argument
    """

    def __init__(self, *extensions: str) -> None:
        self.mails: list[TakenMail] = []
        self.recipients: list[str] = []
        self.at: Callable[[str], object] = _go_on
        self.extensions = extensions
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.hop = self

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._server.server_address[:2]
        return str(host), port

    def take_over(self, connection: socket.socket) -> None:
        """Be the server on a connection that somebody else opened, to its end."""
        with connection.makefile("rb") as rfile, connection.makefile("wb", 0) as wfile:
            _Conversation(self, rfile, wfile).hold()

    def serve(self) -> None:
        """Take sessions until close()."""
        self._server.serve_forever(0.05)

    def close(self) -> None:
        """Take no more sessions."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def next_hop(*extensions: str) -> Iterator[NextHop]:
    """Run a next hop that offers extensions."""
    hop = NextHop(*extensions)
    threading.Thread(target=hop.serve, daemon=True).start()
    try:
        yield hop
    finally:
        hop.close()


def _go_on(stage: str) -> None:
    """Stop nothing."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 50
    hop: NextHop


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        _Conversation(self.server.hop, self.rfile, self.wfile).hold()


class _Conversation:
    """A session from the greeting on."""

    def __init__(self, hop: NextHop, rfile: IO[bytes], wfile: IO[bytes]) -> None:
        self._hop = hop
        self._rfile = rfile
        self._wfile = wfile
        self._reverse_path = ""
        self._accepted: list[str] = []

    def hold(self) -> None:
        """Answer until Mailsink goes away."""
        with suppress(OSError):  # Mailsink went away
            self._hop.at("connect")
            self._say("220 hop.test ESMTP")
            while line := self._rfile.readline():
                if not self._answer(line.decode().rstrip("\r\n")):
                    break

    def _say(self, *lines: str) -> None:
        self._wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _answer(self, line: str) -> bool:
        """Answer a command; return whether the session goes on."""
        verb = line[:4].upper()
        if verb == "RCPT":
            self._hop.recipients.append(line)
        if verb in STAGES:
            self._hop.at(verb)
        if verb == "EHLO":
            lines = ["hop.test", *self._hop.extensions]
            self._say(*(f"250-{each}" for each in lines[:-1]), f"250 {lines[-1]}")
        elif verb == "DATA":
            self._take()
        elif verb == "QUIT":
            self._say("221 Bye")
        else:
            if verb == "MAIL":
                self._reverse_path, self._accepted = _path(line), []
            elif verb == "RCPT":
                self._accepted.append(_path(line))
            self._say("250 Ok")
        return verb != "QUIT"

    def _take(self) -> None:
        self._say("354 Go on")
        lines = []
        while (line := self._rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
            if len(lines) == 1:
                self._hop.at("body")
        if line:
            content = b"".join(lines)
            mail = TakenMail(self._reverse_path, tuple(self._accepted), content)
            self._hop.mails.append(mail)
            self._hop.at("end")
            self._say("250 2.0.0 Taken")
            self._hop.at("taken")


def _path(line: str) -> str:
    """Return the path of MAIL or RCPT without its brackets."""
    return line[line.index("<") + 1 : line.rindex(">")]
