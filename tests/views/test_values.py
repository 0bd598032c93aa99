"""Every route with values that nobody means: a 4xx with a sentence, and never a 500.

`make test` asks each route with a sixth of the values, and the next one with others.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from inbox.live import protocol
from tests import factories
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db

TEXTS = [
    "", "a\x00b", "\udfff\ud800", "9" * 400, "-1", "1e999", "NaN", "\uffff", "'\"\\%",
    "../..", "*" * 900, "q" * 5000, "(" * 900, "f" * 36, "0001-01-01",
    "before:9999999999999999d", "larger:99999999999999999999G", "latest",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, -1, 2**63, 10**400, 1e308, [], {}, [[]], {"": None}, [None], ["\ud800"],
    {"\ud800": "\udc00"}, *TEXTS,
]  # fmt: skip
NO_JSON = [
    b"{", b"\xff\xfe", b"[1,2", b"NaN", b'"\\ud800"', b'{"note": "\\u0000"}', b"1" * 5000,
    b"[" * 100_000,
]  # fmt: skip

each_text = pytest.mark.parametrize(
    "step", [6, pytest.param(1, marks=pytest.mark.long)], ids=["sixth", "all"]
)


def octets(text: str) -> str:
    """Return a value as it stands in a URL or form, lone surrogates and all."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="*(")


# A wait has a loop of its own, which the client of these tests has not.
def routes(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Yield the paths of all URL patterns, with {} for what varies."""
    for each in patterns:
        here = re.sub(r"<[^>]+>", "{}", str(each.pattern)).lstrip("^").rstrip("$")
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, before + here)
        elif isinstance(each, URLPattern):
            yield before + here


def described(client: Client) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = client.get("/api/v3/openapi.json").json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def ask(client: Client, method: str, path: str, **more: Any) -> None:
    """Ask, and see that the answer is none of a fault, and says something."""
    client.raise_request_exception = False
    response = client.generic(method, path, **more)
    status = response.status_code
    assert status < 500, ascii(f"{method} {path[:300]} {more!r:.300}: {status}")
    in_dialect = path.startswith(("/api/v1/", "/api/v2/"))  # answers in its own way
    if status >= 400 and path.startswith("/api/") and not in_dialect:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert json.loads(response.content)["detail"]


def filled(path: str, value: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda _: value, path)


@each_text
def test_every_path_with_every_text(client: Client, step: int) -> None:
    id = str(recorded_message().pk)
    paths = {
        path
        for path in routes(get_resolver().url_patterns)
        if not path.endswith(("static", "/wait"))
    }
    assert len(paths) > 60
    for at, path in enumerate(sorted(paths)):
        for text in TEXTS[at % step :: step] if "{}" in path else []:
            for method in ("GET", "POST"):
                ask(client, method, filled(path, octets(text[:200])))
        ask(client, "GET", filled(path, id))


@each_text
def test_every_parameter_of_the_api(client: Client, step: int) -> None:
    id = str(recorded_message().pk)
    at = itertools.count()
    for method, path, operation in operations(described(client)):
        if "wait" in path or method == "DELETE":
            continue
        names = [each["name"] for each in operation.get("parameters", [])]
        for name in names:
            for text in TEXTS[next(at) % step :: step]:
                ask(client, method, f"{filled(path, id)}?{octets(name)}={octets(text)}",
                    data=b"{}", content_type="application/json")  # fmt: skip


@each_text
def test_every_body_of_the_api(client: Client, step: int) -> None:
    factories.server(id=protocol.process())  # imports are of this process
    id = str(recorded_message().pk)
    at = itertools.count()
    document = described(client)
    for method, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        here = filled(path, id)
        content = operation["requestBody"]["content"]
        if "application/json" not in content:  # an import
            for kind, body in itertools.product(content, NO_JSON):
                ask(client, method, here, data=body, content_type=kind)
            continue
        names = fields(document, content["application/json"]["schema"])
        for body in NO_JSON:
            ask(client, method, here, data=body, content_type="application/json")
        bodies = [*VALUES[next(at) % step :: step]]
        for name in names:
            bodies += ({name: value} for value in VALUES[next(at) % step :: step])
        for body in map(json.dumps, bodies):
            ask(client, method, here, data=body, content_type="application/json")


def fields(document: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return list(schema.get("properties", {}))


# The names that forms of the pages have.
FIELDS = (
    "q", "id", "ids", "all", "do", "tag", "at", "read", "pinned", "status", "note", "add",
    "remove", "quota", "known_only", "address_words", "address", "name", "kind", "target", "instead_of",
    "host", "patterns", "reason", "inbox", "back", "a", "b", "cursor", "tab", "part", "images",
    "after", "before", "last", "limit", "outcome", "code", "client", "verb", "exchange", "edit",
    "panel", "refused", "saved", "stage", "forward_path", "client", "body", "text", "probability",
    "minutes", "size_over", "without", "first", "from_time", "on", "down",
)  # fmt: skip


@each_text
def test_every_form_and_query_of_the_pages(client: Client, step: int) -> None:
    id = str(recorded_message().pk)
    form = "application/x-www-form-urlencoded"
    paths = [
        filled(path, id)
        for path in routes(get_resolver().url_patterns)
        if not path.startswith(("/api/", "/health", "/static"))
    ]
    queries = ["&".join(f"{name}={octets(text)}" for name in FIELDS) for text in TEXTS]
    for at, path in enumerate(paths):
        for every in queries[at % step :: step]:
            ask(client, "GET", f"{path}?{every}")
            ask(client, "POST", path, data=every, content_type=form)
        ask(client, "POST", path, data="a=b&" * 5000, content_type=form)
        ask(client, "POST", path, data=b"\xff\xfe%ud8&&=;", content_type=form)
        ask(
            client,
            "POST",
            path,
            data=b"--x\r\n\r\n--",
            content_type="multipart/form-data; boundary=x",
        )
        ask(client, "POST", path, data=b"x", content_type="multipart/form-data")
