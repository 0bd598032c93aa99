"""Releases of a running Mailsink: asked for by its API, and waited for."""

from __future__ import annotations

import json
import smtplib
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.running import Mailsink

TO = ["b@example.com", "c@example.com"]
BODY = b"Subject: Hello\r\nFrom: a@example.com\r\n\r\n.dot\r\nlast\r\n"
FINAL = ("delivered", "failed", "cancelled")


def post(server: Mailsink, path: str, **body: object) -> Any:
    """Have API v3 do something; return its answer. Raises HTTPError."""
    request = urllib.request.Request(
        f"{server.direct}/api/v3/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def send(server: Mailsink, body: bytes = BODY) -> None:
    """Have it catch a message to TO."""
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("a@example.com", TO, body)


def raw(server: Mailsink, message: str = "latest") -> bytes:
    """Return the octets of a message."""
    url = f"{server.direct}/api/v3/messages/{message}/raw"
    with urllib.request.urlopen(url) as answer:
        octets: bytes = answer.read()
        return octets


def route(server: Mailsink, address: tuple[str, int], **fields: object) -> None:
    """Add a route "hop" to an address; fields: others than in plain text to example.com."""
    host, port = address
    given = {"name": "hop", "tls": "off", "allow": ["example.com"]}
    post(server, "routes", host=host, port=port, **given | fields)


def until(holds: Callable[[], Any], seconds: float = 150) -> Any:
    """Return what is true in the end."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to that"
        threading.Event().wait(0.05)
    return found


def ended(server: Mailsink, id: str) -> dict[str, Any]:
    """Return a release once it has come to its end."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = server.get(f"releases/{id}")
        return found if found["state"] in FINAL else None

    return until(look)  # type: ignore[no-any-return]


def tried(server: Mailsink, id: str, tries: int) -> dict[str, Any]:
    """Return a release once so many tries have ended, and what follows is stored."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = server.get(f"releases/{id}")
        done = [each for each in found["tries"] if each["ended_at"]]
        settled = found["state"] != "trying"  # it is read before the tries are
        return found if len(done) >= tries and settled else None

    return until(look)  # type: ignore[no-any-return]


def session_of(server: Mailsink, release: dict[str, Any]) -> dict[str, Any]:
    """Return the session of a release's last try, once it is over."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = server.get(
            f"sessions/{release['tries'][-1]['session']}"
        )
        return found if found["closed_at"] else None

    return until(look)  # type: ignore[no-any-return]
