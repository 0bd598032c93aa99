"""The environment as a Config: defaults, what each variable takes, and clear refusals."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.urls import get_resolver

from mailsink.conf import Config, ConfigError, from_environment, load
from mailsink.public_urls import OWN_NAMES, PublicUrl
from mailsink.smtp.listener_kinds import LISTENER_KINDS
from mailsink.smtp.profile import Profile
from mailsink.values import ADDRESSES, ListenAddress


def config(**variables: str) -> Config:
    return from_environment(
        {f"MAILSINK_{name}": value for name, value in variables.items()}
    )


def refusal(**variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config(**variables)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_it_works_without_any_variable() -> None:
    found = config()
    assert found.listeners["smtp"] == (
        ListenAddress("127.0.0.1", 1025),
        ListenAddress("::1", 1025),
    )
    assert found.http == (ListenAddress("127.0.0.1", 8025), ListenAddress("::1", 8025))
    assert found.data == Path("data").absolute()
    assert found.database_url == f"sqlite:///{found.data}/mailsink.sqlite3"
    assert found.max_message_size == 50 * 1024 * 1024
    assert (found.retention_messages, found.retention_sessions) == (50_000, 50_000)
    assert (found.retention_days, found.trash_hours) == (0, 24)
    assert [kind for kind, at in found.listeners.items() if at] == ["smtp"]
    assert found.profile == Profile(hostname=found.hostname)
    assert not found.insecure
    assert found.smtp_auth == ()
    assert found.warnings == ()


def test_an_empty_variable_is_an_unset_one() -> None:
    empty = {field.name.upper(): " " for field in fields(Config)}
    empty |= {"SMTP_LINKS": "", "SMTP_BARE_NEWLINES": ""}
    empty |= {kind.setting: "" for kind in LISTENER_KINDS.values()}
    empty |= {"OIDC_ISSUER": "", "OIDC_CLIENT_SECRET": " "}
    for name in ("WARNINGS", "PROFILE", "LISTENERS", "OIDC", "LISTEN_FDS"):  # systemd's
        del empty[name]
    assert config(**empty) == config()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("off", ()),
        ("OFF", ()),
        ("127.0.0.1:0", (ListenAddress("127.0.0.1", 0),)),
        ("[::1]:25", (ListenAddress("::1", 25),)),
        ("mail.example:2525, [::]:65535", (
            ListenAddress("mail.example", 2525), ListenAddress("::", 65535))),
    ],
)  # fmt: skip
def test_addresses(text: str, found: tuple[ListenAddress, ...]) -> None:
    assert ADDRESSES.parse(text) == found


@pytest.mark.parametrize(
    "text",
    ["1025", ":1025", "localhost", "localhost:", "::1:25", "[::1]", "[::1]25", "a:b",
     "a:65536", "a:-1", "a:+1", "a:\u0661", "a:1,", "a:1;b:2", "[127.0.0.1:1]:25,off"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    said = refusal(SMTP=text)
    assert said.startswith(f"MAILSINK_SMTP is {text!r}, but takes ADDR:PORT")
    assert refusal(HTTP=text).startswith("MAILSINK_HTTP")


def test_how_the_listeners_behave() -> None:
    found = config(
        SMTP_REQUIRE_AUTH="yes",
        SMTP_MAX_RECIPIENTS="5",
        SMTP_MAX_LINE="2K",
        SMTP_MAX_TEXT_LINE="1000",
        SMTP_MAX_PATH="256",
        SMTP_MAX_COMMANDS="20000",
        SMTP_MAX_TRANSCRIPT="2M",
        SMTP_TURN="10.0.0.0/8, ::1",
        SMTP_PROXY_FROM="192.0.2.1",
        SMTP_HIDE="chunking Dsn",
    ).profile
    assert found.require_auth
    assert not found.require_tls
    assert found.max_recipients == 5
    assert found.max_commands == 20_000
    assert config().profile.max_commands == 100_000
    assert found.max_transcript == 2 * 1024 * 1024
    assert config().profile.max_transcript == 32 * 1024 * 1024
    assert (found.max_line, found.max_text_line, found.max_path) == (2048, 1000, 256)
    assert found.turn == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert found.proxy_from == (ip_network("192.0.2.1"),)
    assert found.hidden == {"CHUNKING", "DSN"}
    assert config(SMTP_TURN="Authenticated").profile.turn == "authenticated"


@pytest.mark.parametrize(
    ("name", "text", "takes"),
    [
        ("SMTP_TURN", "on", "off, authenticated, or IP networks by comma"),
        ("SMTP_XCLIENT_FROM", "10.0.0.1/8", "IP networks like 10.0.0.0/8"),
        ("SMTP_HIDE", "CHUNKING;DSN", "names of extensions"),
        ("SMTP_MAX_ERRORS", "-1", "a whole number"),
        ("SMTP_MAX_LINE", "511", "512 bytes or more"),
        ("SMTP_MAX_TEXT_LINE", "long", "bytes, or a number with K"),
    ],
)
def test_what_the_listeners_do_not_take(name: str, text: str, takes: str) -> None:
    said = refusal(**{name: text})
    assert said.startswith(f"MAILSINK_{name} is {text!r}, but takes {takes}")


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ({}, None),
        ({"SMTP_MAX_CONNECTIONS_PER_CLIENT": ""}, None),
        ({"SMTP_MAX_CONNECTIONS_PER_CLIENT": "0"}, 0),
        ({"SMTP_MAX_CONNECTIONS_PER_CLIENT": "20"}, 20),
    ],
)
def test_connections_per_client_unset_is_not_0(
    given: dict[str, str], most: int | None
) -> None:
    assert config(**given).profile.max_connections_per_client == most


def test_only_the_default_ipv6_address_may_be_missing() -> None:
    assert [each.optional for each in config().listeners["smtp"]] == [False, True]
    assert not any(
        each.optional for each in config(SMTP="[::1]:1025").listeners["smtp"]
    )


@pytest.mark.parametrize(
    ("text", "octets"),
    [("0", 0), ("1000", 1000), ("5K", 5120), ("50m", 52_428_800), ("2G", 2 << 30)],
)
def test_sizes(text: str, octets: int) -> None:
    assert config(MAX_MESSAGE_SIZE=text).max_message_size == octets


@pytest.mark.parametrize(
    ("name", "text", "takes"),
    [
        ("MAX_MESSAGE_SIZE", "K", "K, M or G"),
        ("MAX_MESSAGE_SIZE", "5 MB", "K, M or G"),
        ("MAX_MESSAGE_SIZE", "-1", "K, M or G"),
        ("INSECURE", "maybe", "1 or 0, yes or no"),
        ("RETENTION_MESSAGES", "50,000", "a whole number"),
        ("RETENTION_SESSIONS", "1.5", "a whole number"),
        ("RETENTION_DAYS", "9" * 30, "a whole number"),
        ("RETENTION_DAYS", "36501", "a whole number of days up to 36500"),
        ("TRASH_HOURS", "1h", "a whole number"),
        ("TRASH_HOURS", "100000000", "a whole number of hours up to 876000"),
        ("SMTP_MAX_ERRORS", "2147483648", "a whole number up to 2147483647"),
        ("SMTP_LINKS", "none", "errors or all or off"),
        ("SMTP_BARE_NEWLINES", "fix", "flag or reject"),
        ("HOSTNAME", "two words", "a name"),
        ("HOSTNAME", "a." * 127 + "b", "a name"),
        ("PUBLIC_URL", "mail.example", "a URL"),
        ("PUBLIC_URL", "https://mail.example/?x", "a URL"),
        ("PUBLIC_URL", "https://mail.example:x", "a URL"),
        ("PUBLIC_URL", "https://mail.example/a//b", "a URL like"),
        ("PUBLIC_URL", "https://mail.example/a/../b", "a URL like"),
        ("PUBLIC_URL", "https://mail.example/a b", "a URL like"),
        ("PUBLIC_URL", "https://mail.example/é", "a URL like"),
        ("PUBLIC_URL", "https://mail.example/a%20b", "a URL like"),
        ("PUBLIC_URL", "https://mail.example/" + "a" * 200, "a URL like"),
        ("PUBLIC_URL", "https://mail.example/api/", "does not begin with a name"),
        ("PUBLIC_URL", "//mail.example/", "a URL like"),
        ("PUBLIC_URL", "/messages", "or its path alone"),
        ("ALLOWED_ORIGINS", "*", "and no *"),
        ("ALLOWED_ORIGINS", "null", "origins like"),
        ("ALLOWED_ORIGINS", "https://*.example", "origins like"),
        ("ALLOWED_ORIGINS", "https://app.example/path", "origins like"),
        ("ALLOWED_ORIGINS", "https://app.example?x", "origins like"),
        ("ALLOWED_ORIGINS", "https://ann@app.example", "origins like"),
        ("ALLOWED_ORIGINS", "app.example", "origins like"),
        ("TRUSTED_PROXIES", "proxy.example", "IP networks"),
        ("TRUSTED_PROXIES", "*", "IP networks"),
        *(
            ("PUBLIC_URL", f"http://{host}", "a URL like")
            for host in (
                "h;script-src *",
                "a b",
                "a\nb",
                "h'",
                "h,i",
                "a..b",
                "x" * 64,
                "b\u00fc",
                "@h",
                "[::1",
                "[fe80::1%a;b]",
                "[v1.x]",
                ":80",
                "h:0",
                "h:65536",
            )
        ),
        ("ALLOWED_HOSTS", "http://mail.example", "names"),
        ("TLS_CERT", "/no/such/file", "a PEM file"),
        ("HTTPS_KEY", "/no/such/file", "a PEM file"),
        ("HTTPS", "8443", "ADDR:PORT"),
    ],
)
def test_a_bad_value_is_named_with_what_it_takes(
    name: str, text: str, takes: str
) -> None:
    said = refusal(**{name: text})
    assert said.startswith(f"MAILSINK_{name} is {text!r}, but takes ")
    assert takes in said


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_what_is_true(text: str) -> None:
    assert config(INSECURE=text).insecure


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_what_is_false(text: str) -> None:
    assert not config(INSECURE=text).insecure


def test_names_and_urls_are_tidied() -> None:
    found = config(
        ALLOWED_HOSTS="Mail.Example, *.test,", PUBLIC_URL="https://a.example/"
    )
    assert found.allowed_hosts == ("mail.example", "*.test")
    assert str(found.public_url) == "https://a.example"


def test_a_public_url_is_as_browsers_write_it() -> None:
    for given, found in {
        "HTTP://A_b.Example:80": "http://a_b.example",
        "https://a.example:8443/": "https://a.example:8443",
        "http://[::0001]:8025": "http://[::1]:8025",
        "http://192.0.2.7:": "http://192.0.2.7",
    }.items():
        assert str(config(PUBLIC_URL=given).public_url) == found


def test_a_public_url_may_have_a_path() -> None:
    found = config(PUBLIC_URL="https://Dev.Example.com:443/q/mail-1/")
    assert str(found.public_url) == "https://dev.example.com/q/mail-1"
    assert found.public_url == PublicUrl("https://dev.example.com", "/q/mail-1")
    alone = config(PUBLIC_URL="/q/mail/").public_url
    assert (alone, str(alone)) == (PublicUrl("", "/q/mail"), "")
    assert config(PUBLIC_URL="/").public_url == config().public_url == PublicUrl()


def test_origins_are_as_browsers_write_them() -> None:
    found = config(ALLOWED_ORIGINS="HTTP://LocalHost:80/, https://app.example:8443")
    assert found.allowed_origins == ("http://localhost", "https://app.example:8443")
    assert config().allowed_origins == ()


def test_trusted_proxies() -> None:
    found = config(TRUSTED_PROXIES="10.0.0.0/8, ::1").trusted_proxies
    assert found == (ip_network("10.0.0.0/8"), ip_network("::1"))


def test_every_first_name_of_a_path_is_known() -> None:
    """A path to be served at must not begin with one of them."""
    routes = get_resolver().url_patterns
    patterns = [*_flat(routes), *map(str, ["static/", "ws/"])]
    names = {
        re.split(r"[/<^+.]", re.sub(r"^\^/\+\(\?P<\w+>", "", each))[0]
        for each in patterns
    }
    assert {each for each in names if each} <= OWN_NAMES


def _flat(patterns: Iterable[Any], before: str = "") -> Iterator[str]:
    for each in patterns:
        path = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _flat(each.url_patterns, path)
        else:
            yield path


def test_dates_do_not_run_out() -> None:
    longest = config(RETENTION_DAYS="36500", TRASH_HOURS="876000")
    assert datetime.now() - timedelta(days=longest.retention_days)
    assert datetime.now() - timedelta(hours=longest.trash_hours)


def test_logins(tmp_path: Path) -> None:
    assert config(SMTP_AUTH="ann:s:cret bob:").smtp_auth == (
        ("ann", "s:cret"),
        ("bob", ""),
    )
    file = tmp_path / "logins"
    file.write_text("ann:one\nbob:two\n")
    assert config(SMTP_AUTH_FILE=str(file)).smtp_auth == (
        ("ann", "one"),
        ("bob", "two"),
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SMTP_AUTH", "swordfish"),
        ("SMTP_AUTH", ":swordfish"),
        ("DATABASE_URL", "mysql://me:swordfish@db/mail"),
        ("DATABASE_URL", "postgresql://me:swordfish@db:port/mail"),
        ("DATABASE_URL", "postgresql://me:swordfish@db"),
        ("DATABASE_URL", "postgresql://me:swordfish@db/mail?pool=x"),
        ("DATABASE_URL", "postgresql://me:swordfish@db/mail?x=%C2%B2"),
        ("DATABASE_URL", "postgresql://me:swordfish@db/mail%00"),
        ("DATABASE_URL", f"postgresql://me:swordfish@db/{'x' * 64}"),
        ("DATABASE_URL", "postgresql://me:swordfish@db/mail?cursor_factory=x"),
        ("DATABASE_URL", "sqlite://:memory:?swordfish"),
        ("DATABASE_URL", "postgresql://me:swordfish@a..b/mail"),
        ("REDIS_URL", "http://me:swordfish@cache"),
        ("REDIS_URL", f"redis://me:swordfish@{'x' * 64}:6379/0"),
    ],
)
def test_a_bad_secret_is_not_shown(name: str, text: str) -> None:
    said = refusal(**{name: text})
    assert said.startswith(f"MAILSINK_{name} takes ")
    assert "swordfish" not in said


def test_a_database_may_have_a_socket_in_any_folder() -> None:
    url = f"postgresql://me@%2F{'x' * 80}/mail"
    assert config(DATABASE_URL=url, SECRET_KEY="x").database_url == url


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from the file\n")
    assert config(SECRET_KEY_FILE=str(file)).secret_key == "from the file"
    assert "are both set" in refusal(SECRET_KEY="x", SECRET_KEY_FILE=str(file))
    said = refusal(REDIS_URL_FILE=str(tmp_path / "missing"))
    assert "MAILSINK_REDIS_URL_FILE" in said
    assert "No such file" in said


def test_a_secret_may_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as executor:
        executor.submit(pipe.write_text, "from the pipe\n")
        assert config(SECRET_KEY_FILE=str(pipe)).secret_key == "from the pipe"


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "SMTP_AUTH", "DATABASE_URL", "REDIS_URL"]
)
def test_a_secret_is_not_read_without_end(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"

    def said(path: object) -> str:
        return refusal(**{f"{name}_FILE": str(path)}).removeprefix(
            f"MAILSINK_{name}_FILE is {str(path)!r}, which cannot be read: "
        )

    assert said("/dev/zero") == "it is a device"
    file.write_bytes(b"x" * (1024 * 1024 + 1))
    assert said(file) == "it has more than 1 MiB"
    for octets in (b"\xff", b"a\0b"):
        file.write_bytes(octets)
        assert said(file) == "it is not text"
    assert said(tmp_path) == "Is a directory"


def test_secrets_do_not_show_in_a_config() -> None:
    shown = repr(config(SECRET_KEY="swordfish", SMTP_AUTH="ann:swordfish"))
    assert "swordfish" not in shown


def test_another_database_needs_a_secret_key() -> None:
    url = "postgresql://me@db/mail"
    assert refusal(DATABASE_URL=url).startswith("MAILSINK_SECRET_KEY (or ")
    assert config(DATABASE_URL=url, SECRET_KEY="x").database_url == url


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.touch()
    assert "need each other" in refusal(TLS_CERT=str(file))
    assert "MAILSINK_HTTPS_KEY need each other" in refusal(HTTPS_CERT=str(file))


def test_a_login_that_is_required_is_not_hidden() -> None:
    refused = refusal(SMTP_REQUIRE_AUTH="yes", SMTP_HIDE="DSN,AUTH")
    assert "MAILSINK_SMTP_HIDE" in refused


def test_an_unknown_variable_is_warned_about_with_the_nearest_name() -> None:
    found = config(RETENTION_MESAGES="5", COLOUR="blue").warnings
    assert found == (
        "MAILSINK_COLOUR is not a variable of Mailsink",
        "MAILSINK_RETENTION_MESAGES is not a variable of Mailsink; did you mean "
        "MAILSINK_RETENTION_MESSAGES?",
    )


def test_a_name_that_hides_nothing_is_warned_about() -> None:
    found = config(SMTP_HIDE="dsn PIPELINING, cram-md5, CHUNKNG, X")
    assert found.profile.hidden >= {"DSN", "PIPELINING", "CRAM-MD5"}
    assert found.warnings == (
        "MAILSINK_SMTP_HIDE names CHUNKNG, which is not an extension; "
        "did you mean CHUNKING?",
        "MAILSINK_SMTP_HIDE names X, which is not an extension",
    )


def test_the_secret_key_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    environ = {"MAILSINK_DATA": str(tmp_path / "new" / "data")}
    first = load(environ)
    assert len(first.secret_key) >= 50
    assert load(environ).secret_key == first.secret_key
    assert stat.S_IMODE((first.data / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(first.data.stat().st_mode) == 0o700
    assert os.listdir(first.data) == ["secret-key"]


ADVICE = "Name a folder that Mailsink can create and write to."


def unusable(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load({"MAILSINK_DATA": str(folder)})
    said = str(caught.value)
    start = f"MAILSINK_DATA: {str(folder)!r} cannot be used: "
    assert said.startswith(start)
    assert said.endswith(f". {ADVICE}")
    assert "\n" not in said
    return said.removeprefix(start).removesuffix(f". {ADVICE}")


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("file", "file/data", "file/a\nb/data", "loop", "dangling"):
        assert unusable(tmp_path / name) == "Not a directory"
    assert unusable(tmp_path / ("d" * 300)) == "File name too long"


def test_a_data_folder_whose_files_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret-key").mkdir()
    key = str(tmp_path / "secret-key")
    assert unusable(tmp_path) == f"{key!r}: Is a directory"


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b", "a\nb", "é", "\udcff"])
def test_the_database_is_in_the_data_folder_whatever_its_name(
    tmp_path: Path, name: str
) -> None:
    found = config(DATA=str(tmp_path / name))
    parsed = dj_database_url.parse(found.database_url)
    assert parsed["NAME"] == str(tmp_path / name / "mailsink.sqlite3")


def test_tls_cannot_be_required_and_hidden() -> None:
    said = refusal(SMTP_REQUIRE_TLS="yes", SMTP_HIDE="starttls")
    assert said == (
        "MAILSINK_SMTP_REQUIRE_TLS needs STARTTLS, which MAILSINK_SMTP_HIDE hides"
    )


def test_which_tls_versions_there_are() -> None:
    assert config().tls_min == "1.2"
    assert config(TLS_MIN="1.0").tls_min == "1.0"
    assert refusal(TLS_MIN="1.4").endswith("takes 1.0 or 1.1 or 1.2 or 1.3")


class TestRoutes:
    def test_they_are_toml(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("pass\n")
        found = config(
            ROUTES=f"""
                [staging]
                host = "smtp.example.com"
                port = 587
                allow = ["*.test"]
                username = "mailsink"
                password_file = "{secret}"
            """
        ).routes
        assert found == {
            "staging": {
                "host": "smtp.example.com", "port": 587, "allow": ["*.test"],
                "username": "mailsink", "password": "pass",
            }
        }  # fmt: skip
        assert "pass" not in repr(config(ROUTES='[a]\nhost="b"\npassword="pass"'))

    def test_in_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "routes.toml"
        file.write_text('[a]\nhost = "b"\n')
        assert config(ROUTES_FILE=str(file)).routes == {"a": {"host": "b"}}

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("x", "MAILSINK_ROUTES takes routes in TOML: Expected"),
            ('a = "b"', "a is not a table; a route begins with [a]"),
            ("[a]", "a has no host"),
            ("[a]\nhost = 1", "host of a is not text"),
            ('[a]\nhost = "b"\nport = "25"', "port of a is not a number"),
            ('[a]\nhost = "b"\nport = true', "port of a is not a number"),
            ('[a]\nhost = "b"\nallow = "x"', "allow of a is not a list of texts"),
            ('[a]\nhost = "b"\nallow = [1]', "allow of a is not a list of texts"),
            ('[a]\nhost = "b"\nprot = 25', "a has no prot; it takes host, port"),
            ('[a]\nhost = "b"\npassword = "x"\npassword_file = "y"', "keep one"),
            (
                '[a]\nhost = "b"\npassword_file = "/none"',
                "password_file of a is '/none'",
            ),
        ],
    )
    def test_what_is_none(self, text: str, words: str) -> None:
        said = refusal(ROUTES=text)
        assert said.startswith("MAILSINK_ROUTES")
        assert words in said


def test_strict_mode() -> None:
    assert (config().strict, config().strict_ignore) == ("off", ())
    strict = config(STRICT="Error", STRICT_IGNORE="local_link, clipped")
    assert (strict.strict, strict.strict_ignore) == ("error", ("local_link", "clipped"))
    assert "off or report or error" in refusal(STRICT="yes")
    assert "MAILSINK_STRICT_IGNORE" in refusal(STRICT_IGNORE="local-link")


def test_the_guard() -> None:
    assert not config().guard
    assert config(GUARD="yes").guard
    assert "MAILSINK_GUARD" in refusal(GUARD="maybe")


_ISSUER = "https://sso.example.com/realms/staff"


def test_an_identity_provider(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("swordfish\n")
    found = config(
        OIDC_ISSUER=_ISSUER, OIDC_CLIENT_ID="mailsink", OIDC_CLIENT_SECRET_FILE=str(file),
        OIDC_DOMAINS="@Example.com, example.org", OIDC_GROUPS="groups", OIDC_NAME="Staff",
        OIDC_SCOPES="openid  email groups",
    )  # fmt: skip
    assert found.oidc
    assert (found.oidc.issuer, found.oidc.client_secret) == (_ISSUER, "swordfish")
    assert found.oidc.domains == ("example.com", "example.org")
    assert found.oidc.scopes == ("openid", "email", "groups")
    assert "swordfish" not in repr(found)
    assert config().oidc is None
    for issuer in ("http://localhost:8080/x", "http://127.0.0.1:1", "http://[::1]:1"):
        assert config(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="x").oidc


@pytest.mark.parametrize(
    ("name", "value"),
    [("ISSUER", "http://sso.example.com"), ("ISSUER", "sso.example.com"), ("ISSUER", "https://"),
     ("ISSUER", "https://a/?b"), ("ISSUER", "https://u@a"), ("ISSUER", f"https://{'a' * 250}"),
     ("DOMAINS", "*.example.com"), ("DOMAINS", "a b@c"), ("SCOPES", "email"), ("SCOPES", 'openid "'),
     ("GROUPS", "a b"), ("NAME", "x" * 61), ("NAME", "a\tb")],
)  # fmt: skip
def test_what_no_identity_provider_has(name: str, value: str) -> None:
    given = {"OIDC_ISSUER": _ISSUER, "OIDC_CLIENT_ID": "x"} | {f"OIDC_{name}": value}
    assert refusal(**given).startswith(f"MAILSINK_OIDC_{name}")


def test_an_issuer_and_a_client_id_need_each_other() -> None:
    for given in ({"OIDC_ISSUER": _ISSUER}, {"OIDC_CLIENT_ID": "x"}):
        assert "need each other" in refusal(**given)
