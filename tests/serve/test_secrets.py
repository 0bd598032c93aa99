"""No password that a client ever sent is on a page, in an answer, a log or a file."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.running import Mailsink
from tests.smtp.ways import WAYS, traces

_PAGES = (
    "/sessions/{id}",
    "/sessions/{id}/case",
    "/sessions/{id}/replay",
    "/sessions/{id}/exchanges/2",
    "/api/v3/sessions/{id}",
    "/api/v3/sessions/{id}/exchanges.txt",
)


def _send(mailsink: Mailsink, lines: list[bytes]) -> None:
    with socket.create_connection(mailsink.smtp, timeout=120) as wire:
        replies = wire.makefile("rb")
        replies.readline()
        for line in [*lines, b"QUIT"]:
            wire.sendall(line + b"\r\n")
            while (reply := replies.readline())[3:4] == b"-":
                pass
            if not reply:
                return


def _all_sessions(mailsink: Mailsink) -> list[dict[str, Any]]:
    """Return the sessions, once the last is committed: a moment after its QUIT."""
    deadline = time.monotonic() + 120
    while True:
        sessions: list[dict[str, Any]] = mailsink.get("sessions?limit=500")["items"]
        if len(sessions) == len(WAYS):
            return sessions
        assert time.monotonic() < deadline, f"{len(sessions)} of {len(WAYS)}"


def _answers(mailsink: Mailsink, step: int) -> Iterator[tuple[str, str]]:
    """Yield the lists, and of each session every page that is a step further."""
    sessions = _all_sessions(mailsink)
    paths = ["/sessions", "/sessions/rows", "/api/v3/sessions?limit=500"]
    for at, each in enumerate(sessions):
        paths += [path.format(id=each["id"]) for path in _PAGES[at % step :: step]]
    for path in paths:
        with urllib.request.urlopen(mailsink.url + path) as answer:
            yield path, answer.read().decode()


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # it is not kept
            if path.is_file():
                yield path.name, path.read_bytes().decode("latin-1")


def _given_away(texts: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Return where the secret stands, and how."""
    return {where: found for where, text in texts if (found := traces(text))}


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
def test_no_password_is_kept(
    start_mailsink: Callable[..., Mailsink], step: int
) -> None:
    mailsink = start_mailsink(SMTP_AUTH="robin:another")
    for lines in WAYS.values():
        _send(mailsink, lines)
    assert _given_away(_answers(mailsink, step)) == {}
    assert _given_away(_files(mailsink.data)) == {}
    mailsink.stop()
    assert _given_away(_files(mailsink.data)) == {}
