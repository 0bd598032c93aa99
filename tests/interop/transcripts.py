"""What real clients said to Mailsink, held to transcripts/NAME.txt.

    TRANSCRIPTS=write make interop

writes them again instead: read what `git diff` then shows before you keep it. They hold
for the clients of Debian 12. Secrets are masked by Mailsink, as everywhere.
"""

from __future__ import annotations

import difflib
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailsink import __version__
from tests.interop.clients import get
from tests.running import Mailsink

_FOLDER = Path(__file__).parent / "transcripts"
_PATIENCE = 120.0  # seconds
_HOW = "If that is well: TRANSCRIPTS=write make interop"

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_HOST = "|".join(map(re.escape, {socket.gethostname(), socket.getfqdn()}))

# What differs from run to run, from machine to machine, or with a Date: of the day.
_VARIES = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (_ID, "<id>"),
        (r"\(why: \S+\)", "(why: <link>)"),
        (r"((?:127\.0\.0\.\d|localhost|\[::1\]):)\d+", r"\1<port>"),
        (r"(?i)\b(SIZE=)\d+", r"\1<octets>"),
        (r"^(C: BDAT )[1-9]\d*", r"\1<octets>"),
        (r"\b\d+ (octets|in all)", r"<octets> \1"),
        (r"^(S: 334 )(?:PD|cj)\S+", r"\1<challenge>"),  # of CRAM-MD5, of SCRAM
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>"),
        (r"(handshake took )[\d.]+", r"\1<time>"),
        (r"(Up for )\d+", r"\1<seconds>"),
        (rf"(Mailsink ){re.escape(__version__)}", r"\1<version>"),
        (rf"(?i)^(C: (?:EHLO|HELO|LHLO) )(?:{_HOST})$", r"\1<host>"),
        (rf"(greets )(?:{_HOST})$", r"\1<host>"),
    )
]

_UNCHECKED = "Strict mode did not check"  # on a machine that was busy
# Whether octets, or their end, came before a reply went is a matter of packets and luck.
_BY_LUCK = {"half_close", "pipelined"}


class Wire:
    """The sessions of a Mailsink from now on."""

    def __init__(self, server: Mailsink) -> None:
        self.server = server
        self._before = next((one["id"] for one in self._listed()), "")

    def _listed(self) -> list[dict[str, Any]]:
        sessions: list[dict[str, Any]] = get(self.server, "sessions?limit=100")["items"]
        return sessions

    def sessions(self, count: int = 1) -> list[dict[str, Any]]:
        """Return the sessions, oldest first, once all have ended and count are there."""
        until = time.monotonic() + _PATIENCE
        while True:
            new = [one for one in self._listed() if one["id"] > self._before]
            if len(new) >= count and all(one["closed_at"] for one in new):
                break
            assert time.monotonic() < until, f"these sessions do not end: {new}"
        new.sort(key=lambda one: str(one["id"]))
        return [get(self.server, f"sessions/{one['id']}") for one in new]

    def message(self) -> dict[str, Any]:
        """Return the last message of the last session."""
        session = self.sessions()[-1]
        # A report on it may have come since.
        found = get(self.server, f"messages?q=session:{session['id']}")["items"]
        assert found, "the session brought no message"
        stored: dict[str, Any] = get(self.server, f"messages/{found[0]['id']}")
        return stored

    def matches(self, name: str, count: int = 1) -> None:
        """Hold count sessions to the transcript of that name, or write it."""
        told = "\n".join(transcript(one) for one in self.sessions(count))
        path = _FOLDER / f"{name}.txt"
        if os.environ.get("TRANSCRIPTS") == "write":
            path.write_text(told)
        kept = path.read_text() if path.exists() else ""
        differences = difflib.unified_diff(
            kept.splitlines(), told.splitlines(), path.name, "now", lineterm=""
        )
        assert told == kept, "\n".join([*differences, _HOW])


def transcript(session: dict[str, Any]) -> str:
    """Return a session of API v3 as text, without what differs from run to run."""
    lines = [_headline(session)]
    for exchange in session["exchanges"]:
        lines += _lines(exchange)
    return "".join(f"{_steady(line)}\n" for line in lines)


def _headline(session: dict[str, Any]) -> str:
    tls, auth = session["tls"], session["auth"]
    parts = [
        session["protocol"],
        tls and tls["version"],
        tls and tls["sni"] and f"for {tls['sni']}",
        auth and f"{auth['mechanism']} by {auth['username']!r}",
        f"{session['messages']} stored",
        f"ended by {session['ending']}",
    ]
    return f"== {', '.join(part for part in parts if part)} =="


def _lines(exchange: dict[str, Any]) -> Iterator[str]:
    kind, line = exchange["kind"], exchange["line"]
    if line.startswith(_UNCHECKED):
        return
    if kind in ("command", "auth", "chunk"):
        yield f"C: {line}"
    elif kind == "body":
        yield "C: (the message)"
    elif kind != "connect":
        yield f"({kind}) {line}"
    if flags := sorted(set(exchange["flags"]) - _BY_LUCK):
        yield f"   [{' '.join(flags)}]"
    for reply in exchange["reply"]:
        yield f"S: {reply}"


def _steady(line: str) -> str:
    for pattern, instead in _VARIES:
        line = pattern.sub(instead, line)
    return line
