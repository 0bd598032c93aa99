"""`mailsink move`: from SQLite to PostgreSQL and back, and all that it refuses."""

from __future__ import annotations

import shutil
import smtplib
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import private
from tests.object_crash import body
from tests.object_store import ObjectServer
from tests.running import Mailsink, manage, set_up

KEY = {"SECRET_KEY": "the same for all"}
INDEX = ("inbox_search", "inbox_header", "sqlite_", "django_migrations")


@pytest.fixture(scope="module")
def empty_postgresql() -> Iterator[str]:
    """A PostgreSQL that no other test uses."""
    with private.postgresql() as url:
        yield url


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that took mail, small and large, and has a rule."""
    folder = tmp_path_factory.mktemp("used")
    server = Mailsink(folder, **KEY)
    with smtplib.SMTP(*server.smtp, timeout=120) as client:
        for number in range(3):
            text = f"Subject: small {number}\r\n\r\nWords of number{number}: ü.\r\n"
            client.sendmail("a@example.com", ["b@example.com"], text.encode())
        client.sendmail("a@example.com", ["c@example.com"], body(7))
        assert client.docmd("VRFY", "x" * 3000)[0] >= 250
    server.post("rules", stage="rcpt", actions={"code": 451})
    for words in ("mebibyte", "number0", "number1", "number2"):  # until all are indexed
        server.get(f"messages/wait?q={words}&timeout=120")
    server.stop()
    return folder


def move(
    data: Path, to: str, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return manage("move", "--to", to, *options, data=data, **KEY, **variables)


def sqlite(folder: Path) -> str:
    """Return the URL of a database of our own, which is empty: migrating takes long."""
    set_up(folder)
    return place(folder)


def place(folder: Path) -> str:
    return f"sqlite:///{folder}/mailsink.sqlite3"


def dump(folder: Path) -> dict[str, list[Any]]:
    """Return all rows of all tables of a SQLite database, but for its indices."""
    with closing(sqlite3.connect(folder / "mailsink.sqlite3")) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(map(repr, database.execute(f"SELECT * FROM {name}")))
            for (name,) in names.fetchall()
            if not name.startswith(INDEX)
        }


def refusal(done: subprocess.CompletedProcess[str], lines: int = 1) -> str:
    """Return the line with which nothing was moved. lines: how many there are at most"""
    assert done.returncode == 1, done.stdout
    said = done.stderr.splitlines()
    assert said[-1].startswith("mailsink: nothing was moved: "), done.stderr
    assert len(said) <= lines, done.stderr
    return said[-1]


def test_there_and_back_nothing_has_changed(
    used: Path, empty_postgresql: str, tmp_path: Path
) -> None:
    before = dump(used)
    spoilt = shutil.copytree(used, tmp_path / "spoilt")
    with closing(sqlite3.connect(spoilt / "mailsink.sqlite3")) as database, database:
        database.execute("UPDATE inbox_message SET subject = ?", ["x\0y"])
    half = refusal(move(spoilt, empty_postgresql), lines=99)
    assert "rows of inbox_message cannot be stored: " in half
    there = move(used, empty_postgresql)  # which is as empty as before
    assert there.returncode == 0, there.stderr
    assert "large bodies: 0 copied, 1 stayed where they are" in there.stdout
    assert "warning" not in there.stderr
    assert dump(used) == before

    back = move(used, sqlite(tmp_path / "back"), DATABASE_URL=empty_postgresql)
    assert back.returncode == 0, back.stderr
    assert "large bodies: 1 copied, 0 stayed where they are" in back.stdout
    after = dump(tmp_path / "back")
    for each in (before, after):
        assert each.pop("inbox_server")  # whose JSON has its names in another order
    assert after == before
    server = Mailsink(used, DATABASE_URL=empty_postgresql, **KEY)
    try:
        large = server.get("messages?limit=1")["items"][0]
        assert server.octets(f"messages/{large['id']}/raw") == body(7)
        [found] = server.get("messages?q=number2")["items"]  # the index is made again
        assert found["subject"] == "small 2"
        running = refusal(move(used, sqlite(tmp_path), DATABASE_URL=empty_postgresql))
        assert "Mailsink runs on the present database (" in running
        rules = [each["id"] for each in server.get("rules")["items"]]
        fresh = server.post("rules", stage="rcpt", actions={"code": 450})
        assert fresh["id"] not in rules  # numbers go on after those that came
        server.delete(f"rules/{fresh['id']}")
    finally:
        server.stop()

    again = refusal(move(used, empty_postgresql))
    assert "the database of --to is not empty" in again
    assert (tmp_path / "back" / "mailsink.sqlite3").stat().st_mode & 0o007 == 0
    server = Mailsink(tmp_path / "back", **KEY)
    try:
        assert server.octets(f"messages/{large['id']}/raw") == body(7)
        assert len(server.get("messages?q=words")["items"]) == 3
    finally:
        server.stop()


def test_large_bodies_move_into_object_storage(
    used: Path, object_store: ObjectServer, tmp_path: Path
) -> None:
    url = object_store.bucket()
    done = move(used, sqlite(tmp_path), "--raw-to", url)
    assert done.returncode == 0, done.stderr
    assert "large bodies: 1 copied, 0 stayed where they are" in done.stdout
    assert len(object_store.names(url)) == 1
    assert len(list((used / "raw").glob("*/*"))) == 1
    assert not (tmp_path / "raw").exists()
    back = move(tmp_path, sqlite(tmp_path / "b"), "--raw-to", "folder", RAW_URL=url)
    assert back.returncode == 0, back.stderr
    assert dump(tmp_path / "b") == dump(used)
    [file] = (tmp_path / "b" / "raw").glob("*/*")
    assert file.read_bytes() == next((used / "raw").glob("*/*")).read_bytes()


def test_damaged_and_missing_bodies_are_named(used: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert move(used, sqlite(first)).returncode == 0
    next((first / "raw").glob("*/*")).unlink()
    with closing(sqlite3.connect(first / "mailsink.sqlite3")) as database, database:
        database.execute("UPDATE inbox_raw SET sha256 = '0' WHERE key = ''")
    done = move(first, sqlite(second))
    assert done.returncode == 0
    assert "warning: 1 bodies were already gone: " in done.stderr
    assert (
        "warning: 3 bodies do not have the hash with which they were received: "
        in done.stderr
    )


def test_what_is_refused(used: Path, tmp_path: Path) -> None:
    before = dump(used)
    for url in ("mysql://u:secret@host/name", "postgresql://u:secret@host/n?pool=1"):
        said = refusal(move(used, url))
        assert "takes postgresql://" in said
        assert "secret" not in said
    assert "the present database" in refusal(move(used, place(used)))
    # A password that libpq would take for a part of the host, and name
    nobody = refusal(move(used, "postgresql://u:top@secret@127.0.0.1:1/none"))
    assert "the database of --to cannot be used: " in nobody
    assert "secret" not in nobody
    with closing(sqlite3.connect(tmp_path / "mailsink.sqlite3")) as database, database:
        database.execute("CREATE TABLE cake (id INTEGER)")
    assert "tables of another program" in refusal(move(used, place(tmp_path)))
    assert "nothing is stored" in refusal(move(tmp_path, sqlite(tmp_path / "x")))
    old = tmp_path / "old"
    set_up(old)
    with closing(sqlite3.connect(old / "mailsink.sqlite3")) as database, database:
        database.execute(
            "DELETE FROM django_migrations WHERE app = 'inbox' AND name > '0030'"
        )
    assert "another version of Mailsink" in refusal(move(old, sqlite(tmp_path / "x")))
    raw_to = refusal(move(used, sqlite(tmp_path / "x"), "--raw-to", "ftp://x"))
    assert "--raw-to takes folder, or s3://bucket/prefix" in raw_to
    assert dump(used) == before


def test_a_body_whose_key_leads_elsewhere_is_refused(
    used: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(used, tmp_path / "hostile")
    with closing(sqlite3.connect(folder / "mailsink.sqlite3")) as database, database:
        database.execute("UPDATE inbox_raw SET key = '../secret-key' WHERE key <> ''")
    assert "which is not a key of Mailsink" in refusal(
        move(folder, sqlite(tmp_path / "x"))
    )


def test_a_server_keeps_its_database(used: Path, tmp_path: Path) -> None:
    server = Mailsink(used, **KEY)
    try:
        assert "another Mailsink (process " in refusal(move(used, sqlite(tmp_path)))
        with urllib.request.urlopen(f"{server.url}/health/ready") as answer:
            assert answer.status == 200
    finally:
        server.stop()
