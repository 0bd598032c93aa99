"""`manage.py mailsink` in another project: the sink beside runserver."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mailsink.cli.api_client import ApiClient
from mailsink.testing.django_mail import lead_to
from tests.releasing import until
from tests.running import ROOT


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The project of the example, in a folder of its own, with its reloader."""
    shutil.copy(ROOT / "examples/django_runserver/manage.py", tmp_path)
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAILSINK_", "DJANGO_"))
    }
    words = ("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0", "127.0.0.1:0")
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "mailsink", *words],
        cwd=tmp_path,
        env={**theirs, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_the_sink_runs_beside_runserver(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert running.stdout is not None
    said: dict[str, str] = {}
    for line in running.stdout:
        word, _, rest = line.strip().partition(" ")
        said[word] = rest.strip()
        if word == "Starting":
            break
    site = said["Starting"].rpartition(" ")[2].rstrip("/")
    inbox = ApiClient(said["Inbox"].rstrip("/"))
    with urllib.request.urlopen(f"{site}/invite", timeout=120) as answer:
        assert answer.read() == b"sent"
    [message] = inbox.get("messages")["items"]
    assert message["subject"] == "You are invited"
    assert (tmp_path / ".mailsink" / ".gitignore").read_text() == "*\n"
    running.send_signal(signal.SIGTERM)
    until(lambda: not inbox.is_ready())


def test_a_sink_that_does_not_start_says_why(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples/django_runserver/manage.py", tmp_path)
    done = subprocess.run(
        [sys.executable, "manage.py", "mailsink", "--smtp", "nonsense"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "manage"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        "CommandError: Mailsink did not start: mailsink: --smtp is 'nonsense'"
    )


@pytest.mark.parametrize("mailers", [{}, {"default": {}, "bulk": {}}])
def test_the_settings_of_both_kinds(mailers: dict[str, object]) -> None:
    settings = SimpleNamespace(MAILERS=mailers, EMAIL_USE_TLS=True)
    lead_to(settings, "127.0.0.1", 1025)
    if mailers:
        options = [each["OPTIONS"] for each in settings.MAILERS.values()]
        assert options == [{"host": "127.0.0.1", "port": 1025}] * 2
    else:
        assert (settings.EMAIL_HOST, settings.EMAIL_USE_TLS) == ("127.0.0.1", False)


def test_it_changes_nothing_by_itself() -> None:
    """In production the app is there, and no sink beside it."""
    program = (
        "import django\n"
        "from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['mailsink.contrib.django'])\n"
        "django.setup()\n"
        "print(settings.EMAIL_HOST, settings.EMAIL_PORT)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "localhost 25\n", done.stderr
