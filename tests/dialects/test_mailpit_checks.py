"""Mailpit's checks of links and HTML, its thumbnails, and the list of its routes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from inbox.api.mailpit import link_check
from inbox.outgoing import switch
from mailsink.posting.poster import HeadResult, Poster
from tests import factories
from tests.dialects.conftest import Dialect

pytestmark = pytest.mark.database

HTML = (
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
    b"Content-Type: text/html\r\n\r\n"
    b'<p style="display:grid"><a href="https://a.example/1">a</a>'
    b'<a href="http://127.0.0.1:9/x">b</a> <a href="mailto:x@y.z">c</a>'
    b'<img src="https://a.example/p.png"></p>\r\n'
    b"--m\r\n\r\nsee https://b.example/2 and https://a.example/1\r\n"
    b"--m\r\nContent-Type: image/png; name=p.png\r\n\r\nx\r\n--m--\r\n"
)
PATH = "/api/v1/message/latest"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are asked; none is, really."""
    urls: list[str] = []

    async def head(_: Poster, url: str, headers: Mapping[str, str]) -> HeadResult:
        assert headers["User-Agent"].startswith("Mailsink/")
        urls.append(url)
        await asyncio.sleep(0)
        if "127.0.0.1" in url:
            return HeadResult(None, "refused", refused=True)
        if url == "https://a.example/1":
            return HeadResult(302, location="/moved")
        if url == "https://b.example/2":
            return HeadResult(404)
        return HeadResult(200)

    monkeypatch.setattr(Poster, "head", head)
    return urls


def test_links(dialect: Dialect, asked: list[str]) -> None:
    factories.message(HTML)
    found = dialect.get(f"{PATH}/link-check")
    assert list(found) == ["Errors", "Links"]
    assert [list(each.values()) for each in found["Links"]] == [
        ["https://a.example/1", 302, "Found"],
        ["http://127.0.0.1:9/x", 451, "Blocked private/reserved address"],
        ["https://a.example/p.png", 200, "OK"],
        ["https://b.example/2", 404, "Not Found"],
    ]
    assert list(found["Links"][0]) == ["URL", "StatusCode", "Status"]
    assert found["Errors"] == 2
    assert dialect.get("/api/v1/messages")["unread"] == 0


def test_redirects(dialect: Dialect, asked: list[str]) -> None:
    factories.message(b"\r\nhttps://a.example/1\r\n")
    (one,) = dialect.get(f"{PATH}/link-check?follow=true")["Links"]
    assert (one["URL"], one["StatusCode"]) == ("https://a.example/1", 200)
    assert asked == ["https://a.example/1", "https://a.example/moved"]


def test_no_link(dialect: Dialect) -> None:
    factories.message(b"\r\nnothing\r\n")
    assert dialect.get(f"{PATH}/link-check") == {"Errors": 0, "Links": []}


def test_no_request_where_none_may_go_out(
    dialect: Dialect, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.message(HTML)
    monkeypatch.setattr(switch, "_is_on", False)
    words = dialect.text("GET", f"{PATH}/link-check", status=400)
    assert "MAILSINK_OUTGOING" in words
    assert asked == []


def test_one_check_at_a_time(dialect: Dialect, asked: list[str]) -> None:
    factories.message(HTML)
    with link_check._checking:
        words = dialect.text("GET", f"{PATH}/link-check", status=503)
    assert words == "another link check is under way; try again later"


def test_a_private_address_is_never_asked(dialect: Dialect) -> None:
    factories.message(b"\r\nhttp://127.0.0.1:9/x http://localhost/ http://[::1]/\r\n")
    found = dialect.get(f"{PATH}/link-check")["Links"]
    assert [each["StatusCode"] for each in found] == [451, 451, 451]


def test_html(dialect: Dialect) -> None:
    factories.message(HTML)
    found = dialect.get(f"{PATH}/html-check")
    assert list(found) == ["Warnings", "Platforms", "Total"]
    total = found["Total"]
    assert list(total) == ["Tests", "Nodes", "Supported", "Partial", "Unsupported"]
    assert total["Supported"] + total["Partial"] + total["Unsupported"] == 100
    one = next(each for each in found["Warnings"] if each["Slug"] == "css-display")
    assert (
        list(one)
        == (
            "Slug Title Description URL Category Tags Keywords Results NotesByNumber Score"
        ).split()
    )
    assert (one["Category"], one["Keywords"], one["Score"]["Found"]) == ("css", "", 1)
    score = one["Score"]
    sums = score["Supported"] + score["Partial"] + score["Unsupported"]
    assert sums == pytest.approx(100)
    result = one["Results"][0]
    assert list(result) == "Name Platform Family Version Support NoteNumber".split()
    assert {each["Support"] for each in one["Results"]} <= {"yes", "no", "partial"}
    numbers = {n for each in one["Results"] for n in each["NoteNumber"].split(",")}
    assert numbers - {""} == set(one["NotesByNumber"])
    assert "Gmail" in found["Platforms"]["desktop-webmail"]
    worst = [each["Score"]["Supported"] for each in found["Warnings"]]
    assert worst == sorted(worst)


def test_no_html(dialect: Dialect) -> None:
    words = dialect.text("GET", f"{PATH}/html-check", status=404)
    assert words == "404 page not found"
    factories.message(b"\r\ntext\r\n")
    words = dialect.text("GET", f"{PATH}/html-check", status=400)
    assert words == "message does not contain HTML"


def test_thumbnails(dialect: Dialect) -> None:
    path = f"{PATH}/part/3/thumb"
    assert dialect.text("GET", path, status=400) == "sql: no rows in result set"
    factories.message(HTML)
    answer = dialect.ask("GET", path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Content-Disposition"] == 'filename="p.png"'
    assert answer.content.startswith(b"\xff\xd8\xff")
    path = f"{PATH}/part/9/thumb"
    assert dialect.text("GET", path, status=400) == "attachment not found"


def test_the_list_of_routes(dialect: Dialect) -> None:
    """Each route that is listed is there."""
    made = factories.message(HTML)
    found = dialect.get("/api/v1/swagger.json")
    assert found["swagger"] == "2.0"
    for path, methods in found["paths"].items():
        there = path.format(ID=made.pk, PartID="1", Tag="x")
        for method in methods:
            answer = dialect.ask(method.upper(), there)
            assert answer.status_code != 405
            assert answer.content != b"File not found\n"
    assert dialect.ask("GET", "/api/v1/").status_code == 302
