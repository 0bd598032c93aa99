"""A client that says what it is told, line by line, and then sits there."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self


class Wire:
    """A raw SMTP client."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=120)
        self._file = self._socket.makefile("rb")
        self.greeting = self.reply()

    def say(self, line: str) -> str:
        """Send a line; return the reply to it."""
        self.send(f"{line}\r\n".encode())
        return self.reply()

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def reply(self) -> str:
        """Return the next reply, its lines joined by LF."""
        lines = []
        while line := self._file.readline().decode().rstrip("\r\n"):
            lines.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def begin_message(self, sender: str = "a@shop.test") -> None:
        """Get as far as the 354."""
        for line in (f"MAIL FROM:<{sender}>", "RCPT TO:<ann@example.com>", "DATA"):
            self.say(line)

    def drop(self) -> None:
        """Close the connection without a word."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()
