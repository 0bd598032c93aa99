"""A server whose large bodies are in object storage: crashes, outages, and its health."""

from __future__ import annotations

import json
import signal
import smtplib
import urllib.request
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.object_crash import body, crash
from tests.object_store import ObjectServer, object_server
from tests.running import Mailsink, manage


def test_a_crash_between_put_and_commit_loses_nothing(
    start_mailsink: Callable[..., Mailsink], object_store: ObjectServer
) -> None:
    crash(start_mailsink, object_store, kept=6, lost=3)


def was_kept(client: smtplib.SMTP, message: bytes) -> bool:
    with suppress(smtplib.SMTPDataError):
        client.sendmail("a@example.com", ["b@example.com"], message)
        return True
    return False


def health(server: Mailsink) -> str:
    with urllib.request.urlopen(f"{server.url}/health/ready") as answer:
        return str(json.load(answer)["checks"]["objects"])


def test_an_outage_refuses_large_mail_alone_and_ends_by_itself(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    with object_server() as objects:
        server = start_mailsink(RAW_URL=objects.bucket())
        small = b"Subject: small\r\n\r\nHello.\r\n"
        with smtplib.SMTP(*server.smtp, timeout=120) as client:
            client.sendmail("a@example.com", ["b@example.com"], body(1))
            objects.process.send_signal(signal.SIGSTOP)  # it takes, and is silent
            with smtplib.SMTP(*server.smtp, timeout=120) as other:
                other.putcmd("NOOP")
                with pytest.raises(smtplib.SMTPDataError) as refused:
                    client.sendmail("a@example.com", ["b@example.com"], body(2))
                assert refused.value.smtp_code == 451
                assert other.getreply()[0] == 250
                other.sendmail("a@example.com", ["b@example.com"], small)
            assert health(server) == "it did not answer in time"
            objects.process.send_signal(signal.SIGCONT)
            while not was_kept(client, body(3)):  # until it is asked again
                pass
        assert health(server) == "ok"
        subjects = [each["subject"] for each in server.get("messages")["items"]]
        assert subjects == ["3", "small", "1"]
        server.stop()


def test_a_store_that_refuses_stops_the_start(
    object_store: ObjectServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = object_store.bucket().replace("s3://mail-", "s3://none-")
    data = tmp_path_factory.mktemp("data")
    done = manage(
        "serve", "--smtp", "off", "--http", "127.0.0.1:0", data=data, RAW_URL=url
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "cannot be used: it answers NoSuchBucket to PutObject"
    )
    assert "Traceback" not in done.stderr
