"""Hostile mail through the whole of Mailsink: stored byte for byte, shown, and nobody waits.

Each message is asked for two of the tabs and one of the API's views, the next one for
others. Every fourth message's are for `make test`, the rest for `make long`.
`EVERY_VIEW=1 pytest tests/hostile` asks each message for all of them.
"""

from __future__ import annotations

import json
import os
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import pytest

from tests.attack.web import Others
from tests.mime.hostile import Named, corpus
from tests.running import Mailsink

_TABS = (
    "html", "text", "markup", "source", "headers", "parts", "links", "checks", "smtp",
)  # fmt: skip
_TAB_PATHS = tuple("/messages/{id}?tab=" + tab for tab in _TABS)
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def send(mailsink: Mailsink, octets: bytes) -> str:
    """Send octets as they are, but for what a sender must do; return the message's id."""
    with smtplib.SMTP(*mailsink.smtp, timeout=120) as client:
        client.ehlo("hostile.example")
        client.docmd("MAIL FROM:<a@example.com>")
        client.docmd("RCPT TO:<b@example.com>")
        assert client.docmd("DATA")[0] == 354
        stuffed = octets.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        client.send(stuffed + b".\r\n")
        code, text = client.getreply()
    assert code == 250, (code, text)
    return text.split()[-1].decode()


@pytest.fixture(scope="module")
def sent(mailsink: Mailsink) -> list[tuple[str, str, bytes]]:
    """The whole corpus, sent, as (name, id, octets), while a second client sends too."""
    messages = [(name, _ended(octets)) for name, octets in corpus()]
    with Others(mailsink) as others, ThreadPoolExecutor(4) as pool:

        def one(named: Named) -> tuple[str, str, bytes]:
            name, octets = named
            return name, send(mailsink, octets), octets

        sent = list(pool.map(one, messages))
    others.assert_quick()
    return sent


def _ended(octets: bytes) -> bytes:
    """Return octets as they arrive: the line before the final dot has its CRLF."""
    return octets if octets.endswith(b"\r\n") or not octets else octets + b"\r\n"


def get(url: str, headers: Mapping[str, str] = NO_HEADERS) -> bytes:
    request = urllib.request.Request(url, headers=dict(headers))
    with urllib.request.urlopen(request, timeout=120) as answer:
        return bytes(answer.read())


def failures(
    mailsink: Mailsink,
    sent: list[tuple[str, str, bytes]],
    paths: tuple[str, ...],
    headers: Mapping[str, str] = NO_HEADERS,
    views: int = 0,
) -> Iterator[str]:
    """Ask for paths of each message; yield what does not work.

    views: how many of the paths each message is asked for; 0: all
    """

    def one(at: int) -> list[str]:
        name, id, _ = sent[at]
        failed = []
        for path in _some(paths, at, views):
            try:
                get(mailsink.url + path.format(id=id), headers)
            except urllib.error.HTTPError as error:
                failed.append(f"{name}: {path}: {error.code} {error.read()[:200]!r}")
        return failed

    with Others(mailsink) as others, ThreadPoolExecutor(3) as pool:
        for failed in pool.map(one, range(len(sent))):
            yield from failed
    others.assert_quick()


def _some(paths: tuple[str, ...], at: int, views: int) -> tuple[str, ...]:
    """Return so many of the paths, the next message the next ones."""
    if not views or os.environ.get("EVERY_VIEW"):
        return paths
    start = at * views % len(paths)
    return (*paths, *paths)[start : start + views]


_each_fourth = pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2, 3))]
)


def test_there_are_200_of_them() -> None:
    assert len({octets for _, octets in corpus()}) >= 200


def test_they_are_stored_byte_for_byte(
    mailsink: Mailsink, sent: list[tuple[str, str, bytes]]
) -> None:
    altered = [
        name
        for name, id, octets in sent
        if get(f"{mailsink.url}/api/v3/messages/{id}/raw") != octets
    ]
    assert altered == []


@_each_fourth
def test_each_answer_of_the_api_works(
    mailsink: Mailsink, sent: list[tuple[str, str, bytes]], first: int
) -> None:
    base, asked = "/api/v3/messages/{id}", sent[first::4]
    assert list(failures(mailsink, asked, (base,))) == []
    beside = tuple(f"{base}/{each}" for each in ("text", "headers", "parts"))
    assert list(failures(mailsink, asked, beside, views=1)) == []


@_each_fourth
def test_each_page_works(
    mailsink: Mailsink, sent: list[tuple[str, str, bytes]], first: int
) -> None:
    asked = sent[first::4]
    # Around it a whole page has the list, whose rows are asked for below.
    assert list(failures(mailsink, asked[::8], ("/messages/{id}",))) == []
    pane = {"HX-Request": "true", "HX-Target": "detail"}
    assert list(failures(mailsink, asked, _TAB_PATHS, pane, views=1)) == []


@pytest.mark.long
def test_each_panel_works(
    mailsink: Mailsink, sent: list[tuple[str, str, bytes]]
) -> None:
    panel = {"HX-Request": "true", "HX-Target": "panel"}
    assert list(failures(mailsink, sent, _TAB_PATHS[::-1], panel, views=1)) == []


def test_the_preview_works_for_those_that_have_html(
    mailsink: Mailsink, sent: list[tuple[str, str, bytes]]
) -> None:
    with_html = [message for message in sent if _has_html(mailsink, message[1])]
    assert with_html
    assert list(failures(mailsink, with_html, ("/messages/{id}/frame",))) == []


def _has_html(mailsink: Mailsink, id: str) -> bool:
    try:
        return bool(get(f"{mailsink.url}/api/v3/messages/{id}/html"))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise


def test_they_are_listed_and_found(
    mailsink: Mailsink, sent: list[tuple[str, str, bytes]]
) -> None:
    seen: set[str] = set()
    more = "limit=500"
    while more:
        page = json.loads(get(f"{mailsink.url}/api/v3/messages?{more}"))
        seen |= {each["id"] for each in page["items"]}
        more = page["next"] and f"limit=500&cursor={page['next']}"
    ids = sorted(id for _, id, _ in sent)
    assert set(ids) <= seen
    for cursor in ids[::20]:  # a page has 50 rows, those of others among them
        assert b'id="entries"' in get(f"{mailsink.url}/?cursor={cursor}")
