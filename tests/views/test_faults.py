"""What is said where a request cannot be answered: pages and problems, in a sentence."""

from __future__ import annotations

import encodings
import io
import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.http import HttpResponseBase
from django.test import Client

from inbox.http.heads import ClientRequest
from inbox.views import inbox
from tests import factories
from tests.between import after_query

FIELDS = "&".join(f"f{n}=x" for n in range(1001))
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
FILES = "".join(
    f'--b\r\nContent-Disposition: form-data; name="f{n}"; filename="x"\r\n\r\nx\r\n'
    for n in range(101)
)
BAD_REQUESTS = [
    ("POST", "/settings/mine", FIELDS, URLENCODED, 400, "at most 1000 fields"),
    ("GET", f"/?{FIELDS}", "", URLENCODED, 400, "at most 1000 fields"),
    (
        "POST",
        "/settings/mine",
        f"{FILES}--b--\r\n",
        MULTIPART,
        400,
        "at most 100 files",
    ),
    ("POST", "/settings/mine", "x", "multipart/form-data", 400, "Invalid boundary"),
    ("POST", "/settings/mine", "x=1", f"{URLENCODED}; charset=utf-7", 400, "UTF-8"),
    *(
        (
            "POST",
            "/settings/mine",
            "--b--\r\n",
            f"{MULTIPART}; charset={charset}",
            400,
            "UTF-8",
        )
        for charset in (
            "rot13",
            "zlib",
            "idna",
            "undefined",
            "utf-7",
            "unicode_escape",
            "none",
        )
    ),
    ("POST", "/settings/mine", "x" * 3_000_000, URLENCODED, 413, "2621440 bytes"),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def said(response: HttpResponseBase) -> str:
    """Return the words of a page in our look."""
    page = response.getvalue().decode()
    assert 'class="brand"' in page
    assert 'href="/trash"' in page
    assert "Traceback" not in page
    return page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status", "words"), BAD_REQUESTS
)
def test_what_cannot_be_read_is_told_in_a_sentence(
    client: Client,
    method: str,
    path: str,
    body: str,
    kind: str,
    status: int,
    words: str,
) -> None:
    answer = client.generic(method, path, body, content_type=kind)
    assert answer.status_code == status
    assert words in said(answer)
    for asked in ({"HX-Request": "true"}, {"Accept": "application/json"}):
        answer = client.generic(method, path, body, content_type=kind, headers=asked)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert words in json.loads(answer.content)["detail"]


@pytest.mark.django_db
def test_fields_of_an_api_request_are_counted_too(client: Client) -> None:
    answer = client.get(f"/api/v3/messages?{FIELDS}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "at most 1000 fields" in json.loads(answer.content)["detail"]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (PermissionDenied("secret"), 403, "Not allowed"),
        (SuspiciousOperation("secret"), 400, "malformed"),
        (OperationalError("secret"), 500, "its log has the details"),
    ],
)
def test_other_errors_have_a_page_without_the_database(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    words: str,
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(inbox, "listing", fail)  # no database is allowed here at all
    answer = client.get("/")
    assert answer.status_code == status
    page = said(answer)
    assert words in page
    assert "secret" not in page
    answer = client.get("/", headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert json.loads(answer.content)["detail"]


def test_nothing_is_at_a_path(client: Client) -> None:
    answer = client.get("/api/v3/nothing")
    assert answer.status_code == 404
    assert "/api/v3/nothing" in json.loads(answer.content)["detail"]
    answer = client.get("/nothing/<b>")
    assert answer.status_code == 404
    assert "There is no page at /nothing/&lt;b&gt;." in said(answer)


@pytest.mark.parametrize("name", ["x-none", "UTF--8", "u_t_f_8", "utf-8\0"])
def test_names_of_charsets_are_not_remembered(name: str) -> None:
    """Python keeps whatever it was asked for, and clients can ask without end."""
    before = set(encodings._cache)  # type: ignore[attr-defined]
    head = (b"content-type", f"text/plain; charset={name}".encode())
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [head]}
    request = ClientRequest(scope, io.BytesIO())
    assert request.content_params == {"charset": name}
    assert request.encoding == name
    assert set(encodings._cache) == before  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_a_change_to_what_is_removed_meanwhile() -> None:
    message = factories.message()

    def remove() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM inbox_message")

    path = f"/api/v3/messages/{message.pk}"
    with after_query('FROM "inbox_message" WHERE "inbox_message"."id" IN', remove):
        answer = Client().patch(path, {"read": True}, "application/json")
    assert answer.status_code == 409
    assert "changed or removed at the same moment" in answer.json()["detail"]
