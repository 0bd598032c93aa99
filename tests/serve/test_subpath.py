"""Served at a path: every address that a page, a script or the API is given is below it.

The pages are visited as a browser would, from the inbox on, whatever links there are.
"""

from __future__ import annotations

import http.client
import json
import re
import smtplib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser as Html

from tests.e2e.wire import Wire
from tests.mails import BOUNCE, plain, rich
from tests.running import Mailsink

ROOT = "/a/b"
PUBLIC = "https://dev.example.com"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"\0" * 24
# An absolute path, alone or among the words of an attribute
_PATH = re.compile(r"(?:^|(?<=[\s,;'\"(=]))/(?=[a-z0-9])[^\s\"'<>]*")
# What is no address of ours though it begins with a slash: paths of files and of keys
_OTHERS = frozenset(
    "data-keys placeholder title aria-label value data-text d pattern alt".split()
)
_ID = re.compile(
    r"[0-9a-f-]{36}|(?<=/s/)[^/]+|(?<=/)\d+\b|(?<=/parts/).+|\.[0-9a-f]{12}"
)


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A Mailsink that is served at a path, with something on each of its pages."""
    server = Mailsink(
        tmp_path_factory.mktemp("below"),
        PUBLIC_URL=f"{PUBLIC}{ROOT}/",
        OUTGOING="yes",
        WEBHOOKS_PRIVATE="127.0.0.0/8",
        TRUSTED_PROXIES="127.0.0.1",
    )
    with smtplib.SMTP(*server.smtp) as client:
        html = '<p>Logo <img src="cid:logo"> <a href="https://shop.test">Shop</a>'
        for mail in (rich("With a picture", html, PNG), plain("Plain"), BOUNCE):
            client.sendmail("shop@shop.test", ["ann@example.com"], mail)
        client.docmd("RCPT", "TO:<late@example.com>")
    server.get("messages/wait?timeout=120&count=3")
    server.post("routes", name="hop", host="127.0.0.1", port=9, tls="off", allow=["*"])
    server.post("webhooks", url="http://127.0.0.1:9/", events=["message.created"])
    server.post("saved-searches", name="Bills", query="subject:bill")
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


class Answer:
    """An answer of the server."""

    def __init__(
        self,
        server: Mailsink,
        path: str,
        method: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> None:
        connection = http.client.HTTPConnection(
            urlsplit(server.url).netloc, timeout=120
        )
        connection.request(method, path, body, headers)
        with connection.getresponse() as response:
            self.status = response.status
            self.headers = response.headers
            self.body = response.read()
        connection.close()

    @property
    def kind(self) -> str:
        return self.headers.get_content_type()


def ask(
    server: Mailsink,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> Answer:
    return Answer(server, path, method, body, headers)


def addresses(page: bytes) -> Iterator[tuple[str, str]]:
    """Yield each absolute path in the attributes of a page, with where it stands."""
    root = Html(page.decode()).root
    assert root
    for node in root.traverse():
        for name, value in (node.attributes or {}).items():
            if value and name not in _OTHERS:
                for found in _PATH.findall(value):
                    yield f"<{node.tag} {name}>", found


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def shape(path: str) -> str:
    """Return what a path has in common with others of its kind."""
    parts = urlsplit(path)
    names = re.findall(r"([a-z_]+)=", parts.query)
    return _ID.sub("*", parts.path) + "?" + "&".join(sorted(names))


def is_page(answer: Answer) -> bool:
    shown = answer.headers.get("Content-Disposition") or "inline"
    return answer.kind == "text/html" and shown.startswith("inline")


def named(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the absolute paths that an answer names, with where they stand."""
    if moved := answer.headers.get("Location"):
        yield "Location", moved
    elif is_page(answer):
        yield from addresses(answer.body)
    elif answer.kind == "application/json":
        for each in strings(json.loads(answer.body)):
            if _PATH.match(each):
                yield "JSON", each


def starts(server: Mailsink) -> list[str]:
    """Return where the visit begins: the inbox, and answers of the API that have paths."""
    latest = server.get("messages/latest")
    kinds = ("messages", "sessions", "transactions", "rules", "releases", "webhooks")
    paths = [
        *kinds,
        f"sessions/{latest['session']}",
        f"sessions/{latest['session']}/findings",
        f"sessions/{latest['session']}/replay",
        f"messages/{latest['id']}",
        "trace?address=ann@example.com",
    ]
    return [f"{ROOT}/", *(f"{ROOT}/api/v3/{each}" for each in paths)]


def test_no_address_on_any_page_leaves_the_path(below: Mailsink) -> None:
    """Of each kind of address one is visited, and the inbox's with all it leads to."""
    todo, seen, strays = starts(below), set[str](), set[str]()
    while todo:
        path = todo.pop()
        if shape(path) in seen or path.endswith("/openapi.json"):
            continue
        seen.add(shape(path))
        answer = ask(below, path)
        assert answer.status < 500, path
        for where, url in named(answer):
            if url.startswith(f"{ROOT}/"):
                todo.append(urldefrag(urljoin(path, url)).url)
            else:
                strays.add(f"{url} in {where} of {path}")
    assert len(seen) > 100
    assert not strays


def test_the_description_of_the_api_names_the_path(below: Mailsink) -> None:
    document = json.loads(ask(below, f"{ROOT}/api/v3/openapi.json").body)
    assert document["servers"] == [{"url": ROOT}]
    assert "/api/v3/messages" in document["paths"]
    said = document["paths"]["/api/v3/messages"]["get"]["description"]
    assert f"http://127.0.0.1:8025{ROOT}/api/v3/messages" in said
    dialect = json.loads(ask(below, f"{ROOT}/api/v1/swagger.json").body)
    assert dialect["basePath"] == f"{ROOT}/"


@pytest.mark.parametrize(
    "path",
    ["/", "/sessions", "/api/v3/info", "/api/v1/info", "/api/v2/messages", "/livez",
     "/readyz", "/health/live", "/health/ready"],
)  # fmt: skip
def test_a_proxy_may_take_the_path_away(below: Mailsink, path: str) -> None:
    taken = ask(below, path)
    assert taken.status == 200
    left = ask(below, f"{ROOT}{path}")
    assert (left.status, left.kind) == (200, taken.kind)
    assert ask(below, f"{ROOT}{ROOT}{path}").status == 404


@pytest.mark.parametrize(
    ("query", "field", "status"),
    [("?ids=" + "a" * 20_000, "b", 414), ("", "b" * 20_000, 431)],
)
def test_a_head_that_is_too_long_is_a_problem_of_the_api(
    below: Mailsink, query: str, field: str, status: int
) -> None:
    for root in (ROOT, ""):
        answer = ask(below, f"{root}/api/v3/messages{query}", A=field)
        assert (answer.status, answer.kind) == (status, "application/problem+json")
        page = ask(below, f"{root}/sessions{query}", A=field)
        assert (page.status, page.kind) == (status, "text/plain")


def test_the_path_without_its_slash_leads_to_the_inbox(below: Mailsink) -> None:
    moved = ask(below, f"{ROOT}?q=bill")
    assert (moved.status, moved.headers["Location"]) == (307, f"{ROOT}/?q=bill")
    assert ask(below, f"{ROOT}c").status == 404


def test_other_paths_lead_to_the_place_too(below: Mailsink) -> None:
    (message,) = below.get("messages?limit=1")["items"]
    view = ask(below, f"{ROOT}//view/{message['id']}.txt")
    assert view.headers["Location"] == f"{ROOT}/view/{message['id']}.txt"
    lost = ask(below, f"{ROOT}/api/v3/nothing")
    assert f"see {ROOT}/api/v3/docs" in json.loads(lost.body)["detail"]


def test_what_the_browser_keeps_is_for_the_path(below: Mailsink) -> None:
    kept = ask(below, "/?show=mail").headers["Set-Cookie"]
    assert f"Path={ROOT}/" in kept
    assert "Secure" in kept


def test_a_refusal_names_the_path(below: Mailsink) -> None:
    with Wire(below.smtp) as client:
        reply = client.say("RCPT TO:<ann@example.com>")
    assert f"(why: {PUBLIC}{ROOT}/s/" in reply


def test_the_start_prints_the_path(below: Mailsink) -> None:
    assert f"Web   {below.url}{ROOT}/" in below.lines
    assert f"[http] accessible via {below.url}{ROOT}/" in below.lines


FORWARDED = {
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "localhost:8443",
    "X-Forwarded-Prefix": "/mail",
}


@pytest.mark.parametrize("path", ["/", "/mail/"])
def test_a_trusted_proxy_says_where_the_pages_are(below: Mailsink, path: str) -> None:
    page = ask(below, path, **FORWARDED).body.decode()
    assert 'data-root="/mail/"' in page
    assert f'data-origins="{PUBLIC} https://localhost:8443"' in page
    assert re.search(r'"/mail/static/js/app\.[0-9a-f]{12}\.js"', page)
    assert f"{ROOT}/" not in page
    assert "/mail/" not in ask(below, f"{ROOT}/").body.decode()


def test_a_trusted_proxy_names_the_client_and_the_origin(below: Mailsink) -> None:
    given = {**FORWARDED, "Content-Type": "message/rfc822"}
    mail, path = plain("Imported"), "/api/v3/messages"
    foreign = {**given, "Origin": "https://localhost:9443"}
    assert ask(below, path, "POST", mail, **foreign).status == 403
    ours = {**given, "Origin": "https://localhost:8443"}
    made = ask(below, path, "POST", mail, **ours)
    assert made.status == 201
    session = below.get(f"messages/{json.loads(made.body)['ids'][0]}")["session"]
    assert below.get(f"sessions/{session}")["client_address"] == "192.0.2.7"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_plain_request_for_the_websocket_is_explained(
    below: Mailsink, accept: str
) -> None:
    plain = ask(below, f"{ROOT}/ws/live", Accept=accept)
    assert (plain.status, plain.headers["Upgrade"]) == (426, "websocket")
    assert b"pass on the fields Upgrade and Connection" in plain.body


@pytest.mark.parametrize("path", ["/elsewhere/", "/elsewhere/sessions"])
def test_a_path_that_no_setting_names_is_explained(below: Mailsink, path: str) -> None:
    assert b"MAILSINK_PUBLIC_URL must name that path" in ask(below, path).body
    lost = ask(below, f"{ROOT}/messages/nothing/more").body
    assert b"MAILSINK_PUBLIC_URL must name that path" not in lost
