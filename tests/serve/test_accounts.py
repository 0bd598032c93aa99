"""Accounts of a running server: what a public address needs, and `mailsink setup`."""

from __future__ import annotations

import json
import os
import re
import smtplib
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.running import Mailsink, finished, set_up

Start = Callable[..., Mailsink]
PASSWORD = "correct horse 42"


def _setup(data: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    environ = {**os.environ, "MAILSINK_DATA": str(data), **variables}
    done = finished(["-m", "mailsink", "setup", *arguments], environ)
    return done.returncode, (done.stdout + done.stderr).decode()


def _status(url: str, **form: str) -> int:
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data), timeout=120
        ) as got:
            return int(got.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


def test_another_process_makes_the_first_administrator_of_a_running_server(
    start_mailsink: Start, tmp_path: Path
) -> None:
    server = start_mailsink()
    api = f"{server.url}/api/v3"
    assert _status(f"{api}/messages") == 200
    data = tmp_path / "data"
    assert _setup(data, "--name", "ann", MAILSINK_SETUP_PASSWORD="short")[0] == 1
    code, words = _setup(data, "--name", "ann", MAILSINK_SETUP_PASSWORD=PASSWORD)
    assert code == 0, words
    assert "ann is an administrator" in words
    assert PASSWORD not in words
    for path in ("messages", "messages/wait?timeout=0", "events", "docs"):
        until_refused(f"{api}/{path}")
    assert _status(f"{server.url}/health/ready") == 200
    jar = urllib.request.HTTPCookieProcessor()
    browser = urllib.request.build_opener(jar)
    form = urllib.parse.urlencode({"name": "ann", "password": PASSWORD}).encode()
    with browser.open(f"{server.url}/login", form) as page:
        assert page.url == f"{server.url}/"
    for path in ("messages", "messages?limit=1"):
        with browser.open(f"{api}/{path}") as answer:
            assert json.load(answer)["items"] == []
    with pytest.raises(urllib.error.HTTPError) as late:
        browser.open(f"{api}/messages/wait?timeout=0")
    assert late.value.code == 408
    late.value.close()


def until_refused(url: str) -> None:
    """See that a server refuses, once it has looked whether there are accounts."""
    while (status := _status(url)) != 401:
        assert status in (200, 408)


def test_a_public_address_needs_accounts_or_a_word(
    start_mailsink: Start, tmp_path: Path
) -> None:
    set_up(tmp_path / "data")
    flags = ("--smtp", "0.0.0.0:0", "--http", "127.0.0.1:0")
    refused = subprocess.run(
        [sys.executable, "manage.py", "serve", *flags],
        env={**os.environ, "MAILSINK_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("mailsink: 0.0.0.0:")
    assert "`mailsink setup`" in refused.stderr
    assert refused.stderr.count("\n") == 1
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    code, words = _setup(
        tmp_path / "data", "--password-file", str(secret), "--name=root"
    )
    assert code == 0, words
    server = start_mailsink(*flags)
    assert not server.address("Setup")[1]
    assert server.stderr == ""


def test_the_link_of_the_first_visit(start_mailsink: Start) -> None:
    flags = ("--smtp", "127.0.0.1:0", "--http", "0.0.0.0:0")
    server = start_mailsink(*flags, INSECURE="yes")
    assert server.stderr == ""
    found = re.search(
        r"^Setup (http://127\.0\.0\.1:\d+/setup/\S{32})$", "\n".join(server.lines), re.M
    )
    assert found, server.stdout
    link = found[1]
    page = urllib.request.urlopen(link.partition("/setup/")[0]).read().decode()
    assert "There are no accounts" in page
    assert _status(f"{link}x") == 404
    assert _status(link, name="root", password=PASSWORD) == 200  # the login
    assert _status(link) == 404
    assert _status(f"{server.url}/api/v3/messages") == 401


def test_a_running_server_notes_what_its_users_read(
    start_mailsink: Start, tmp_path: Path
) -> None:
    server = start_mailsink()
    with smtplib.SMTP(*server.smtp, timeout=120) as client:
        client.sendmail("a@shop.test", ["b@example.com"], "Subject: x\r\n\r\nHi")
    _setup(tmp_path / "data", "--name", "ann", MAILSINK_SETUP_PASSWORD=PASSWORD)
    api = f"{server.url}/api/v3"
    until_refused(f"{api}/messages")
    jar = urllib.request.HTTPCookieProcessor()
    browser = urllib.request.build_opener(jar)
    form = urllib.parse.urlencode({"name": "ann", "password": PASSWORD}).encode()
    browser.open(f"{server.url}/login", form).close()

    def ask(path: str) -> Any:
        with browser.open(f"{api}/{path}", timeout=120) as answer:
            return json.load(answer)["items"]

    [message] = ask("messages")
    browser.open(f"{api}/messages/{message['id']}/raw", timeout=120).close()
    while not (noted := ask("audit?kind=message.raw")):
        pass  # it is stored in the background
    assert [(each["user"], each["object"]) for each in noted] == [
        ("ann", message["id"])
    ]
    assert [each["user"] for each in ask("audit?kind=signed+in")] == ["ann"]
