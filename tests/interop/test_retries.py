"""Senders that try again, under three scenarios at 60 times the speed, and the verdicts on them.

Their schedules are of seconds: at that speed a retry after two of them comes after two
minutes. Each verdict follows from the settings that are named beside it.
"""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.interop.clients import MAIL, run
from tests.interop.exim import exim
from tests.interop.postfix import postfix
from tests.programs import program
from tests.running import ROOT, Mailsink

_FOLDER = Path(__file__).parent
_HUEY = ROOT / ".cache/interop/python"  # tools/interop installs it
_PATIENCE = 120.0  # seconds

# The queue is looked at each second; the first retry comes after two, and each next one
# after about twice as long (postconf(5)).
_POSTFIX = {
    "queue_run_delay": "1s",
    "minimal_backoff_time": "2s",
    "maximal_backoff_time": "8s",
}
_EXIM_QUEUE = "1s"
_EXIM = "* * F,1m,2s"  # each two seconds, for a minute
_EXIM_HASTY = "* * F,1s,1s"  # after a second, and then no more
# huey tries a task again that fails, whatever it failed with.
_HUEY_TASKS = {"django": (4, 2), "django-hasty": (1, 1)}  # retries, and seconds

# By scenario and sender. nodemailer's pool does not try again after a refusal, nor when
# the connection is reset: its sendMail() fails, and that is that.
EXPECTED = {
    "greylisting": {
        "postfix": "delivered",
        "exim": "delivered",
        "exim-hasty": "gave_up",
        "django": "delivered",
        "django-hasty": "gave_up",
        "nodemailer": "lost",
    },
    # 452 three times, then 552
    "full-mailbox": {
        "postfix": "refused",
        "exim": "refused",
        "exim-hasty": "gave_up",
        "django": "in_vain",
        "django-hasty": "gave_up",
        "nodemailer": "lost",
    },
    "lost-after-dot": {
        "postfix": "duplicated",
        "exim": "duplicated",
        "exim-hasty": "duplicated",
        "django": "duplicated",
        "django-hasty": "duplicated",
        "nodemailer": "delivered",
    },
}
SAID = {
    ("greylisting", "postfix"): ("Delivered after ",),
    ("greylisting", "exim-hasty"): (
        "Your application gave up after ", "; rspamd asks for hours.",
    ),
    ("greylisting", "django-hasty"): (
        "Your application gave up after 2 attempts in ", "; rspamd asks for hours.",
    ),
    ("greylisting", "nodemailer"): ("Lost: your application never tried again after 451 4.7.1;",),
    ("full-mailbox", "postfix"): (
        "Refused for good with 552 5.2.2, and your application stopped, as it should",
    ),
    ("full-mailbox", "django"): ("Your application tried again 1 time after 552 5.2.2",),
    ("lost-after-dot", "postfix"): ("Stored 2 times", "have the same Message-ID"),
    ("lost-after-dot", "exim"): ("Stored 2 times", "have the same Message-ID"),
    # Django makes a message again for each try of the task.
    ("lost-after-dot", "django"): ("Stored 2 times", "no Message-ID in common"),
    ("lost-after-dot", "nodemailer"): ("your application did not try again",),
}  # fmt: skip


@dataclass(frozen=True)
class Relays:
    """Where relays listen that deliver to Mailsink, by the name of the sender."""

    server: Mailsink
    addresses: dict[str, tuple[str, int]]


@pytest.fixture(scope="module")
def relays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relays]:
    data = tmp_path_factory.mktemp("retries")
    server = Mailsink(data, HOSTNAME="mx.test", BOUNCES="off")
    try:
        with ExitStack() as stack:
            addresses = {
                "postfix": stack.enter_context(postfix(server.smtp, **_POSTFIX))
            }
            for name, retry in (("exim", _EXIM), ("exim-hasty", _EXIM_HASTY)):
                made = stack.enter_context(exim(server.smtp, retry=retry))
                addresses[name] = stack.enter_context(made.listening(_EXIM_QUEUE))
            yield Relays(server, addresses)
    finally:
        server.stop()
    assert "Traceback" not in server.stderr, server.stderr


@pytest.mark.parametrize("scenario", EXPECTED)
def test_each_sender_gets_its_verdict(
    relays: Relays, scenario: str, tmp_path: Path
) -> None:
    server, expected = relays.server, EXPECTED[scenario]
    server.post(f"rules/scenarios/{scenario}?speed=60")
    try:
        with _huey(server, scenario, tmp_path):
            _nodemailer(server, scenario)
            for name, relay in relays.addresses.items():
                with smtplib.SMTP(*relay) as client:
                    client.sendmail(
                        _sender(name), [_to(name, scenario)], _mail(name, scenario)
                    )
            reports = _verdicts(server, scenario)
    finally:
        server.delete(f"rules/scenarios/{scenario}")
    assert {name: each["verdict"] for name, each in reports.items()} == expected
    for name, each in reports.items():
        assert each["speed"] == 60
        for words in SAID.get((scenario, name), ()):
            assert words in each["sentence"], name


def _sender(name: str) -> str:
    return f"{name}@shop.example"


def _to(name: str, scenario: str) -> str:
    return f"{name}@{scenario}.example"


def _mail(name: str, scenario: str) -> bytes:
    return f"Message-ID: <{_to(name, scenario)}>\r\n".encode() + MAIL


def _verdicts(server: Mailsink, scenario: str) -> dict[str, dict[str, Any]]:
    """Return the report on each sender's mail, once all are as expected, or in the end."""
    until = time.monotonic() + _PATIENCE
    while True:
        listed = server.get(f"rules/scenarios/{scenario}/report?over=true")["items"]
        found = {
            name: each
            for each in listed
            for name in EXPECTED[scenario]
            if each["recipients"] == [_to(name, scenario)]
        }
        verdicts = {name: each["verdict"] for name, each in found.items()}
        if verdicts == EXPECTED[scenario] or time.monotonic() > until:
            return found


def _nodemailer(server: Mailsink, scenario: str) -> None:
    """Send a mail by its pool; returns when that has said what became of it."""
    host, port = server.smtp
    mail = {
        "from": _sender("nodemailer"),
        "to": _to("nodemailer", scenario),
        "text": "Hi",
    }
    transport = {"host": host, "port": port, "ignoreTLS": True, "name": "pool.test"}
    run(
        program("node", "nodejs"),
        *(str(_FOLDER / "node/pool.js"), json.dumps(transport), json.dumps(mail)),
    )


@contextmanager
def _huey(server: Mailsink, scenario: str, folder: Path) -> Iterator[None]:
    """Let a worker of huey send its mails by Django."""
    mails = [
        {
            "sender": _sender(name),
            "recipient": _to(name, scenario),
            "retries": retries,
            "retry_delay": seconds,
        }
        for name, (retries, seconds) in _HUEY_TASKS.items()
    ]
    host, port = server.smtp
    script = str(_FOLDER / "python/huey_mail.py")
    arguments = (host, str(port), str(folder), json.dumps(mails))
    with (folder / "huey.log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, script, *arguments],
            env={"PYTHONPATH": str(_HUEY), "PATH": ""},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    except BaseException as error:
        error.add_note((folder / "huey.log").read_text())
        raise
    finally:
        worker.kill()
        worker.wait()
