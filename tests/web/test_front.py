"""What a proxy in front changes of a request, and what nobody else can."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from mailsink.web.front import SENT_HOST, Front
from mailsink.web.request_rules import header

PLAIN = Front()
BELOW = Front("/a/b")
TRUSTING = Front(proxies=(ip_network("10.0.0.0/8"), ip_network("::1")))


def scope(path: str = "/", client: str = "10.0.0.1", **fields: str) -> dict[str, Any]:
    """Return the scope of a request to mail.internal, with X-Forwarded fields."""
    given = [
        (f"x-forwarded-{name.rstrip('_')}".encode(), value.encode())
        for name, value in fields.items()
    ]
    return {
        "type": "http", "path": path, "scheme": "http", "client": [client, 4711],
        "headers": [(b"host", b"mail.internal"), *given],
    }  # fmt: skip


def host(scope: dict[str, Any]) -> str:
    return header(scope["headers"], b"host")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b/sessions", "/sessions"),
        ("/a/b/", "/"),
        ("/a/b", ""),
        ("/sessions", "/sessions"),
        ("/", "/"),
        ("/a/bc", "/a/bc"),
        ("/A/B/sessions", "/A/B/sessions"),
        ("/a/b/a/b/", "/a/b/"),
        ("/a/b//view/x", "//view/x"),
    ],
)
def test_the_path_is_taken_away_once_if_it_is_there(path: str, expected: str) -> None:
    seen = BELOW.seen(scope(path))
    assert (seen["path"], seen["root_path"]) == (expected, "/a/b")


def test_without_a_setting_nothing_is_taken_away_and_nobody_believed() -> None:
    given = scope("/a/b/", for_="192.0.2.7", proto="https", host="x", prefix="/a/b")
    assert PLAIN.seen(given) == {**given, "root_path": ""}


def test_who_is_no_trusted_proxy_is_not_believed() -> None:
    fields = {"for_": "192.0.2.7", "proto": "https", "host": "x", "prefix": "/a"}
    given = scope("/a/", client="192.0.2.1", **fields)
    assert TRUSTING.seen(given) == {**given, "root_path": ""}


def test_a_trusted_proxy_is_believed() -> None:
    given = scope(
        "/x", for_="192.0.2.7", proto="https", host="mail.example:8443", prefix="/a/b/"
    )
    seen = TRUSTING.seen(given)
    assert seen["client"] == ["192.0.2.7", 0]
    assert seen["scheme"] == "https"
    assert (host(seen), seen[SENT_HOST]) == ("mail.example:8443", "mail.internal")
    assert (seen["path"], seen["root_path"]) == ("/x", "/a/b")


@pytest.mark.parametrize("client", ["::1", "::ffff:10.0.0.1"])
def test_addresses_of_version_6(client: str) -> None:
    assert TRUSTING.seen(scope(client=client, proto="https"))["scheme"] == "https"


@pytest.mark.parametrize("client", ["", "unix:", "fe80::1%eth0"])
def test_a_client_without_an_address_is_not_trusted(client: str) -> None:
    assert TRUSTING.seen(scope(client=client, proto="https"))["scheme"] == "http"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.8, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("evil, 192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("192.0.2.7, evil, 10.9.9.9", "10.9.9.9"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("192.0.2.7:55", "192.0.2.7"),
        ("[2001:db8::7]:55", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::7%<b>" + 80 * "x", "fe80::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("evil", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("192.0.2.7,", "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_who_is_no_proxy(fields: str, expected: str) -> None:
    assert TRUSTING.seen(scope(for_=fields))["client"][0] == expected


@pytest.mark.parametrize(
    ("kind", "given", "proto", "expected"),
    [
        ("http", "http", "https", "https"),
        ("http", "http", "HTTPS", "https"),
        ("http", "http", "https, http", "http"),
        ("http", "http", "gopher", "http"),
        ("http", "http", "", "http"),
        ("http", "https", "http", "http"),
        ("http", "http", "wss", "https"),
        ("websocket", "", "https", "wss"),
        ("websocket", "ws", "wss", "wss"),
        ("websocket", "wss", "http", "ws"),
    ],
)
def test_the_scheme(kind: str, given: str, proto: str, expected: str) -> None:
    asked = {**scope(proto=proto), "type": kind, "scheme": given}
    assert TRUSTING.seen(asked)["scheme"] == expected


@pytest.mark.parametrize(
    "prefix", ["a", "//evil.example", "/../x", "/a b", "/a?b", "/", "", "/" + "a" * 300]
)
def test_a_path_that_no_page_could_name_is_none(prefix: str) -> None:
    assert TRUSTING.seen(scope(prefix=prefix))["root_path"] == ""


def test_the_path_that_a_proxy_names_counts_before_the_setting() -> None:
    both = Front("/mail", TRUSTING.proxies)
    assert both.seen(scope("/a/x", prefix="/a"))["root_path"] == "/a"
    assert both.seen(scope("/a/x", prefix="/a"))["path"] == "/x"
    assert both.seen(scope("/mail/x"))["root_path"] == "/mail"
