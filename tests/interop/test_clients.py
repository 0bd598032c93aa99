"""Real mail clients send to a real server: each message is there, and nothing is amiss."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.programs import environment, program
from tests.running import Mailsink


def get(server: Mailsink, path: str) -> Any:
    with urllib.request.urlopen(f"{server.url}/api/v3/{path}") as response:
        return json.load(response)


def run(path: str, *arguments: str, text: str = "") -> None:
    done = subprocess.run(
        [path, *arguments],
        env=environment(path),
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def last(server: Mailsink) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the latest message, and its session."""
    message = get(server, "messages/latest")
    return message, get(server, f"sessions/{message['session']}")


def is_well(session: dict[str, Any]) -> bool:
    """Whether the client said good-bye and was refused nothing."""
    return session["ending"] == "quit" and session["worst_code"] < 400


@pytest.mark.parametrize("login", ["", "LOGIN", "PLAIN"])
def test_swaks(mailsink: Mailsink, login: str) -> None:
    host, port = mailsink.smtp
    auth = ["--auth", login, "--auth-user", "me", "--auth-password", "x"]
    run(
        program("swaks", "swaks"),
        *("--server", f"{host}:{port}", "--from", "a@example.com"),
        *("--to", "b@example.com", "--header", f"Subject: swaks {login}"),
        *(auth if login else []),
    )
    message, session = last(mailsink)
    assert message["subject"] == f"swaks {login}".strip()
    assert is_well(session)
    mechanism = session["auth"]["mechanism"] if session["auth"] else ""
    assert mechanism == login


def test_curl(mailsink: Mailsink, tmp_path: Path) -> None:
    octets = b"Subject: curl\r\n\r\n.dots\r\n..\r\n\xc3\xa9\r\n"
    (tmp_path / "mail").write_bytes(octets)
    host, port = mailsink.smtp
    run(
        program("curl", "curl"),
        *("--silent", "--show-error", "--url", f"smtp://{host}:{port}/client.example"),
        *("--mail-from", "a@example.com", "--mail-rcpt", "b@example.com"),
        *("--mail-rcpt", "c@example.com", "--upload-file", str(tmp_path / "mail")),
    )
    message, session = last(mailsink)
    assert [one["forward_path"] for one in message["envelope"]["recipients"]] == [
        "b@example.com",
        "c@example.com",
    ]
    url = f"{mailsink.url}/api/v3/messages/{message['id']}/raw"
    with urllib.request.urlopen(url) as response:
        assert response.read() == octets
    assert is_well(session)


@pytest.mark.parametrize("kept_open", [False, True])
def test_postfix_smtp_source(mailsink: Mailsink, kept_open: bool) -> None:
    host, port = mailsink.smtp
    before = len(get(mailsink, "messages?limit=500")["items"])
    run(
        program("smtp-source", "postfix"),
        *("-s", "5", "-m", "50", "-l", "3000", "-f", "a@example.com"),
        *("-t", "b@example.com", *(["-d"] if kept_open else []), f"{host}:{port}"),
    )
    messages = get(mailsink, "messages?limit=500")["items"]
    assert len(messages) - before == 50
    session = get(mailsink, f"sessions/{messages[0]['session']}")
    assert is_well(session)
