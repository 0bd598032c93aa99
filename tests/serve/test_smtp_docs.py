"""The transcripts in docs/smtp.md, held to what a real server says.

    TRANSCRIPTS=write python -m pytest tests/serve/test_smtp_docs.py

writes the replies again. A block ```smtp NAME=value … LISTENER holds a session: its
variables (without MAILSINK_), and the listener where it is not SMTP. A block ```json
before it is what the default inbox is given by PATCH. `C: (TLS)` begins TLS, and `S: …`
stands for lines that are left out, `\\n` for a bare LF.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.running import ROOT, Mailsink

DOCS = ROOT / "docs" / "smtp.md"
_BLOCK = re.compile(
    r"(?:```json\n(?P<inbox>[^`]+)```\n\n(?:[^`]+\n\n)?)?"
    r"```smtp(?P<how>[^\n]*)\n(?P<text>.*?)```",
    re.DOTALL,
)
_LISTENERS = {"SMTP", "SMTPS", "LMTP", "Submission"}
_PATIENCE = 120.0  # seconds

# What differs from run to run, as the documentation has it instead.
_VARIES = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
         "01a2a94c-7d10-7b52-8e6f-2c1d0e9f8a7b"),
        (r"/s/[0-9a-z]{12}-", "/s/1m52mkfm47pt-"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2027-01-01T00:00:00Z"),
        (r"(Up for )\d+", r"\g<1>42"),
        (r"(Mailsink )\d+\.\d+\.\d+", r"\g<1>1.0.0"),
        (r"(on 127\.0\.0\.1:)\d+", r"\g<1>1025"),
    )
]  # fmt: skip


@dataclass
class Block:
    """A session of the page."""

    name: str
    text: str
    listener: str = "SMTP"
    variables: dict[str, str] = field(default_factory=dict)
    inbox: str = ""


def blocks() -> Iterator[Block]:
    page = DOCS.read_text()
    for found in _BLOCK.finditer(page):
        heading = re.findall(r"^#+ (.+)$", page[: found.start()], re.MULTILINE)[-1]
        block = Block(heading, found["text"], inbox=found["inbox"] or "")
        for word in found["how"].split():
            name, given, value = word.partition("=")
            if given:
                block.variables[name] = value
            else:
                block.listener = name
        yield block


class Talk:
    """A client that says what a block has it say."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=_PATIENCE)

    def say(self, lines: list[str]) -> None:
        if lines[0] == "(TLS)":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
            lines = lines[1:]
        text = "".join(f"{line}\r\n" for line in lines)
        self.socket.sendall(text.replace("\\n", "\n").encode())

    def hear(self, replies: int) -> list[str]:
        """Return the lines of so many replies; of all that come soon, where it is 0."""
        heard = b""
        self.socket.settimeout(_PATIENCE if replies else 0.5)
        while not replies or len(_last_lines(heard)) < replies:
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                assert not replies, f"only this was heard: {heard!r}"
                break
            if not piece:
                break
            heard += piece
        return heard.decode().splitlines()


def _last_lines(heard: bytes) -> list[bytes]:
    return re.findall(rb"^\d{3}(?: .*)?\r\n", heard, re.MULTILINE)


def _turns(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield who speaks, and the lines."""
    who, lines = "", []
    for line in text.splitlines():
        if line[:2] != who and lines:
            yield who, lines
            lines = []
        who = line[:2]
        lines.append(line[3:])
    yield who, lines


def play(block: Block, address: tuple[str, int], writing: bool) -> str:
    """Say the client's lines; return the session as it went."""
    talk = Talk(address)
    told: list[str] = []
    for who, lines in _turns(block.text):
        if who == "C:":
            talk.say(lines)
        else:
            replies = sum(line[3:4] not in ("-", "") for line in lines) or 1
            heard = [_steady(line) for line in talk.hear(0 if writing else replies)]
            lines = lines if _fits(heard, lines) else heard
        told += [f"{who} {line}".rstrip() for line in lines]
    talk.socket.close()
    return "".join(f"{line}\n" for line in told)


def _fits(heard: list[str], lines: list[str]) -> bool:
    """Whether lines, some left out, tell what was heard."""
    pattern = "".join(
        "(.+\n)*?" if line == "…" else re.escape(f"{line}\n") for line in lines
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in heard)) is not None


def _steady(line: str) -> str:
    for pattern, instead in _VARIES:
        line = pattern.sub(instead, line)
    return line


@pytest.fixture(scope="module")
def server_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Block], Mailsink]]:
    """Servers by their settings, each started once."""
    running: dict[str, Mailsink] = {}

    def give(block: Block) -> Mailsink:
        key = f"{block.listener} {sorted(block.variables.items())}"
        if key not in running:
            variables = {
                "HOSTNAME": "mail.example",
                "PUBLIC_URL": "http://127.0.0.1:8025",
                **block.variables,
            }
            if block.listener != "SMTP":
                variables[block.listener.upper()] = "127.0.0.1:0"
            running[key] = Mailsink(tmp_path_factory.mktemp("docs"), **variables)
        return running[key]

    yield give
    for each in running.values():
        each.stop()


_NOTHING = {"known_only": False, "quota_octets": 0, "paused": False, "addresses": []}


def configure(server: Mailsink, inbox: str) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v3/inboxes/default",
        json.dumps({**_NOTHING, **json.loads(inbox or "{}")}).encode(),
        {"Content-Type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request).close()


@pytest.mark.parametrize("block", [*blocks()], ids=lambda block: block.name)
def test_session_goes_as_documented(
    block: Block, server_for: Callable[[Block], Mailsink]
) -> None:
    server = server_for(block)
    configure(server, block.inbox)
    assert block.listener in _LISTENERS
    address = server.address(block.listener)
    writing = os.environ.get("TRANSCRIPTS") == "write"
    told = play(block, address, writing)
    if writing:
        DOCS.write_text(DOCS.read_text().replace(block.text, told))
    else:
        assert told == block.text
