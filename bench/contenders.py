"""The servers under test: each is started for one turn, and lists its messages.

A peer that is not available is left out, with a line that gives the reason
(bench/peers.py).
"""

from __future__ import annotations

import json
import os
import smtplib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import peers, source
from bench.cores import SERVER_CORE, on_core
from bench.servers import serving, temporary_folder
from mailsink import __version__
from tests.running import ROOT

_READY_WITHIN = 60.0  # seconds
_STOPS_WITHIN = 30.0  # seconds


class ContenderError(Exception):
    """A server did not start, or does not respond."""


class Contender:
    """A server under test, while it runs.

    adds: fields that it may add before a message
    work_begins_within: seconds after a message in which it may seem to be idle
    smtp: (host, port)
    pid: of its first process
    """

    name = ""
    adds: frozenset[bytes] = frozenset()
    work_begins_within = 0.0

    def __init__(self) -> None:
        self.smtp = ("127.0.0.1", 0)
        self.pid = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it on the server's core with an empty folder, which is removed afterwards."""
        raise NotImplementedError

    def count(self) -> int:
        """Return how many messages it accepted."""
        raise NotImplementedError

    def held(self) -> dict[str, str] | None:
        """Return its ids by Message-ID; None: it has none, or does not list them."""
        return None

    def source(self, id: str) -> bytes:
        """Return a message by its own id, as stored."""
        raise NotImplementedError

    def unfinished(self) -> bool:
        """Whether it reports work that is left to do for a message."""
        return False


class OfMailsink(Contender):
    """Mailsink, retention off; it stores messages as they were sent."""

    name = f"Mailsink {__version__}"
    work_begins_within = 6.0  # every 5 s it looks for messages that its indexer left

    @contextmanager
    def running(self) -> Iterator[None]:
        with serving() as server:
            self.smtp, self.pid = server.smtp, server.process.pid
            self._api = f"{server.url}/api/v3"
            yield

    def count(self) -> int:
        total: int = _json(f"{self._api}/info")["counts"]["messages"]
        return total

    def held(self) -> dict[str, str]:
        found: dict[str, str] = {}
        cursor = ""
        while cursor is not None:
            page = _json(f"{self._api}/messages?limit=500{cursor}")
            found |= {each["message_id"]: each["id"] for each in page["items"]}
            cursor = page["next"] and f"&cursor={page['next']}"
        return found

    def source(self, id: str) -> bytes:
        return _get(f"{self._api}/messages/{id}/raw")

    def unfinished(self) -> bool:
        # They are indexed in the order of arrival.
        newest = _json(f"{self._api}/messages?limit=1")["items"]
        return any(each["snippet"] is None for each in newest)


class _Program(Contender):
    """A program that takes its ports as arguments."""

    def command(self, smtp: int, web: int, folder: Path) -> list[str]:
        """Return its command line. smtp, web: ports of 127.0.0.1 to listen on."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[None]:
        smtp, web = _free_ports(2)
        with temporary_folder() as folder:
            log = folder / "log.txt"
            with on_core(SERVER_CORE), log.open("w") as said:
                process = subprocess.Popen(
                    self.command(smtp, web, folder),
                    cwd=ROOT,
                    env={
                        k: v for k, v in os.environ.items() if not k.startswith("MP_")
                    },
                    stdout=said,
                    stderr=said,
                )
            try:
                self.smtp, self.pid = ("127.0.0.1", smtp), process.pid
                self._url = f"http://127.0.0.1:{web}"
                self._wait_until_ready(process, log)
                yield
            finally:
                _stop(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        until = time.monotonic() + _READY_WITHIN
        while process.poll() is None and time.monotonic() < until:
            try:
                with smtplib.SMTP(*self.smtp, timeout=5):
                    self.count()
                    return
            except (OSError, HTTPException):
                time.sleep(0.05)
        said = log.read_text().strip().splitlines()
        raise ContenderError(f"it did not start: {said[-1] if said else 'no word'}")


class OfPeer(_Program):
    """A program of other people. kept: its storage, if its name does not show it."""

    kept = ""

    def __init__(self, peer: peers.Peer) -> None:
        super().__init__()
        self.name = f"{type(self).__name__} {peer.version}{self.kept}"
        self._path = peer.path


class Mailpit(OfPeer):
    """Mailpit with a database file and its defaults, but it keeps old messages."""

    adds = frozenset({b"Return-Path", b"Received"})
    kept = " `-d`"

    def command(self, smtp: int, web: int, folder: Path) -> list[str]:
        return [
            *(self._path, "-d", str(folder / "mailpit.db"), "--max", "0"),
            *("--smtp", f"127.0.0.1:{smtp}", "--listen", f"127.0.0.1:{web}"),
            "--disable-version-check",
        ]

    def count(self) -> int:
        total: int = _json(f"{self._url}/api/v1/info")["Messages"]
        return total

    def held(self) -> dict[str, str]:
        found = _json(f"{self._url}/api/v1/messages?limit=0")["messages"]
        return {each["MessageID"]: each["ID"] for each in found}

    def source(self, id: str) -> bytes:
        return _get(f"{self._url}/api/v1/message/{id}/raw")


class MailDev(OfPeer):
    """MailDev with a folder for its messages; it removes none."""

    adds = frozenset({b"Received"})

    def command(self, smtp: int, web: int, folder: Path) -> list[str]:
        return [
            *(self._path, "--mail-directory", str(folder), "--max-emails", "0"),
            *("--ip", "127.0.0.1", "--smtp", str(smtp)),
            *("--web-ip", "127.0.0.1", "--web", str(web)),
        ]

    def count(self) -> int:
        return len(_json(f"{self._url}/api/email"))

    def held(self) -> dict[str, str]:
        found = _json(f"{self._url}/api/email")
        return {each["headers"]["message-id"].strip("<>"): each["id"] for each in found}

    def source(self, id: str) -> bytes:
        return _get(f"{self._url}/api/email/{id}/source")


class Inbucket(OfPeer):
    """Inbucket with files; it removes none. It lists no Message-IDs: only counted."""

    def command(self, smtp: int, web: int, folder: Path) -> list[str]:
        settings = {
            "SMTP_ADDR": f"127.0.0.1:{smtp}",
            "WEB_ADDR": f"127.0.0.1:{web}",
            "POP3_ADDR": "127.0.0.1:0",
            "STORAGE_TYPE": "file",
            "STORAGE_PARAMS": f"path:{folder}",
            "STORAGE_MAILBOXMSGCAP": "0",
        }
        return ["env", *(f"INBUCKET_{k}={v}" for k, v in settings.items()), self._path]

    def count(self) -> int:
        mailbox = source.RECIPIENT.partition("@")[0]
        return len(_json(f"{self._url}/api/v1/mailbox/{mailbox}"))


class Bare(_Program):
    """Stock aiosmtpd, whose handler counts messages and discards them."""

    name = f"bare aiosmtpd {version('aiosmtpd')}"

    def command(self, smtp: int, web: int, folder: Path) -> list[str]:
        return [sys.executable, "bench/bare.py", str(smtp)]

    def count(self) -> int:
        with smtplib.SMTP(*self.smtp) as client:
            return int(client.verify("count")[1])


def _free_ports(number: int) -> list[int]:
    """Return free ports; all are bound before the first is released."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:
        octets: bytes = answer.read()
        return octets


def _json(url: str) -> Any:
    return json.loads(_get(url))
