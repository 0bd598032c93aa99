"""API v3 on many messages at once: changing, deleting, taking away."""

from __future__ import annotations

import io
import json
import mailbox
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from inbox.mailbox import selection
from inbox.models import Message
from inbox.storage.bounded import TooCostly
from tests import factories
from tests.api.conftest import Api
from tests.e2e.mail import send
from tests.mails import plain
from tests.running import Mailsink
from tests.storage.test_bounded import LONG


@pytest.mark.django_db
def test_change_many(api: Api) -> None:
    one, two, three = (factories.message() for _ in range(3))
    path = f"messages?ids={one.pk},{two.pk}"
    assert api("PATCH", path, {"add": ["x", "y"], "status": "ok"}) == {"count": 2}
    assert api("PATCH", path, {"remove": ["x"]}) == {"count": 2}
    assert sorted(api.ids("messages?q=tag:y is:ok")) == sorted(
        [str(one.pk), str(two.pk)]
    )
    assert api("PATCH", "messages?all=true", {"read": True}) == {"count": 3}
    assert api("PATCH", "messages?q=is:new", {"note": "look"}) == {"count": 1}
    three.refresh_from_db()
    assert three.note == "look"


class Spent:
    """A bound whose time a look has used up to a part of."""

    def __init__(self, left: float, spends: float) -> None:
        self._lefts = [left - spends, left]  # after it, and before

    @property
    def left(self) -> float:
        return self._lefts.pop()


@pytest.fixture
def costly(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many seconds each look for more takes, of 0.1 in all; beyond that none."""
    seconds: list[float] = []

    @contextmanager
    def within(left: float) -> Iterator[Spent]:
        spends = seconds.pop(0) if seconds else 0.0
        yield Spent(left, spends)
        if spends > left:
            raise TooCostly

    monkeypatch.setattr(selection, "AT_ONCE", 1)
    monkeypatch.setattr(selection, "_SECONDS", 0.1)
    monkeypatch.setattr(selection, "within", within)
    return seconds


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "changes"), [("DELETE", None), ("PATCH", {"pinned": True})]
)
def test_a_change_by_a_search_that_takes_long_is_cut(
    api: Api, costly: list[float], method: str, changes: dict[str, bool] | None
) -> None:
    for _ in range(3):
        factories.message()
    costly[:] = [0.06, 0.03, 0.06]
    answer = api(method, "messages?q=to:bob", changes, 503)
    assert "do it again to continue" in answer["detail"]
    left = Message.objects.filter(deleted_at=None, pinned=False)
    assert left.count() == 1  # what was found in time has been changed
    assert api.response(method, "messages?q=to:bob", changes).status_code < 300
    assert not left.exists()


@pytest.mark.django_db
def test_a_change_to_all_is_not_cut(api: Api, costly: list[float]) -> None:
    for _ in range(3):
        factories.message()
    costly[:] = [0.06, 0.06, 0.06]
    api("DELETE", "messages?all=true", status=204)
    assert not Message.objects.filter(deleted_at=None).exists()


@pytest.mark.django_db(
    transaction=True
)  # PostgreSQL ends one in which a statement is cut
def test_a_search_that_never_ends_is_cut(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.message()

    def look(rows: Any) -> list[UUID]:
        with connection.cursor() as cursor:
            cursor.execute(LONG[connection.vendor])
        return []

    monkeypatch.setattr(selection, "_SECONDS", 0.1)
    monkeypatch.setattr(selection, "_head", look)
    assert api.response("DELETE", "messages?q=to:bob")["Retry-After"]
    api("DELETE", "messages?q=to:bob", None, 503)


@pytest.mark.django_db
def test_delete_by_ids(api: Api) -> None:
    one, two = factories.message(pinned=True), factories.message()
    api("DELETE", f"messages?ids={one.pk}", status=204)
    assert api.ids("messages") == [str(two.pk)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["messages", "messages?q=a&all=true", "messages?q=a&ids=b"]
)
def test_which_messages_has_to_be_said_once(api: Api, path: str) -> None:
    assert (
        "name the messages" in api("PATCH", path, {"read": True}, status=400)["detail"]
    )
    assert "name the messages" in api("DELETE", path, status=400)["detail"]
    assert Message.objects.count() == 0


def get(server: Mailsink, path: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(f"{server.url}/api/v3/{path}") as answer:
        return answer.headers["Content-Disposition"], answer.read()


def test_archives(mailsink: Mailsink, tmp_path: Path) -> None:
    quoted = plain("From / ../quoted", "From here on\r\n>From there\r\nend")
    send(mailsink, plain("First"), quoted, plain("Largest", "x" * 70 + "\r\n"))
    disposition, octets = get(mailsink, "messages/archive?all=true")
    assert disposition == 'attachment; filename="messages.zip"'
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "00001-Largest.eml", "00002-From-..-quoted.eml", "00003-First.eml",
        ]  # fmt: skip
        assert archive.read("00002-From-..-quoted.eml") == quoted + b"\r\n"
    _, octets = get(mailsink, "messages/archive?q=subject:quoted&format=mbox")
    assert octets.startswith(b"From shop@shop.test ")
    assert b"\n>From here on\n>>From there\nend\n" in octets
    (tmp_path / "it").write_bytes(octets)
    with closing(mailbox.mbox(tmp_path / "it")) as box:
        assert [each["Subject"] for each in box] == ["From / ../quoted"]


def test_archive_of_nothing(mailsink: Mailsink) -> None:
    _, octets = get(mailsink, "messages/archive?q=subject:nobody-wrote-this")
    assert zipfile.ZipFile(io.BytesIO(octets)).namelist() == []


@pytest.mark.parametrize("query", ["nofield:a", "larger:much", "before:never"])
def test_archive_of_a_bad_query_is_refused_at_once(
    mailsink: Mailsink, query: str
) -> None:
    path = f"{mailsink.url}/api/v3/messages/archive?q={query}"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(path, timeout=120)
    with closing(refused.value) as answer:
        assert answer.code == 400
        assert json.load(answer)["detail"]


def test_list_form_downloads(mailsink: Mailsink) -> None:
    send(mailsink, plain("By the form"))
    data = b"do=mbox&all=yes&q=subject:form"
    request = urllib.request.Request(f"{mailsink.url}/messages/chosen", data=data)
    with urllib.request.urlopen(request) as answer:
        assert b"Subject: By the form\n" in answer.read()
    with urllib.request.urlopen(f"{mailsink.url}/api/v3/messages/latest") as answer:
        assert json.load(answer)["subject"] == "By the form"
