"""What pages of other origins may do where a setting names them, and what they are told."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from mailsink.web.front import Front
from mailsink.web.guard import AsgiMessage, AsgiScope, Guard, Receive, Send
from mailsink.web.request_rules import Rules

APP = "http://localhost:3000"
ALLOW_ORIGIN = b"access-control-allow-origin"


async def application(scope: AsgiScope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def guard(*origins: str, front: Front | None = None) -> Guard:
    rules = Rules((), "build-7", "", origins)
    return Guard(application, rules, front=front)


def sent(
    asked: Guard, method: str, path: str, kind: str = "http", **headers: str
) -> list[AsgiMessage]:
    """Return what a request is answered."""
    given = {"host": "localhost:8025", "sec_fetch_site": "same-site", **headers}
    scope = {
        "type": kind, "method": method, "path": path, "client": ["10.0.0.1", 1],
        "headers": [
            (name.replace("_", "-").encode(), value.encode())
            for name, value in given.items()
        ],
    }  # fmt: skip
    messages: list[AsgiMessage] = []

    async def send(message: AsgiMessage) -> None:
        messages.append(message)

    async def receive() -> AsgiMessage:
        raise AssertionError

    asyncio.run(asked(scope, receive, send))
    return messages


def answer(*arguments: Any, **headers: str) -> tuple[int, dict[bytes, bytes]]:
    start = sent(*arguments, **headers)[0]
    return start["status"], dict(start["headers"])


def preflight(
    asked: Guard, path: str, **headers: str
) -> tuple[int, dict[bytes, bytes]]:
    headers = {"origin": APP, "access_control_request_method": "DELETE", **headers}
    return answer(asked, "OPTIONS", path, **headers)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/api/v3/messages", "/api/v1/messages", "/api/v2/messages"]
)
def test_the_api_is_for_the_pages_of_named_origins(method: str, path: str) -> None:
    status, headers = answer(guard(APP), method, path, origin=APP)
    assert (status, headers[ALLOW_ORIGIN]) == (200, APP.encode())
    assert headers[b"vary"] == b"Origin"
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3001", "https://localhost:3000", "http://localhost", "null",
     "http://localhost:3000.evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_all_others_are_refused(method: str, origin: str) -> None:
    status, headers = answer(guard(APP), method, "/api/v3/messages", origin=origin)
    assert status == 403
    assert ALLOW_ORIGIN not in headers
    assert headers[b"vary"] == b"Origin"
    status, headers = answer(guard(), method, "/api/v3/messages", origin=origin)
    assert status == 403
    assert b"vary" not in headers


@pytest.mark.parametrize("path", ["/test-message", "/messages/1/delete", "/settings"])
def test_pages_are_for_nobody_else(path: str) -> None:
    status, headers = answer(guard(APP), "POST", path, origin=APP)
    assert (status, headers.get(ALLOW_ORIGIN)) == (403, None)
    assert preflight(guard(APP), path)[0] == 403


def test_what_goes_wrong_can_be_read_too() -> None:
    status, headers = answer(
        guard(APP), "POST", "/api/v3/messages", origin=APP, host="evil.example"
    )
    assert (status, headers[ALLOW_ORIGIN]) == (400, APP.encode())


def test_a_page_that_loads_ahead_is_refused_all_the_same() -> None:
    head = {"origin": APP, "sec_purpose": "prefetch"}
    assert answer(guard(APP), "GET", "/api/v1/messages", **head)[0] == 403


def test_a_preflight_is_answered() -> None:
    status, headers = preflight(guard(APP), "/api/v3/messages")
    assert (status, headers[ALLOW_ORIGIN]) == (204, APP.encode())
    assert b"DELETE" in headers[b"access-control-allow-methods"]
    assert b"Authorization" in headers[b"access-control-allow-headers"]
    assert b"access-control-allow-private-network" not in headers


def test_a_preflight_for_a_private_network_is_answered_as_it_asks() -> None:
    asks = {"access_control_request_private_network": "true"}
    _, headers = preflight(guard(APP), "/api/v3/messages", **asks)
    assert headers[b"access-control-allow-private-network"] == b"true"


def test_other_preflights_get_nothing() -> None:
    status, headers = preflight(guard(APP), "/api/v3/x", origin="http://evil.example")
    assert (status, headers.get(ALLOW_ORIGIN)) == (403, None)
    assert not any(name.startswith(b"access-control") for name in headers)
    assert preflight(guard(), "/api/v3/messages")[0] == 403


def test_an_options_that_is_no_preflight_is_the_apis() -> None:
    status, _ = answer(guard(APP), "OPTIONS", "/api/v3/messages", origin=APP)
    assert status == 200


@pytest.mark.parametrize("path", ["/ws/live", "/api/events", "/api/v2/websocket"])
def test_websockets(path: str) -> None:
    head = {"origin": APP, "sec_fetch_site": "cross-site"}
    (opened,) = sent(guard(APP), "GET", path, "websocket", **head)
    assert opened["type"] == "websocket.accept"


def test_a_websocket_that_is_refused_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (closed,) = sent(guard(), "GET", "/ws/live", "websocket", origin=APP)
    assert closed["type"] == "websocket.close"
    (record,) = caplog.records
    assert APP in record.getMessage()
    assert "MAILSINK_PUBLIC_URL" in record.getMessage()
    assert "MAILSINK_ALLOWED_ORIGINS" in record.getMessage()
    sent(guard(), "GET", "/ws/live", "websocket", host="evil.example")
    assert "MAILSINK_ALLOWED_HOSTS" in caplog.records[-1].getMessage()


@pytest.mark.parametrize(
    ("kind", "origin", "comes"),
    [("http", APP, False), ("websocket", APP, False),
     ("http", "http://localhost:8025", True), ("websocket", "http://localhost:8025", True),
     ("http", "", True)],
)  # fmt: skip
def test_cookies_of_pages_of_other_origins_do_not_count(
    kind: str, origin: str, comes: bool
) -> None:
    """All ports of a host are one site: the browser sends our cookies along."""
    seen: list[bool] = []

    async def noting(scope: AsgiScope, receive: Receive, send: Send) -> None:
        seen.append(any(name == b"cookie" for name, _ in scope["headers"]))

    head = {"cookie": "mailsink_session=x"} | ({"origin": origin} if origin else {})
    asked = guard(APP, "http://localhost:8025")
    asked.app = noting
    sent(asked, "GET", "/api/events", kind, sec_fetch_site="same-origin", **head)
    assert seen == [comes]


@pytest.mark.parametrize(
    ("referer", "comes"), [("", False), ("http://localhost:8025/sessions", True)]
)
def test_by_plain_http_cookies_count_where_a_page_of_ours_asks(
    referer: str, comes: bool
) -> None:
    """The browser says nothing else: a page on another port may have asked."""
    seen: list[bool] = []

    async def noting(scope: AsgiScope, receive: Receive, send: Send) -> None:
        seen.append(any(name == b"cookie" for name, _ in scope["headers"]))

    asked = guard()
    asked.app = noting
    head = {
        "cookie": "mailsink_session=x",
        "user_agent": "Mozilla/5.0",
        "accept": "*/*",
    }
    sent(asked, "GET", "/counts", sec_fetch_site="", referer=referer, **head)
    assert seen == [comes]


def test_a_page_cannot_pass_for_a_proxy() -> None:
    """Its name may lead to this machine, whose proxy is trusted (DNS rebinding)."""
    front = Front(proxies=(ip_network("10.0.0.0/8"),))
    head = {"x_forwarded_host": "localhost", "host": "evil.example:8025"}
    assert answer(guard(front=front), "GET", "/api/v3/messages", **head)[0] == 400
    head = {"x_forwarded_host": "evil.example", "sec_fetch_site": "same-origin"}
    assert answer(guard(front=front), "GET", "/api/v3/messages", **head)[0] == 400


def test_behind_a_trusted_proxy_its_origin_is_ours() -> None:
    front = Front(proxies=(ip_network("10.0.0.0/8"),))
    head = {"x_forwarded_host": "localhost:8443", "x_forwarded_proto": "https"}
    origin = {"origin": "https://localhost:8443", "sec_fetch_site": "same-origin"}
    assert answer(guard(front=front), "POST", "/settings", **head, **origin)[0] == 200
    assert answer(guard(), "POST", "/settings", **head, **origin)[0] == 403


@pytest.mark.parametrize(
    ("public_url", "proto", "expected"),
    [
        ("https://mail.example/", "https", True),
        ("https://mail.example", "https", True),
        ("https://mail.example/", "http", False),
        ("https://mail.example/sink/", "https", False),
        ("https://localhost/", "https", False),
        ("https://a.localhost:8443/", "https", False),
        ("http://mail.example/", "https", False),
        ("", "https", False),
    ],
)
def test_browsers_are_kept_on_https_where_a_host_is_ours_alone(
    public_url: str, proto: str, expected: bool
) -> None:
    front = Front(proxies=(ip_network("10.0.0.0/8"),))
    asked = Guard(application, Rules((), "build-7", public_url), front=front)
    _, headers = answer(asked, "GET", "/", x_forwarded_proto=proto)
    assert (b"strict-transport-security" in headers) is expected
