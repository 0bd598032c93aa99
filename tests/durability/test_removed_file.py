"""The database file is removed while it runs: no 250 for what nobody will find."""

from __future__ import annotations

import shutil
import smtplib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attack.web import health, mail
from tests.running import Mailsink


@pytest.mark.parametrize("what", ["mailsink.sqlite3", ""], ids=["file", "folder"])
def test_mail_is_refused_until_it_starts_again(
    start_mailsink: Callable[..., Mailsink], tmp_path: Path, what: str
) -> None:
    server = start_mailsink()
    mail(server)
    (server.data / what).rename(tmp_path / "away")
    for _ in range(3):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            mail(server)
        assert refused.value.smtp_code == 451
    told = health(server)
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"was removed or replaced" in told
    logged = tmp_path / "away" if not what else server.data
    assert (logged / "stderr.txt").read_text().count("was removed or replaced") == 1
    server.kill()
    shutil.rmtree(server.data, ignore_errors=True)
    again = start_mailsink()
    mail(again)
    assert len(again.get("messages")["items"]) == 1
