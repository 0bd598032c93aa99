"""Clients that send as fast as the server acknowledges, and remember what it did."""

from __future__ import annotations

import random
import socket
import sqlite3
import threading
import zlib
from contextlib import closing
from pathlib import Path


class Acknowledged:
    """What the server has taken responsibility for: the octets by message id."""

    def __init__(self) -> None:
        self.messages: dict[str, bytes] = {}
        self.changed = threading.Condition()

    def add(self, id: str, octets: bytes) -> None:
        with self.changed:
            self.messages[id] = octets
            self.changed.notify_all()

    def wait_for(self, number: int, seconds: float = 120) -> None:
        with self.changed:
            enough = self.changed.wait_for(
                lambda: len(self.messages) >= number, seconds
            )
            assert enough, f"only {len(self.messages)} acknowledged"


def octets(seed: int) -> bytes:
    """Return a message that a careless store would not give back as it was."""
    chance = random.Random(seed)
    lines = [b".%d" % seed, b"..", b"", bytes(chance.choices(range(128, 256), k=40))]
    lines += [b"x" * chance.randrange(200) for _ in range(chance.randrange(60))]
    body = b"\r\n".join([*lines, b"bare\nand\rlone", b"\0"])
    return b"Subject: %d\r\n\r\n%b\r\n" % (seed, body)


class Sender(threading.Thread):
    """One connection that sends message after message until it ends."""

    def __init__(
        self, address: tuple[str, int], acknowledged: Acknowledged, seed: int
    ) -> None:
        super().__init__(daemon=True)
        self.address = address
        self.acknowledged = acknowledged
        self.seed = seed
        self.replies: list[bytes] = []  # that were neither 250 nor 354
        self.enough = False

    def run(self) -> None:
        try:
            with socket.create_connection(self.address, timeout=120) as connection:
                self.lines = connection.makefile("rb")
                self.talk(connection)
        except OSError:
            pass  # the server is gone, as is meant to happen

    def talk(self, connection: socket.socket) -> None:
        self.reply()
        connection.sendall(b"EHLO load.example\r\n")
        self.reply()
        while not self.enough:
            self.seed += 1000
            body = octets(self.seed)
            connection.sendall(
                b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
            )
            self.reply()
            self.reply()
            connection.sendall(b"DATA\r\n")
            if self.reply()[:3] != b"354":
                continue
            stuffed = body.replace(b"\r\n.", b"\r\n..")
            connection.sendall(stuffed + b".\r\n")
            last = self.reply()
            if last[:3] == b"250":
                id = last.split(b"queued as ")[1].split()[0].decode()
                self.acknowledged.add(id, body)
        connection.sendall(b"QUIT\r\n")

    def refuse(self, reply: bytes) -> None:
        with self.acknowledged.changed:
            self.replies.append(reply)
            self.acknowledged.changed.notify_all()

    def reply(self) -> bytes:
        """Return a reply's last line. Raises OSError at the end of the connection."""
        while line := self.lines.readline():
            if line[3:4] != b"-":
                if line[:3] not in (b"220", b"250", b"354"):
                    self.refuse(line)
                return line
        raise ConnectionError("the server closed the connection")


def stored(data: Path) -> dict[str, bytes]:
    """Return the messages in a data folder, as octets by id."""
    with closing(sqlite3.connect(data / "mailsink.sqlite3")) as database:
        rows = database.execute(
            "SELECT m.id, r.codec, r.content FROM inbox_message m "
            "JOIN inbox_raw r ON r.transaction_id = m.transaction_id"
        ).fetchall()
    return {
        f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}": (
            zlib.decompress(content) if codec == "zlib" else content
        )
        for id, codec, content in rows
    }


def assert_stored(acknowledged: Acknowledged, data: Path) -> None:
    """Hold that every acknowledged message is there, byte for byte."""
    found = stored(data)
    missing = [id for id in acknowledged.messages if id not in found]
    assert not missing, f"{len(missing)} of {len(acknowledged.messages)} are lost"
    altered = [
        id for id, octets in acknowledged.messages.items() if found[id] != octets
    ]
    assert not altered
