"""What integrations of Mailpit rely on without asking: each fact, in the integration's own words.

They run the image with variables, wait for a line of the log or for a path, and call
`/mailpit`. What needs no server is read from the configuration.
"""

from __future__ import annotations

import re
import smtplib
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsink import __version__
from mailsink.cli import mailpit
from mailsink.conf import Config, from_environment
from tests.packaging.installed import Installed, run
from tests.private import free_port

# By who waits for it
_LOG_LINES = {
    "testcontainers-python": ".*accessible via.*",
    "quarkus-mailpit": r".*\[http\] accessible via.*\n",
}
# Variables, by who sets them, and whether Mailsink does as they say.
_VARIABLES: list[tuple[str, dict[str, str], Callable[[Config], bool]]] = [
    (
        "Aspire WithDataVolume",
        {"MP_DATABASE": "/tmp/mailpit.db"},
        lambda config: config.data == Path("/tmp"),
    ),
    (
        "Lando",
        {
            "MP_UI_BIND_ADDR": "0.0.0.0:80",
            "MP_SMTP_AUTH_ACCEPT_ANY": "1",
            "MP_SMTP_AUTH_ALLOW_INSECURE": "1",
            "MP_MAX_MESSAGES": "500",
        },
        lambda config: (
            [str(each) for each in config.http] == ["0.0.0.0:80"]
            and config.smtp_auth == ()
            and config.retention_messages == 500
        ),
    ),
    (
        "testcontainers-go WithSMTPAuth",
        {"MP_SMTP_AUTH": "user:password", "MP_SMTP_AUTH_ALLOW_INSECURE": "true"},
        lambda config: (
            config.smtp_auth == (("user", "password"),)
            and not config.profile.auth_requires_tls
        ),
    ),
    (
        "testcontainers-python, two users",
        {"MP_SMTP_AUTH": "jane:secret ron:pass2", "MP_SMTP_REQUIRE_TLS": "0"},
        lambda config: len(config.smtp_auth) == 2 and config.listeners["smtps"] == (),
    ),
    (
        "testcontainers-python, TLS",
        {"MP_SMTP_REQUIRE_TLS": "True"},
        lambda config: (
            [each.port for each in config.listeners["smtps"]] == [1025, 1025]
            and not config.listeners["smtp"]
        ),
    ),
    (
        "Quarkus",
        {
            "MP_WEBROOT": "/q/mailpit/",
            "MP_SMTP_RELAY_HOST": "relay.test",
            "MP_ENABLE_CHAOS": "true",
            "MP_VERBOSE": "true",
        },
        lambda config: (
            config.public_url.path == "/q/mailpit"
            and config.routes["mailpit"]["host"] == "relay.test"
            and len(config.warnings) == 2  # of the two that count
        ),
    ),
]


def test_ports_of_the_image() -> None:
    """supabase, DDEV, Sail and all others publish 1025 and 8025."""
    config = from_environment({"MAILSINK_LISTEN": "all"})
    assert [str(each) for each in config.listeners["smtp"]] == [
        "0.0.0.0:1025",
        "[::]:1025",
    ]
    assert [str(each) for each in config.http] == ["0.0.0.0:8025", "[::]:8025"]


def test_there_is_no_pop3() -> None:
    """Port 1110 stays closed; who switches it on reads so."""
    (line,) = from_environment({"MP_POP3_AUTH": "ann:secret"}).warnings
    assert line == "MP_POP3_AUTH has no effect: Mailsink has no such setting"


@pytest.mark.parametrize(
    ("variables", "holds"),
    [row[1:] for row in _VARIABLES],
    ids=[row[0] for row in _VARIABLES],
)
def test_variables(variables: dict[str, str], holds: Callable[[Config], bool]) -> None:
    assert holds(from_environment(variables))


@pytest.mark.parametrize("webroot", ["", "/q/mailpit"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_paths_of_health(server: Installed, webroot: str, path: str) -> None:
    """Aspire, testcontainers-go and the chart of jouve ask for them, the last below a path."""
    with urllib.request.urlopen(server.url + webroot + path) as answer:
        assert answer.status == 200


def test_the_root_answers(server: Installed) -> None:
    """DDEV's health check is `curl --fail 127.0.0.1:8025`. No script has run in it."""
    with smtplib.SMTP(*server.smtp) as client:
        assert client.login("any", "one")[0] == 235  # in plain text
        client.sendmail("a@example.com", ["b@example.com"], "Subject: no scripts\n\n.")
    with urllib.request.urlopen(server.url) as answer:
        assert answer.status == 200
        assert b"no scripts" in answer.read()


def test_other_containers_ask_by_the_name_of_the_service(server: Installed) -> None:
    """Tests in a compose file ask http://mailpit:8025, whose name nobody has set."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/messages", headers={"Host": "mailpit:8025"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_the_pages_below_the_webroot(server: Installed) -> None:
    """Quarkus always sets one."""
    with urllib.request.urlopen(f"{server.url}/q/mailpit/") as answer:
        page = answer.read().decode()
    assert 'href="/q/mailpit/sessions' in page
    assert not re.findall(r'(?:href|src)="/(?!q/mailpit/)[^"]*"', page)


@pytest.mark.parametrize("who", _LOG_LINES)
def test_the_line_of_the_log(server: Installed, who: str) -> None:
    log = "".join(f"{line}\n" for line in server.lines)
    assert re.search(_LOG_LINES[who], log)


def test_the_start_names_our_variables(server: Installed) -> None:
    said = server.stderr.splitlines()
    data = server.folder / "data"
    for line in (
        "MP_SMTP_BIND_ADDR counts as MAILSINK_SMTP=127.0.0.1:0",
        "MP_UI_BIND_ADDR counts as MAILSINK_HTTP=127.0.0.1:0",
        f"MP_DATABASE counts as MAILSINK_DATA={data}",
        "MP_MAX_MESSAGES counts as MAILSINK_RETENTION_MESSAGES=500",
        "MP_WEBROOT counts as MAILSINK_PUBLIC_URL=/q/mailpit/",
    ):
        assert f"mailsink: warning: {line}" in said
    assert len(said) == 5


def test_readyz(server: Installed, unpacked: Path) -> None:
    """`["CMD", "/mailpit", "readyz"]` finds the address in the variables of the container."""
    where = server.url.removeprefix("http://")
    for variables, arguments in (
        ({"MP_UI_BIND_ADDR": where}, []),
        ({"MAILSINK_HTTP": where}, ["--wait", "--timeout", "1m30s"]),
        ({"MP_UI_BIND_ADDR": "127.0.0.1:1"}, ["--listen", where, "--webroot", "/"]),
    ):
        assert run(unpacked, "mailpit", "readyz", *arguments, **variables) == (
            0,
            "",
            "",
        )
    assert run(unpacked, "mailsink", "ready", MP_UI_BIND_ADDR=where)[0] == 0


def test_readyz_of_nothing(unpacked: Path) -> None:
    port = free_port()
    where = {"MP_UI_BIND_ADDR": f"0.0.0.0:{port}"}
    wait = ("readyz", "--wait", "--timeout=20ms")
    assert run(unpacked, "mailpit", *wait, **where) == (
        1,
        "",
        f"mailpit: nothing is ready at http://127.0.0.1:{port}\n",
    )


def test_sendmail(server: Installed, unpacked: Path) -> None:
    """The php.ini of DDEV's twelve versions of PHP."""
    mail = b"To: ann@example.com\nSubject: from PHP\n\nHello\n"
    where = "{}:{}".format(*server.smtp)
    arguments = ("sendmail", "-t", "--smtp-addr", where)
    assert run(unpacked, "mailpit", *arguments, stdin=mail) == (0, "", "")
    assert server.get("messages?limit=1")["items"][0]["subject"] == "from PHP"


def test_other_commands(unpacked: Path) -> None:
    assert run(unpacked, "mailpit", "version")[:2] == (
        0,
        f"mailpit: this is Mailsink {__version__}\n",
    )
    code, _, said = run(unpacked, "mailpit", "dump", "/tmp")
    assert (code, said) == (
        1,
        "mailpit: Mailsink has no dump. Use mailsink export FOLDER_OR_FILE\n",
    )
    assert (
        "Exit with 0 if Mailsink is ready"
        in run(unpacked, "mailpit", "ready", "--help")[1]
    )


def test_flags_are_variables() -> None:
    """The chart of jouve, and people's command lines, give flags."""
    chart = ["--db-file", "/var/lib/mailpit/mailpit.db", "--webroot", "/", "--verbose"]
    assert mailpit.variables([*chart, "--smtp-auth-allow-insecure"]) == {
        "MP_DATABASE": "/var/lib/mailpit/mailpit.db",
        "MP_WEBROOT": "/",
        "MP_VERBOSE": "true",
        "MP_SMTP_AUTH_ALLOW_INSECURE": "true",
    }
    short = ["-m", "5", "-l", "[::]:80", "-s", ":25", "--smtp-require-tls=false", "-v"]
    assert mailpit.variables(short) == {
        "MP_MAX_MESSAGES": "5",
        "MP_UI_BIND_ADDR": "[::]:80",
        "MP_SMTP_BIND_ADDR": ":25",
        "MP_SMTP_REQUIRE_TLS": "false",
        "MP_VERBOSE": "true",
    }


def test_flags_count_more_than_variables(unpacked: Path, tmp_path: Path) -> None:
    variables = {
        "MAILSINK_RETENTION_MESSAGES": "7",
        "MAILSINK_DATA": str(tmp_path / "data"),
        "MAILSINK_SMTP": "nonsense",
    }
    flags = ("--smtp", "nowhere.invalid:25", "--max", "x")
    code, _, said = run(unpacked, "mailpit", *flags, **variables)
    assert code == 1
    assert said == (
        "mailsink: MAILSINK_RETENTION_MESSAGES is 'x', but takes "
        "a whole number up to 2147483647; 0 is no limit\n"
    )


def test_an_unknown_flag(unpacked: Path) -> None:
    code, _, said = run(unpacked, "mailpit", "--smpt", "127.0.0.1:1")
    assert code == 2
    assert "unrecognized arguments: --smpt" in said
