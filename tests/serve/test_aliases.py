"""Variables of Mailpit and MailHog that count as ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsink import conf
from mailsink.conf import Config, from_environment


def config(**environ: str) -> Config:
    return from_environment(environ)


def test_mailpit(tmp_path: Path) -> None:
    found = config(
        MP_SMTP_BIND_ADDR="0.0.0.0:2525",
        MP_UI_BIND_ADDR="[::]:80",
        MP_DATABASE=f"{tmp_path}/mailpit.db",
        MP_MAX_MESSAGES="500",
        MP_MAX_MESSAGE_SIZE="20",
        MP_SMTP_AUTH="ann:secret bob:other",
        MP_SMTP_REQUIRE_STARTTLS="True",
        MP_SMTP_AUTH_ACCEPT_ANY="1",
        MP_VERBOSE="true",
    )
    assert str(found.listeners["smtp"][0]) == "0.0.0.0:2525"
    assert str(found.http[0]) == "[::]:80"
    assert found.data == tmp_path
    assert found.retention_messages == 500
    assert found.max_message_size == 20 * 1024 * 1024
    assert found.smtp_auth == (("ann", "secret"), ("bob", "other"))
    assert found.profile.require_tls
    assert "MP_MAX_MESSAGES counts as MAILSINK_RETENTION_MESSAGES=500" in found.warnings
    assert len(found.warnings) == 7
    assert "secret" not in str(found.warnings)


def test_mailhog() -> None:
    found = config(
        MH_SMTP_BIND_ADDR=":1026", MH_UI_BIND_ADDR="127.0.0.1:8026", MH_HOSTNAME="mx"
    )
    assert str(found.listeners["smtp"][0]) == "0.0.0.0:1026"
    assert str(found.http[0]) == "127.0.0.1:8026"
    assert found.hostname == "mx"


def test_ours_count_more(tmp_path: Path) -> None:
    found = config(MP_MAX_MESSAGES="5", MAILSINK_RETENTION_MESSAGES="7")
    assert (found.retention_messages, found.warnings) == (7, ())
    file = tmp_path / "logins"
    file.write_text("ann:secret")
    found = config(MP_SMTP_AUTH="x:y", MAILSINK_SMTP_AUTH_FILE=str(file))
    assert found.smtp_auth == (("ann", "secret"),)


@pytest.mark.parametrize("name", ["MP_WEBROOT", "MH_MAILDIR_PATH", "MP_ENABLE_CHAOS"])
def test_what_has_no_effect(name: str) -> None:
    (line,) = config(**{name: "x"}).warnings
    assert line == f"{name} has no effect: Mailsink has no such setting"


def test_variables_of_others() -> None:
    """MP_ and MH_ begin names of other programs, too; an empty one is unset."""
    assert config(MP_API="x", MH_X="y", MP_MAX_MESSAGES=" ").warnings == ()
    assert conf.PREFIX == "MAILSINK_"
