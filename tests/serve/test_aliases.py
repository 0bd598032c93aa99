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


def test_mailhog(tmp_path: Path) -> None:
    found = config(
        MH_SMTP_BIND_ADDR=":1026",
        MH_UI_BIND_ADDR="127.0.0.1:8026",
        MH_HOSTNAME="mx",
        MH_STORAGE="maildir",
        MH_MAILDIR_PATH=str(tmp_path / "maildir"),
    )
    assert found.data == tmp_path / "maildir"
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


@pytest.mark.parametrize("name", ["MP_POP3_AUTH", "MH_AUTH_FILE", "MP_UI_AUTH"])
def test_what_has_no_effect(name: str) -> None:
    (line,) = config(**{name: "x"}).warnings
    assert line == f"{name} has no effect: Mailsink has no such setting"


def test_variables_of_others() -> None:
    """MP_ and MH_ begin names of other programs, too; an empty one is unset."""
    assert config(MP_API="x", MH_X="y", MP_MAX_MESSAGES=" ").warnings == ()
    assert conf.PREFIX == "MAILSINK_"


@pytest.mark.parametrize("name", ["MP_WEBROOT", "MH_UI_WEB_PATH"])
@pytest.mark.parametrize("path", ["q/mailpit", "/q/mailpit/"])
def test_a_path(name: str, path: str) -> None:
    assert config(**{name: path}).public_url.path == "/q/mailpit"


def test_no_path() -> None:
    """The chart of jouve always gives one."""
    assert config(MP_WEBROOT="/").public_url.path == ""


@pytest.mark.parametrize("name", ["MP_API_CORS", "MH_CORS_ORIGIN"])
def test_origins(name: str) -> None:
    assert config(**{name: "http://app.test"}).allowed_origins == ("http://app.test",)
    found = config(**{name: "*"})
    assert found.allowed_origins == ()
    (line,) = found.warnings
    assert line.startswith(f"{name} has no effect: every website")


@pytest.mark.parametrize(("age", "days"), [("3d", 3), ("36h", 2), ("24h", 1)])
def test_ages(age: str, days: int) -> None:
    assert config(MP_MAX_AGE=age).retention_days == days


def test_an_age_that_is_none() -> None:
    found = config(MP_MAX_AGE="3 weeks")
    assert found.retention_days == 0
    assert found.warnings == (
        "MP_MAX_AGE has no effect: it takes hours or days, such as 36h or 3d",
    )


@pytest.mark.parametrize("said", ["True", "1", "yes"])
def test_tls_from_the_first_octet(said: str) -> None:
    found = config(MP_SMTP_REQUIRE_TLS=said, MP_SMTP_BIND_ADDR="0.0.0.0:2525")
    assert [str(each) for each in found.listeners["smtps"]] == ["0.0.0.0:2525"]
    assert found.listeners["smtp"] == ()
    found = config(MP_SMTP_REQUIRE_TLS=said, MAILSINK_LISTEN="all")
    assert [str(each) for each in found.listeners["smtps"]] == [
        "0.0.0.0:1025",
        "[::]:1025",
    ]


@pytest.mark.parametrize("spelt", ["TLS", "SSL"])
def test_pages_by_tls(spelt: str, tmp_path: Path) -> None:
    pem = tmp_path / "pair.pem"
    pem.touch()
    theirs = {f"MP_UI_{spelt}_{each}": str(pem) for each in ("CERT", "KEY")}
    found = config(MP_UI_BIND_ADDR="0.0.0.0:8443", **theirs)
    assert [str(each) for each in found.https] == ["0.0.0.0:8443"]
    assert found.http == ()
    assert (found.https_cert, found.https_key) == (pem, pem)
    found = config(MAILSINK_HTTPS="127.0.0.1:443", **theirs)
    assert [str(each) for each in found.https] == ["127.0.0.1:443"]
    assert found.http


def test_no_tls_is_asked_for() -> None:
    """test containers of Python set the variable always."""
    found = config(MP_SMTP_REQUIRE_TLS="0")
    assert (found.listeners["smtps"], found.warnings) == ((), ())
    assert found.listeners["smtp"]
    ours = config(MP_SMTP_REQUIRE_TLS="1", MAILSINK_SMTPS="127.0.0.1:465")
    assert ours.listeners["smtp"]


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        ("http://rqlite:4001", "it names a server"),
        ("mailpit.db", "it does not name a folder"),
        ("/var/mailpit.db", "/var cannot be written by user"),  # Laravel Sail
        ("/var/there/too/mailpit.db", "/var cannot be written by user"),
    ],
)
def test_a_database_that_cannot_be_here(
    database: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then mail is kept where it is by default: in the volume of our image."""
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    found = config(MP_DATA_FILE=database)
    assert found.data == Path("data").absolute()
    (line,) = found.warnings
    assert line.startswith(f"MP_DATA_FILE has no effect: {reason}")


def test_the_relay_is_a_route() -> None:
    found = config(
        MP_SMTP_RELAY_HOST="smtp.example.com",
        MP_SMTP_RELAY_PORT="587",
        MP_SMTP_RELAY_STARTTLS="true",
        MP_SMTP_RELAY_AUTH="plain",
        MP_SMTP_RELAY_USERNAME="ann",
        MP_SMTP_RELAY_PASSWORD='sec"ret',
    )
    assert found.routes == {
        "mailpit": {
            "host": "smtp.example.com",
            "port": 587,
            "tls": "required",
            "verify": True,
            "allow": ["*"],
            "username": "ann",
            "password": 'sec"ret',
        }
    }
    assert found.warnings == ("MP_SMTP_RELAY_HOST counts as MAILSINK_ROUTES=…",)


def test_a_password_may_have_any_character() -> None:
    password = "p\N{GRINNING FACE}\x7f\\ä"
    found = config(
        MP_SMTP_RELAY_HOST="mx.test",
        MP_SMTP_RELAY_USERNAME="ann",
        MP_SMTP_RELAY_PASSWORD=password,
    )
    assert found.routes["mailpit"]["password"] == password


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ALLOWED_RECIPIENTS", "@example", "a route of Mailsink has nothing like"),
        ("OVERRIDE_FROM", "a@b.c", "a route of Mailsink has nothing like"),
        ("PORT", "0", "MP_SMTP_RELAY_PORT is '0', which is not a port"),
        ("PORT", "000001000000", "which is not a port"),
    ],
)
def test_a_relay_that_cannot_be_a_route(name: str, value: str, reason: str) -> None:
    """Whatever narrows what leaves is not left out: then nothing leaves."""
    found = config(**{"MP_SMTP_RELAY_HOST": "mx.test", f"MP_SMTP_RELAY_{name}": value})
    assert found.routes == {}
    assert any(reason in line for line in found.warnings)
