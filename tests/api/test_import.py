"""POST messages: files become messages, byte by byte."""

from __future__ import annotations

import errno
import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpResponse

from inbox.live import protocol
from inbox.mailbox import archive, importing
from inbox.mailbox.scope import ALL
from inbox.mailbox.selection import Selection
from inbox.models import Message, Raw, Recipient, Session, Transaction
from inbox.storage import body_store
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn
from tests import factories
from tests.api.conftest import Api

HELLO = b"From: Ann <ann@example.com>\r\nTo: bob@example.com, eve@example.com\r\nSubject: Hello\r\n\r\nHi \xff.\r\n"


@pytest.fixture(autouse=True)
def _server(default_inbox: Any) -> None:
    factories.server(id=protocol.process())


def post(api: Api, body: bytes, kind: str, query: str = "") -> HttpResponse:
    return api.client.post(f"/api/v3/messages{query}", body, content_type=kind)  # type: ignore[return-value]


def raw(api: Api, id: str) -> bytes:
    return bytes(api.response("GET", f"messages/{id}/raw").content)


def test_a_message_keeps_its_bytes(api: Api) -> None:
    answer = post(api, HELLO, "message/rfc822")
    assert answer.status_code == 201
    told = answer.json()  # type: ignore[attr-defined]
    assert (told["imported"], told["failed"]) == (1, [])
    assert told["detail"] == "1 message imported"
    (id,) = told["ids"]
    assert raw(api, id) == HELLO
    message = api("GET", f"messages/{id}")
    assert message["subject"] == "Hello"
    paths = [each["forward_path"] for each in message["envelope"]["recipients"]]
    assert paths == ["bob@example.com", "eve@example.com"]
    assert api.ids("messages?q=to:eve") == [id]
    assert api("GET", "sessions")["items"] == []


def test_a_large_body_is_a_file(api: Api) -> None:
    body = HELLO + b"x" * 1_500_000
    (id,) = post(api, body, "message/rfc822").json()["ids"]  # type: ignore[attr-defined]
    assert raw(api, id) == body


def test_an_mbox_brings_its_messages_in_order(api: Api) -> None:
    mails = [
        HELLO.replace(b"Hello", b"No %d" % n) + b">From here\r\n" for n in range(120)
    ]
    quoted = (each.replace(b"\n>From", b"\n>>From") for each in mails)
    mbox = b"".join(b"From a@x.test Sat\n" + each + b"\n" for each in quoted)
    told = post(api, mbox, "application/mbox").json()  # type: ignore[attr-defined]
    assert told["imported"] == 120
    assert told["ids"] == sorted(told["ids"])
    assert [raw(api, id) for id in told["ids"][:3]] == mails[:3]
    assert Session.objects.get().messages == 120
    exported = b"".join(archive.chunks(ALL, Selection(), "mbox"))
    again = post(api, exported, "application/mbox").json()  # type: ignore[attr-defined]
    assert again["imported"] == 120


def test_what_cannot_be_stored_is_said(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = type(
        "Limited", (), {"max_message_size": 200, "data": importing.CONFIG.data}
    )
    monkeypatch.setattr(importing, "CONFIG", limited)
    mbox = b"From a\n" + HELLO + b"\nFrom a\n" + b"x" * 300 + b"\n\nFrom a\n\n"
    told = post(api, mbox, "application/mbox").json()  # type: ignore[attr-defined]
    assert told["detail"] == "1 message imported, 2 failed: larger than 200 B, empty"
    answer = post(api, b"x" * 300, "message/rfc822")
    assert answer.status_code == 422
    assert "larger than 200 B" in answer.content.decode()


def test_a_full_disk_ends_an_import(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(body_store, "adopt", fail)  # of a large body, which is a file
    monkeypatch.setattr(importing, "ROWS_IN_A_TURN", 201)  # those of 40 messages
    large = b"From a\n" + HELLO + b"x" * 1_500_000
    mbox = (b"From a\n" + HELLO) * 41 + large
    answer = post(api, mbox, "application/mbox")
    told = answer.json()  # type: ignore[attr-defined]
    assert (answer.status_code, told["imported"]) == (507, 41)
    assert told["detail"].startswith("The disk is full: 41 messages were imported,")
    assert len(api.ids("messages")) == 41
    answer = post(api, large[len(b"From a\n") :], "message/rfc822")
    assert (answer.status_code, answer.json()["imported"]) == (507, 0)  # type: ignore[attr-defined]
    files = [SimpleUploadedFile("1.eml", HELLO), SimpleUploadedFile("2.mbox", mbox)]
    page = api.client.post("/import", {"file": files})
    assert page.status_code == 507
    assert "The disk is full: 42 messages were imported," in page.content.decode()
    assert len(api.ids("messages?limit=100")) == 83


def test_a_form_is_not_read_twice_on_a_full_disk(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", fail)
    large = SimpleUploadedFile("large.eml", HELLO + b"x" * 3_000_000)
    page = api.client.post("/import", {"file": large})
    assert page.status_code == 507
    assert "The disk is full" in page.content.decode()


def test_an_import_has_a_limit_of_messages(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST", 120)
    mbox = b"From a\n\n" + (b"From a\n" + HELLO) * 123
    told = post(api, mbox, "application/mbox").json()  # type: ignore[attr-defined]
    words = "120 messages imported, 4 failed: empty, more than 120 in one import"
    assert told["detail"] == f"{words} (split the file)"
    assert (told["imported"], len(told["ids"])) == (120, 120)
    assert [each["count"] for each in told["failed"]] == [1, 3]
    told = post(api, mbox, "application/mbox").json()  # type: ignore[attr-defined]
    assert told["imported"] == 120
    files = [SimpleUploadedFile(f"{n}.mbox", mbox) for n in range(2)]
    page = api.client.post("/import", {"file": files})
    assert page.status_code == 422
    assert "120 messages imported, 122 failed" in page.content.decode()


def test_an_import_that_stops_says_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST", 5)
    mbox = b"From a\n" + HELLO + b"From a\n" * 7 + HELLO
    told = post(api, mbox, "application/mbox").json()  # type: ignore[attr-defined]
    words = "1 message imported, 7 failed: empty, the rest was not read after so many"
    assert told["detail"] == f"{words} failures"
    assert told["imported"] == 1


@pytest.mark.parametrize("body", [b"\n" * 1_000_000, b"a\n" * 500_000])
def test_short_lines_take_no_more_memory_than_long_ones(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    importer = importing.Importer(factories.inbox(), protocol.process(), "127.0.0.1")
    monkeypatch.setattr(importer, "_store", lambda: None)  # the driver's copies apart
    file = io.BytesIO(body)
    tracemalloc.start()
    try:
        importer.read_file(file)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(body)


@pytest.mark.parametrize("recipients", [0, 1, 30, 100, 150])
def test_a_turn_writes_a_bounded_number_of_rows(api: Api, recipients: int) -> None:
    to = b", ".join(b"r%d@example.com" % n for n in range(recipients))
    mbox = (b"From a\nSubject: Hi\nTo: " + to + b"\n\nHi.\n") * 50
    turns = []

    @contextmanager
    def turn() -> Iterator[None]:
        before = count_rows()
        with write_turn():
            yield
        turns.append(count_rows() - before)

    with patch.object(importing, "write_turn", turn):
        told = post(api, mbox, "application/mbox").json()  # type: ignore[attr-defined]
    assert told["imported"] == 50
    assert sum(turns) == 1 + 50 * (3 + min(recipients, 100))
    assert max(turns) < ROWS_IN_A_TURN
    assert len(turns) <= 1 + sum(turns) // 300


def count_rows() -> int:
    models = (Session, Transaction, Recipient, Raw, Message)
    return sum(each.objects.count() for each in models)


@pytest.mark.parametrize(
    ("named", "sender"),
    [
        (b"eve@example.com Sat Nov 28 09:30:00 2026", "eve@example.com"),
        (b"eve@example.com", "eve@example.com"),
        (b"MAILER-DAEMON Sat Nov 28 09:30:00 2026", ""),
        (b"mailer-daemon Sat Nov 28 09:30:00 2026", ""),
        (b"MAILER-DAEMON@example.com", "MAILER-DAEMON@example.com"),
        (b"<>", ""),
        (b"- Sat Nov 28 09:30:00 2026", "ann@example.com"),
        (b"???@??? Sat Nov 28 09:30:00 2026", "ann@example.com"),
        (b"", "ann@example.com"),
        (None, "ann@example.com"),
    ],
)
def test_the_sender_of_the_envelope(api: Api, named: bytes | None, sender: str) -> None:
    if named is None:
        answer = post(api, HELLO, "message/rfc822")
    else:
        answer = post(api, b"From " + named + b"\n" + HELLO, "application/mbox")
    (id,) = answer.json()["ids"]  # type: ignore[attr-defined]
    assert api("GET", f"messages/{id}")["envelope"]["reverse_path"] == sender


def test_an_empty_sender_survives_an_export(api: Api) -> None:
    post(api, b"From MAILER-DAEMON\n" + HELLO, "application/mbox")
    exported = b"".join(archive.chunks(ALL, Selection(), "mbox"))
    answer = post(api, exported, "application/mbox")
    (id,) = answer.json()["ids"]  # type: ignore[attr-defined]
    assert api("GET", f"messages/{id}")["reverse_path"] == ""


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (HELLO, "application/mbox", 422),
        (HELLO, "text/plain", 415),
        (b"\r\n", "message/rfc822", 422),
    ],
)
def test_problems(api: Api, body: bytes, kind: str, status: int) -> None:
    assert post(api, body, kind).status_code == status
    assert post(api, HELLO, "message/rfc822", "?inbox=nowhere").status_code == 404


def test_the_page_takes_files_without_scripts(api: Api) -> None:
    assert "Import messages" in api.client.get("/import").content.decode()
    files = [
        SimpleUploadedFile("one.eml", HELLO),
        SimpleUploadedFile("two.mbox", b"From a\n" + HELLO + b"\nFrom b\n" + HELLO),
    ]
    answer = api.client.post("/import", {"file": files})
    assert answer.status_code == 200
    assert "3 messages imported" in answer.content.decode()
    assert len(api.ids("messages")) == 3
    assert api.client.post("/import").status_code == 422
