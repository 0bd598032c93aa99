"""Bodies that a foreign page sends, or anybody: none is read before its head is judged."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.attack.web import LONGEST, answer, mail, memory, web
from tests.running import Mailsink

MIB = 1024 * 1024
FORM = b"x" * (60 * MIB)


def post(path: str, length: int, *fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *fields, "", ""]).encode()


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_a_foreign_form_of_60_mb_holds_nobody_up(
    mailsink: Mailsink, content_type: str
) -> None:
    mail(mailsink)  # what is made at the first
    before = memory(mailsink)
    foreign = "Origin: http://evil.example"
    head = post("/test-message", len(FORM), foreign, f"Content-Type: {content_type}")
    answers: list[bytes] = []
    poster = threading.Thread(
        target=lambda: answers.append(answer(web(mailsink), head + FORM))
    )
    poster.start()
    slowest, most = 0.0, before
    while poster.is_alive():
        slowest = max(slowest, mail(mailsink))
        most = max(most, memory(mailsink))
    poster.join()
    assert slowest < LONGEST
    assert most - before < 32
    assert mail(mailsink) < LONGEST


def test_who_is_refused_in_a_body_reads_why(mailsink: Mailsink) -> None:
    body = b"q=" + b"x" * MIB
    foreign = post("/test-message", len(body), "Origin: http://evil.example")
    said = answer(web(mailsink), foreign + body)
    assert said.startswith(b"HTTP/1.1 403 ")
    assert b"MAILSINK_PUBLIC_URL" in said
    said = answer(web(mailsink), post("/api/v3/inboxes/default", 3 * MIB) + b"{")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in said
    assert b"2,097,152 octets" in said
    # Nobody is asked for a body that is not wanted.
    expecting = post("/trash/empty", 3 * MIB, "Expect: 100-continue")
    assert answer(web(mailsink), expecting).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_end_is_not_read_for_ever(mailsink: Mailsink) -> None:
    head = "POST /trash/empty HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    began = time.monotonic()
    said = answer(web(mailsink), f"{head}\r\n\r\n".encode() + chunk * 1600)
    assert said == b"" or said.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 60
    assert mail(mailsink) < LONGEST


def test_bad_requests_leave_no_trace_in_the_log(mailsink: Mailsink) -> None:
    before = mailsink.stderr
    form = b"a=b&" * 5000
    urlencoded = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close"
    said = answer(web(mailsink), post("/trash/empty", len(form), urlencoded) + form)
    assert said.startswith(b"HTTP/1.1 400 ")
    for host in ("Host:", "Host:  "):
        said = answer(
            web(mailsink),
            f"GET / HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n".encode(),
        )
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"Host field of the request is empty" in said
    for note, status, words in (
        (b'{"note": "\\ud800"}', 422, b"a text of the body has a lone surrogate"),
        (b'{"note": %s}' % (b"9" * 5000), 400, b"a number of the body has too many"),
    ):
        head = f"PATCH /api/v3/messages/latest HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(note)}\r\n"
        said = answer(web(mailsink), f"{head}Connection: close\r\n\r\n".encode() + note)
        assert said.startswith(b"HTTP/1.1 %d " % status)
        assert words in said
    assert mailsink.stderr == before


def nameless_files(server: Mailsink) -> set[str]:
    """Return the files without a name that the server has open, as those of bodies are."""
    found = set()
    for each in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found.add(str(each.readlink()))
    return {each for each in found if each.endswith(" (deleted)")}


def test_a_large_upload_waits_in_the_data_folder(mailsink: Mailsink) -> None:
    with socket.create_connection(web(mailsink), timeout=120) as client:
        head = post("/api/v3/messages", 3 * MIB, "Content-Type: message/rfc822")
        client.sendall(head + b"x" * (2 * MIB))
        deadline = time.monotonic() + 120
        while not (files := nameless_files(mailsink)):
            assert time.monotonic() < deadline
    data = str(mailsink.data.resolve())
    assert all(each.startswith(data) for each in files), files
