"""The pytest plugin, in projects of other people: pytest runs as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import ROOT

EXAMPLE = ROOT / "examples" / "django_signup"

PLUGIN = 'pytest_plugins = ["mailsink.testing.pytest_plugin"]\n'
FAILING = """
import smtplib
import pytest

def send(mail, to="ann@example.com"):
    header = b"To: " + to.encode() + b"\\r\\nSubject: Hello"
    mail.send("shop@example.com", [to], header + b"\\r\\n\\r\\nx\\r\\n")

def test_fails(mail):
    send(mail)
    assert mail.wait(to="ann@example.com").subject == "Other"

def test_comes_although_it_was_not_to(mail):
    send(mail)
    mail.assert_none(to="ann@example.com")

def test_nothing_comes(mail):
    send(mail, "anna@example.com")
    mail.wait(to="ann@example.com", timeout=0.2)

def test_only_mail_of_this_test_counts(mail):
    assert mail.all() == []
    send(mail)
    [message] = mail.wait_for(1, q="subject:hello")
    assert message.raw.endswith(b"Subject: Hello\\r\\n\\r\\nx\\r\\n")
    assert message.recipients == ["ann@example.com"]
    assert message.url.endswith(message.id)
"""


def run_pytest(folder: Path, *arguments: str) -> tuple[int, str]:
    # Else their settings would be ours.
    theirs = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**theirs, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    def make(tests: str) -> Path:
        (tmp_path / "conftest.py").write_text(PLUGIN)
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:django\n")
        (tmp_path / "test_mail.py").write_text(tests)
        return tmp_path

    return make


def test_the_example_passes() -> None:
    code, output = run_pytest(EXAMPLE)
    assert code == 0, output
    assert "5 passed" in output


def test_in_several_processes_no_test_meets_the_mail_of_another() -> None:
    code, output = run_pytest(EXAMPLE, "-n", "4")
    assert code == 0, output
    assert "5 passed" in output


def test_a_failure_shows_the_dialogue(project: Callable[[str], Path]) -> None:
    code, output = run_pytest(project(FAILING))
    assert code == 1
    assert "3 failed, 1 passed" in output
    assert "SMTP dialogue" in output
    assert "C: rcpt TO:<ann@example.com>" in output
    assert 'not to come: "Hello" from shop@example.com' in output
    assert "nearest: anna@example.com" in output
