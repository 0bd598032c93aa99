"""`manage.py serve`: what it prints, how it ends, and what keeps it from starting."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.running import ANY_PORT, ROOT, Mailsink, environment, manage, set_up

Start = Callable[..., Mailsink]


def refused(*flags: str, data: Path, **variables: str) -> str:
    """Run `serve`, which must end at once with one line on stderr; return the line."""
    done = manage("serve", *flags, data=data, **variables)
    assert done.returncode == 1
    assert "Mailsink is ready." not in done.stdout
    assert done.stderr.startswith("mailsink: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_it_works(start_mailsink: Start) -> None:
    server = start_mailsink(fresh=True)
    smtp, web, accessible, ready = server.lines
    assert re.fullmatch(r"SMTP  127\.0\.0\.1:\d+", smtp)
    assert re.fullmatch(r"Web   http://127\.0\.0\.1:\d+/", web)
    assert accessible == f"[http] accessible via {web.split()[1]}"
    assert ready == "Mailsink is ready."
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: hello\n\nhello")
    with urllib.request.urlopen(f"{server.url}/") as response:
        assert b"hello" in response.read()
    assert server.stop() == 0
    assert server.stderr == ""


def test_threads_take_short_turns(
    start_mailsink: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else mail waits 5 ms for each of its steps while pages are made."""
    found = tmp_path / "interval.txt"
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, pathlib, sys\n"
        f"path = pathlib.Path({str(found)!r})\n"
        "atexit.register(lambda: path.write_text(str(sys.getswitchinterval())))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert start_mailsink().stop() == 0
    assert float(found.read_text()) == pytest.approx(0.001)


def test_what_signs_in_is_loaded_once_somebody_does(
    start_mailsink: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the start nor pages wait for the libraries of passkeys, providers and codes."""
    found = tmp_path / "modules.txt"
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, pathlib, sys\n"
        f"path = pathlib.Path({str(found)!r})\n"
        "atexit.register(lambda: path.write_text(' '.join(sys.modules)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = start_mailsink()
    urllib.request.urlopen(f"{server.url}/").close()
    assert server.get("messages")["items"] == []
    assert server.stop() == 0
    loaded = found.read_text().split()
    assert "inbox.access.passkeys" in loaded
    unused = {
        "allauth",
        "authlib",
        "fido2",
        "joserfc",
        "segno",
    }  # autobahn loads argon2
    assert unused & {*loaded} == set()


def test_each_address_has_its_line(start_mailsink: Start) -> None:
    flags = ("--smtp", "127.0.0.1:0,[::1]:0", "--http", "[::1]:0, localhost:0")
    lines = start_mailsink(*flags).lines
    hosts = [re.sub(r":\d+(?=/?$)", "", line) for line in lines]
    assert hosts[:4] == [
        "SMTP  127.0.0.1",
        "SMTP  [::1]",
        "Web   http://[::1]/",
        "Web   http://127.0.0.1/",
    ]
    for line in lines[:2]:
        host, _, port = line.split()[1].rpartition(":")
        with smtplib.SMTP(host.strip("[]"), int(port)) as client:
            assert client.noop()[0] == 250
    url = lines[2].split()[1]
    with urllib.request.urlopen(f"{url}static/icons.svg") as response:
        assert response.status == 200


def test_each_kind_of_listener_has_its_line(start_mailsink: Start) -> None:
    kinds = ("SMTP", "SMTPS", "Submission", "LMTP")
    others = {kind.upper(): "127.0.0.1:0" for kind in kinds[1:]}
    server = start_mailsink(*ANY_PORT, **others)
    assert [line.split()[0] for line in server.lines[:5]] == [*kinds, "Web"]
    info = _get(server, "info")
    for kind in kinds:
        host, port = server.address(kind)
        assert info[kind.lower()] == [f"{host}:{port}"]
    _say_hello(server)
    sessions = _ended(server, 4)
    assert [([one["listener"]], one["protocol"]) for one in reversed(sessions)] == [
        (info["smtp"], "ESMTP"),
        (info["smtps"], "ESMTPS"),
        (info["submission"], "ESMTP"),
        (info["lmtp"], "LMTP"),
    ]
    with urllib.request.urlopen(f"{server.url}/sessions") as response:
        page = response.read().decode()
    assert "SMTPS · TLS 1.3" in page
    assert "Submission" in page
    assert "LMTP <code>{}:{}</code>".format(*server.address("LMTP")) in page
    assert server.stop() == 0
    assert server.stderr == ""


def _say_hello(server: Mailsink) -> None:
    """Open a session at each kind of listener."""
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    for client in (
        smtplib.SMTP(*server.address("SMTP")),
        smtplib.SMTP_SSL(*server.address("SMTPS"), context=careless),
        smtplib.SMTP(*server.address("Submission")),
        smtplib.LMTP(*server.address("LMTP")),
    ):
        with client:
            client.ehlo("client.test")
            assert client.does_esmtp


def _ended(server: Mailsink, count: int) -> list[dict[str, Any]]:
    """Return so many sessions, the newest first, once they are written as ended."""
    until = time.monotonic() + 120
    while True:
        sessions: list[dict[str, Any]] = _get(server, "sessions")["items"]
        if len(sessions) == count and all(one["closed_at"] for one in sessions):
            return sessions
        assert time.monotonic() < until, sessions


def _get(server: Mailsink, path: str) -> Any:
    with urllib.request.urlopen(f"{server.url}/api/v3/{path}") as response:
        return json.load(response)


def test_the_limit_on_connections_is_of_the_process(start_mailsink: Start) -> None:
    server = start_mailsink(*ANY_PORT, LMTP="127.0.0.1:0", SMTP_MAX_CONNECTIONS="1")
    with smtplib.SMTP(*server.smtp):
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            smtplib.LMTP(*server.address("LMTP"))
        assert refused.value.smtp_code == 421


def test_lmtp_alone_is_enough(start_mailsink: Start) -> None:
    server = start_mailsink("--smtp", "off", "--http", "off", LMTP="127.0.0.1:0")
    assert [line.split()[0] for line in server.lines] == ["LMTP", "Mailsink"]


@pytest.mark.parametrize(
    ("flag", "absent"), [("--http", "Web"), ("--smtp", "SMTP")], ids=["web", "smtp"]
)
def test_a_half_may_be_off(start_mailsink: Start, flag: str, absent: str) -> None:
    server = start_mailsink(*ANY_PORT, flag, "off")
    assert not any(line.startswith(absent) for line in server.lines)
    if absent == "Web":
        with smtplib.SMTP(*server.smtp) as client:
            assert client.noop()[0] == 250
    else:
        with urllib.request.urlopen(f"{server.url}/static/icons.svg") as response:
            assert response.status == 200
    assert server.stop() == 0


# Inside a callback of the kind in which an exception would be lost.
_INTERRUPT = """
import importlib.abc, signal, sys, weakref
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name == {!r}:
            anything = Finder()
            reference = weakref.ref(anything, lambda _: signal.raise_signal(signal.SIGINT))
            del anything
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(
    "module",
    ["django.core.management", "mailsink.conf", "daphne.server", "inbox.policy"],
)
def test_control_c_ends_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPT.format(module))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = manage("serve", *ANY_PORT, data=tmp_path / "data")
    assert (done.returncode, done.stderr) == (130, "")
    assert "Mailsink is ready." not in done.stdout


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_it_well(
    start_mailsink: Start, how: signal.Signals
) -> None:
    server = start_mailsink()
    client = smtplib.SMTP(*server.smtp)
    client.ehlo()
    server.process.send_signal(how)
    assert client.getreply()[0] == 421
    client.close()
    assert server.wait() == 0
    assert server.stderr == ""
    # The database is one file again, to be copied or moved.
    assert not list(server.data.glob("*.sqlite3-*"))


def test_on_a_terminal_it_says_what_to_do_next(tmp_path: Path) -> None:
    set_up(tmp_path)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", *ANY_PORT],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    said = b""
    while b"Mailsink is ready." not in said:
        said += os.read(ours, 1024)
    process.terminate()
    assert process.communicate(timeout=120)[1] == b""
    assert process.returncode == 0
    assert b"Point your application's mail at" in said
    os.close(ours)
    os.close(theirs)


def test_a_second_start_finds_everything(start_mailsink: Start) -> None:
    first = start_mailsink()
    with smtplib.SMTP(*first.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: kept\n\nhello")
    first.stop()
    second = start_mailsink()
    with urllib.request.urlopen(f"{second.url}/") as response:
        assert b"kept" in response.read()


def test_a_second_serve_on_the_same_folder_is_refused(start_mailsink: Start) -> None:
    server = start_mailsink()
    said = refused(*ANY_PORT, data=server.data)
    assert f"another Mailsink (process {server.process.pid}) runs on" in said
    assert str(server.data) in said
    assert "MAILSINK_DATA" in said


def test_a_crash_leaves_the_folder_free(start_mailsink: Start) -> None:
    start_mailsink().kill()
    assert start_mailsink().stop() == 0


@pytest.mark.parametrize("flag", ["--smtp", "--http"])
def test_a_taken_port_is_named(tmp_path: Path, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused(*ANY_PORT, flag, f"127.0.0.1:0,{address}", data=tmp_path)
    assert f"{address} is in use" in said
    assert flag in said
    assert f"MAILSINK_{flag[2:].upper()}" in said


@pytest.mark.parametrize("name", ["SMTPS", "SUBMISSION", "LMTP"])
def test_a_taken_port_of_any_listener_is_named(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused(*ANY_PORT, data=tmp_path, **{name: address})
    assert said.startswith(f"mailsink: MAILSINK_{name}: {address} is in use")


def test_an_address_that_is_not_ours_is_named(tmp_path: Path) -> None:
    said = refused("--smtp", "192.0.2.1:2525", "--http", "off", data=tmp_path)
    assert "192.0.2.1 is not an address of this machine" in said
    said = refused("--smtp", "nowhere.invalid:2525", "--http", "off", data=tmp_path)
    assert "'nowhere.invalid' is not an address of this machine" in said


def test_bad_flags_and_variables_are_named(tmp_path: Path) -> None:
    assert "--smtp is '1025', but takes ADDR:PORT" in refused(
        "--smtp", "1025", data=tmp_path
    )
    assert "MAILSINK_TRASH_HOURS is 'x', but takes a whole number" in refused(
        *ANY_PORT, data=tmp_path, TRASH_HOURS="x"
    )
    assert "both off" in refused("--smtp", "off", "--http", "off", data=tmp_path)


def test_any_command_names_a_bad_variable(tmp_path: Path) -> None:
    done = manage("check", data=tmp_path, INSECURE="maybe")
    assert done.returncode == 1
    assert done.stderr == (
        "mailsink: MAILSINK_INSECURE is 'maybe', but takes 1 or 0, yes or no\n"
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused(*ANY_PORT, data=tmp_path / "file" / "data")
    assert "MAILSINK_DATA" in said
    assert "Not a directory" in said


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "mailsink.sqlite3").mkdir()
    said = refused(*ANY_PORT, data=tmp_path)
    assert "MAILSINK_DATABASE_URL" in said
    assert "mailsink.sqlite3': Is a directory" in said


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    done = manage("serve", "--ftp", "127.0.0.1:21", data=tmp_path)
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_an_unknown_variable_is_a_warning(start_mailsink: Start) -> None:
    server = start_mailsink(SMPT="127.0.0.1:1")
    assert server.stderr == (
        "mailsink: warning: MAILSINK_SMPT is not a variable of Mailsink; "
        "did you mean MAILSINK_SMTP?\n"
    )


def test_it_ends_once_so_many_messages_came(tmp_path: Path) -> None:
    """A job of CI reads what came as lines of JSON, and nothing else."""
    set_up(tmp_path / "data")
    words = (*ANY_PORT, "--exit-after", "2", "--timeout", "600", "--print", "json")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", *words],
        cwd=ROOT,
        env=environment(tmp_path / "data"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = list(iter(process.stderr.readline, "Mailsink is ready.\n"))
    host, _, port = said[0].removeprefix("SMTP").strip().rpartition(":")
    for number in "12":
        # Without QUIT: the end may be said first
        with closing(smtplib.SMTP(host, int(port))) as client:
            body = f"Subject: {number}\n\nYour code is 12345{number}"
            client.sendmail("a@example.com", ["b@example.com"], body)
    out, _ = process.communicate(timeout=120)
    printed = [json.loads(line) for line in out.splitlines()]
    assert [each["subject"] for each in printed] == ["1", "2"]
    assert [each["codes"] for each in printed] == [["123451"], ["123452"]]
    assert process.returncode == 0


def test_it_ends_in_time_where_too_few_came(tmp_path: Path) -> None:
    set_up(tmp_path / "data")
    words = (*ANY_PORT, "--exit-after", "1", "--timeout", "1", "--print", "json")
    done = manage("serve", *words, data=tmp_path / "data")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Mailsink is ready." in done.stderr
    assert "mailsink: 0 of 1 messages came" in done.stderr


@pytest.mark.parametrize("number", ["-1", "x"])
def test_a_number_of_messages_that_is_none(tmp_path: Path, number: str) -> None:
    done = manage("serve", f"--exit-after={number}", data=tmp_path)
    assert done.returncode == 2
    assert f"--exit-after: '{number}' is not a whole number from 0 on\n" in done.stderr
