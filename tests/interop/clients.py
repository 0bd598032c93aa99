"""Real clients run to their end, and what Mailsink's API then tells of them."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import Any

from tests.programs import environment
from tests.running import Mailsink

# As a file of a client that sends octets as they are, and of one that ends lines itself.
MAIL = (
    b"From: Ann <a@example.com>\r\nTo: b@example.com\r\nSubject: Hello\r\n"
    b"\r\n.dots\r\n..\r\nThe end.\r\n"
)
MAIL_TEXT = MAIL.decode().replace("\r\n", "\n")


def run(path: str, *arguments: str, text: str = "", code: int = 0, **env: str) -> str:
    """Run a client, which must end with that exit code; return all it printed.

    text: for its standard input; env: added to its environment.
    """
    done = subprocess.run(
        [path, *arguments],
        env=environment(path) | env,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}"
    return done.stdout


def get(server: Mailsink, path: str) -> Any:
    """Return what API v3 answers."""
    with urllib.request.urlopen(f"{server.url}/api/v3/{path}") as response:
        return json.load(response)


def patch(server: Mailsink, path: str, changes: dict[str, Any]) -> None:
    """Have API v3 change an object."""
    request = urllib.request.Request(
        f"{server.url}/api/v3/{path}",
        json.dumps(changes).encode(),
        {"Content-Type": "application/json"},
        method="PATCH",
    )
    with urllib.request.urlopen(request):
        pass


def raw(server: Mailsink, message: str) -> bytes:
    """Return a message's octets as they came."""
    url = f"{server.url}/api/v3/messages/{message}/raw"
    with urllib.request.urlopen(url) as response:
        octets: bytes = response.read()
        return octets
