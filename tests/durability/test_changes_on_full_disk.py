"""A full disk: what people delete and change is done all the same, or they are told what to do."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import smtplib
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest

from tests.attack.web import mail
from tests.disks import MEGABYTE, fill
from tests.durability.senders import Acknowledged, Sender
from tests.running import Mailsink

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


LARGE_MAIL = b"Subject: large\r\n\r\n" + os.urandom(100_000).hex().encode()


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection."""

    def redirect_request(
        self,
        req: Any,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def ask(
    server: Mailsink, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes, str]:
    """Return status, body and content type of an answer."""
    request = urllib.request.Request(
        f"{server.url}{path}", body or None, headers, method=method
    )
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=120) as answer:
            return answer.status, answer.read(), answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers.get_content_type()


def log_pages(data: Path) -> int:
    """Return how many pages SQLite's log has that are not to be written over yet."""
    with open(data / "mailsink.sqlite3-shm", "rb") as index:
        index.seek(16)  # mxFrame: https://sqlite.org/walformat.html
        return int.from_bytes(index.read(4), sys.byteorder)


@contextmanager
def full(disk: Path) -> Iterator[tuple[Mailsink, Acknowledged]]:
    """A server whose disk is full, while clients go on sending."""
    acknowledged = Acknowledged()
    server = Mailsink(disk / "data")
    reserve = server.data / "reserve"
    try:
        is_large = shutil.disk_usage(disk).total > 500 * MEGABYTE
        wanted = (17 if is_large else 4) * MEGABYTE
        while not reserve.exists() or reserve.stat().st_size < wanted:
            time.sleep(0.05)
        for _ in range(20):
            mail(server, LARGE_MAIL)
        senders = [Sender(server.smtp, acknowledged, number) for number in range(2)]
        for sender in senders:
            sender.start()
        acknowledged.wait_for(60)
        fill(disk / "filler")
        while is_large and log_pages(server.data) < 2500:
            # A long log, for which the database has to grow
            (disk / "filler").unlink()
            while not 3000 < log_pages(server.data) < 3300:
                mail(server, LARGE_MAIL)
            fill(disk / "filler")
        with acknowledged.changed:
            assert acknowledged.changed.wait_for(
                lambda: sum(len(sender.replies) for sender in senders) > 20, 120
            )
        yield server, acknowledged
        for sender in senders:
            sender.enough = True
        for sender in senders:
            sender.join(120)
            assert {reply[:9] for reply in sender.replies} <= {b"452 4.3.1"}
        assert server.stop() == 0
        assert "Traceback" not in server.stderr
    finally:
        if server.process.poll() is None:
            server.kill()


def test_all_changes_are_made_in_the_room_of_the_reserve(disk: Path) -> None:
    with full(disk) as (server, acknowledged):
        ids = list(acknowledged.messages)
        for id in ids[:10]:
            assert ask(server, "DELETE", f"/api/v3/messages/{id}")[0] == 204
            assert ask(server, "GET", f"/api/v3/messages/{id}")[0] == 404
        note = json.dumps({"note": "n" * 1000, "tags": ["full"]}).encode()
        for id in ids[10:20]:
            assert ask(server, "PATCH", f"/api/v3/messages/{id}", note)[0] == 200
        assert ask(server, "POST", f"/api/v3/messages/{ids[0]}/restore")[0] == 200
        assert ask(server, "POST", f"/messages/{ids[21]}/delete")[0] == 302
        status, page, _ = ask(server, "GET", f"/messages/{ids[22]}", b"", **OPENED)
        assert (status, b"</html>" in page) == (200, True)
        many = b"do=delete&all=yes&q="
        assert ask(server, "POST", "/messages/chosen", many, **FORM)[0] == 302
        assert ask(server, "POST", "/trash/empty")[0] == 302
        assert ask(server, "GET", f"/api/v3/messages/{ids[1]}")[0] == 404
        # What was removed for good makes room for mail, though the disk is as full.
        acknowledged.wait_for(len(acknowledged.messages) + 1)


def until_refused(
    server: Mailsink, ids: list[str], **headers: str
) -> tuple[bytes, str]:
    """Change messages until there is no room at all; return body and content type."""
    form = b"note=" + b"n" * 2000
    for id in ids * 20:
        path = f"/messages/{id}/mark"
        status, body, kind = ask(server, "POST", path, form, **FORM, **headers)
        if status == 507:
            return body, kind
        assert status == 302
    raise AssertionError("there was always room")


def test_without_the_reserve_people_are_told_what_to_do(small_disk: Path) -> None:
    with full(small_disk) as (server, acknowledged):
        ids = list(acknowledged.messages)
        # Its room is never free, or the server would make it anew.
        (server.data / "reserve").rename(small_disk / "more")
        fill(small_disk / "rest")
        page, kind = until_refused(server, ids)
        assert kind == "text/html"
        assert b"The disk is full" in page
        assert b"MAILSINK_DATA" in page
        for asked in ({"HX-Request": "true"}, {"Accept": "application/json"}):
            body, kind = until_refused(server, ids, **asked)
            assert kind == "application/problem+json"
            assert "MAILSINK_DATA" in json.loads(body)["detail"]
        # Nobody needs room to read.
        for id in ids[-10:]:
            status, page, _ = ask(server, "GET", f"/messages/{id}", b"", **OPENED)
            assert (status, b"The disk is full" in page) == (200, False)
        (small_disk / "more").unlink()
        (small_disk / "filler").unlink()
        assert ask(server, "DELETE", f"/api/v3/messages/{ids[-1]}")[0] == 204


def test_an_import_says_that_there_is_no_room(small_disk: Path) -> None:
    with full(small_disk) as (server, _):
        fill(small_disk / "more")
        asked = {"Content-Type": "application/mbox"}
        for number in itertools.count():
            body = b"Subject: more%d\r\n\r\n" % number + b"x" * 20_000 + b"\r\n"
            mbox = (b"From a\n" + body) * 4  # a larger one would be a file, and refused
            path = "/api/v3/messages"
            status, answer, kind = ask(server, "POST", path, mbox, **asked)
            if status == 507:  # until then, the log that starts over has room
                break
        told = json.loads(answer)
        assert kind == "application/problem+json"
        assert told["detail"].startswith("The disk is full: 0 messages were imported,")
        assert told["imported"] == 0
        path = f"/api/v3/messages?q=subject:more{number}"
        found = json.loads(ask(server, "GET", path)[1])
        assert not found["items"]


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON inbox_message
    EXECUTE FUNCTION full_disk();
"""


def test_a_full_disk_of_postgresql_is_told_in_the_same_way(
    start_mailsink: Callable[..., Mailsink], postgresql_url: str
) -> None:
    server = start_mailsink(DATABASE_URL=postgresql_url, SECRET_KEY="any")
    mail(server)
    id = server.get("messages?limit=1")["items"][0]["id"]
    with psycopg.connect(postgresql_url, autocommit=True) as database:
        database.execute(FULL)
        try:
            status, body, kind = ask(server, "DELETE", f"/api/v3/messages/{id}")
            assert (status, kind) == (507, "application/problem+json")
            assert "disk of the database server is full" in json.loads(body)["detail"]
            status, body, kind = ask(server, "POST", f"/messages/{id}/delete")
            assert (status, kind) == (507, "text/html")
            assert b"disk of the database server is full" in body
            with pytest.raises(smtplib.SMTPDataError) as refused:
                mail(server)
            assert refused.value.smtp_code == 452
        finally:
            database.execute("DROP FUNCTION full_disk CASCADE")
    assert ask(server, "DELETE", f"/api/v3/messages/{id}")[0] == 204
    assert not (server.data / "reserve").exists()
