"""`serve` on PostgreSQL and Redis, as several processes that share them."""

from __future__ import annotations

import json
import smtplib
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.private import bare_database, free_port
from tests.running import ANY_PORT, Mailsink, manage

Start = Callable[..., Mailsink]


def subjects(server: Mailsink) -> list[str]:
    with urllib.request.urlopen(f"{server.url}/api/v3/messages") as response:
        return [each["subject"] for each in json.load(response)["items"]]


def test_mail_taken_by_one_process_is_shown_by_another(
    start_mailsink: Start, postgresql_url: str, redis_url: str
) -> None:
    shared = {
        "DATABASE_URL": bare_database(postgresql_url, "fresh"),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "the same for both",
    }
    smtp = start_mailsink("--smtp", "127.0.0.1:0", "--http", "off", **shared)
    web = start_mailsink("--smtp", "off", "--http", "127.0.0.1:0", **shared)
    with smtplib.SMTP(*smtp.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: shared\n\nhello")
    assert subjects(web) == ["shared"]
    assert (smtp.stop(), web.stop()) == (0, 0)
    assert smtp.stderr == web.stderr == ""


def until_rcpt_gets(server: Mailsink, code: int) -> None:
    """Ask again and again until RCPT is answered so."""
    patience = time.monotonic() + 120
    with smtplib.SMTP(*server.smtp) as client:
        while True:
            client.helo("test")
            client.mail("a@example.com")
            answered, _ = client.rcpt("b@example.com")
            if answered == code:
                break
            assert time.monotonic() < patience, answered


def test_settings_made_in_one_process_hold_in_another(
    start_mailsink: Start, postgresql_url: str
) -> None:
    shared = {"DATABASE_URL": postgresql_url, "SECRET_KEY": "the same for both"}
    smtp = start_mailsink("--smtp", "127.0.0.1:0", "--http", "off", **shared)
    web = start_mailsink("--smtp", "off", "--http", "127.0.0.1:0", **shared)

    def patch(**settings: object) -> None:
        url = f"{web.url}/api/v3/inboxes/default"
        data = json.dumps(settings).encode()
        request = urllib.request.Request(url, method="PATCH", data=data)
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request).close()

    with smtplib.SMTP(*smtp.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: x\n\nhello")
    for settings, code in (
        ({"paused": True}, 450),
        ({"paused": False, "known_only": True}, 550),
        ({"known_only": False, "quota_octets": 10}, 552),
        ({"quota_octets": 0}, 250),
    ):
        patch(**settings)
        until_rcpt_gets(smtp, code)


def test_a_database_without_a_secret_key_is_refused(tmp_path: Path) -> None:
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    done = manage("serve", *ANY_PORT, data=tmp_path, DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("mailsink: MAILSINK_SECRET_KEY (or ")


@pytest.mark.parametrize("password", ["swordfish", "sword@fish", "swordfish%"])
def test_a_database_that_is_not_there_is_named(tmp_path: Path, password: str) -> None:
    """Whatever the password: of URLs as they are libpq repeats some in its errors."""
    url = f"postgresql://postgres:{password}@127.0.0.1:{free_port()}/postgres"
    done = manage("serve", *ANY_PORT, data=tmp_path, DATABASE_URL=url, SECRET_KEY="x")
    assert done.returncode == 1
    assert done.stderr.startswith("mailsink: the database (MAILSINK_DATABASE_URL) ")
    assert "fish" not in done.stderr
    assert done.stderr.count("\n") == 1
