"""Backups: made while mail arrives, restored into a new folder, and refused where changed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import resource
import shutil
import smtplib
import sqlite3
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inbox.models import Raw
from inbox.upkeep.backing_up import Incomplete
from inbox.upkeep.restoring import restore
from inbox.upkeep.stored_bodies import BodyCheck, check_bodies
from tests import running
from tests.durability.senders import Acknowledged, Sender, stored
from tests.private import bare_database
from tests.programs import environment, program
from tests.running import Mailsink, manage

LARGE = (
    b"Subject: large\r\n\r\n" + b"x" * 70 * 30_000 + b"\r\n"
)  # a file beside the database


@pytest.fixture(autouse=True)
def _schema_is_made(django_db_blocker: Any) -> Iterator[None]:
    """Restoring runs the migrations in memory, to compare what they make."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A server with one large message."""
    server = Mailsink(tmp_path_factory.mktemp("original"))
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], LARGE)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def backup(original: Mailsink) -> Path:
    """A backup made while 20 clients send, with what they were acknowledged before."""
    acknowledged = Acknowledged()
    senders = [Sender(original.smtp, acknowledged, number) for number in range(20)]
    for sender in senders:
        sender.start()
    acknowledged.wait_for(100)
    before = dict(acknowledged.messages)
    file = original.data.parent / "backups" / "mail.tar"
    file.parent.mkdir()
    made = manage("backup", str(file), data=original.data)
    after = len(acknowledged.messages)
    for sender in senders:
        sender.enough = True
        sender.join(120)
    assert made.returncode == 0, made.stderr
    assert "bodies are as they were received" in made.stdout
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.iterdir()) == [file]
    assert after > len(before)  # mail went on
    assert {(reply[:3]) for sender in senders for reply in sender.replies} <= {b"221"}
    file.with_suffix(".json").write_text(json.dumps(sorted(before)))
    return file


def test_a_restored_folder_has_all_that_was_acknowledged_before(
    original: Mailsink, backup: Path, tmp_path: Path
) -> None:
    restored = manage("restore", str(backup), data=tmp_path / "new")
    assert restored.returncode == 0, restored.stderr

    found, whole = stored(tmp_path / "new"), stored(original.data)
    before = json.loads(backup.with_suffix(".json").read_text())
    assert set(before) <= set(found)
    assert all(whole[id] == octets for id, octets in found.items())
    for name in ("secret-key", "tls-cert.pem", "tls-key.pem"):
        kept = (tmp_path / "new" / name).read_bytes()
        assert kept == (original.data / name).read_bytes()
    assert (tmp_path / "new" / "mailsink.sqlite3").stat().st_mode & 0o077 == 0

    server = Mailsink(tmp_path / "new")
    try:
        large = server.get("messages?q=subject:large")["items"]
        assert server.octets(f"messages/{large[0]['id']}/raw") == LARGE
    finally:
        server.stop()
    again = manage("restore", str(backup), data=tmp_path / "new")
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1
    assert "already exists" in again.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda octets: octets[: len(octets) // 2], "not a complete backup"),
        (lambda octets: octets.replace(b"x" * 70, b"y" * 70, 1), "it was changed"),
        (lambda octets: b"Subject: no tar", "not a complete backup"),
        (lambda octets: _with("../../evil", b"x"), "does not belong"),
        (lambda octets: _with("raw/aa/../../../evil", b"x"), "does not belong"),
        (lambda octets: _with("manifest.json", b"[]"), "not a complete backup"),
        (
            lambda octets: _with("manifest.json", b'{"format": 1, "files": {}}'),
            "it was changed",
        ),
    ],
)
def test_a_backup_that_is_not_whole_changes_nothing(
    backup: Path, tmp_path: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    broken = tmp_path / "broken.tar"
    broken.write_bytes(change(backup.read_bytes()))
    (data := tmp_path / "new").mkdir()
    with pytest.raises(Incomplete, match=words):
        restore(broken, data / "mailsink.sqlite3", data)
    assert list(data.iterdir()) == []
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "CREATE VIEW more AS SELECT 1",
            "has the view 'more', which is not ours",
        ),
        (
            "CREATE TRIGGER inbox_auditentry_more AFTER INSERT ON inbox_message "
            "BEGIN DELETE FROM inbox_message; END",
            "has the trigger 'inbox_auditentry_more', which is not ours",
        ),
        ("DROP TRIGGER inbox_auditentry_changed", "lacks the trigger"),
        (
            "CREATE TABLE more (id)",
            "has the table 'more', which is not ours",
        ),
        (
            "CREATE VIRTUAL TABLE more USING fts5(body)",
            "has the table 'more', which is not ours",
        ),
        (
            "ALTER TABLE inbox_message ADD more AS (hex(subject))",
            "has 'more AS \\(hex\\(subject\\)\\)' in the table 'inbox_message'",
        ),
        (
            "ALTER TABLE inbox_raw ADD more TEXT DEFAULT 'x'",
            "in the table 'inbox_raw', which is not ours",
        ),
        (
            "CREATE INDEX more ON inbox_message (lower(subject))",
            "has the index 'more', which is not ours",
        ),
        ("DROP INDEX audit_kind", "lacks the index 'audit_kind'"),
        (
            "UPDATE sqlite_schema SET sql = replace(sql, '\"subject\" text NOT NULL', "
            "'\"subject\" text NOT NULL CHECK (subject <> 1)') WHERE name = 'inbox_message'",
            "CHECK .* in the table 'inbox_message', which is not ours",
        ),
        (
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('inbox', '9999_later', '')",
            "is of a newer Mailsink",
        ),
        (
            "UPDATE inbox_message SET size = -1",
            "is damaged: 'CHECK constraint failed in inbox_message'",
        ),
        ("UPDATE inbox_raw SET key = '../../secret'", "not a key of Mailsink"),
        ("UPDATE inbox_raw SET key = '/etc/passwd'", "not a key of Mailsink"),
        ("UPDATE inbox_raw SET key = 'objects/../../secret'", "not a key of Mailsink"),
        ("UPDATE inbox_raw SET key = X'ff'", "not a key of Mailsink"),
    ],
)
def test_a_database_with_what_is_not_ours_is_refused(
    backup: Path, tmp_path: Path, statement: str, words: str
) -> None:
    """It would act on what is stored later, or lead to files elsewhere."""
    (data := tmp_path / "new").mkdir()
    (data / "raw").mkdir()
    hostile = _changed(backup, tmp_path, statement)
    with pytest.raises(Incomplete, match=words):
        restore(hostile, data / "mailsink.sqlite3", data)
    assert list(data.iterdir()) == [data / "raw"]
    assert list((data / "raw").iterdir()) == []


def test_few_octets_that_stand_for_many_take_no_memory(
    backup: Path, tmp_path: Path
) -> None:
    packer, piece = zlib.compressobj(), bytes(1024 * 1024)
    many = b"".join(packer.compress(piece) for _ in range(600)) + packer.flush()
    statement = (
        f"UPDATE inbox_raw SET codec = 'zlib', content = X'{many.hex()}', "
        "transaction_id = '\x1b]0;x' WHERE rowid = "
        "(SELECT min(rowid) FROM inbox_raw WHERE key = '')"
    )
    hostile = _changed(backup, tmp_path, statement)
    restored = subprocess.run(
        [sys.executable, "manage.py", "restore", str(hostile)],
        cwd=running.ROOT,
        env=running.environment(tmp_path / "new"),
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=_have_little_memory,
    )
    assert restored.returncode == 1, restored.stderr
    assert "1 altered" in restored.stdout
    assert "\x1b" not in restored.stdout


def _have_little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (400 * 1024 * 1024,) * 2)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sparse", "does not belong"),
        ("gzip", "not a complete backup"),
        ("link", "not a complete backup"),
        ("pipe", "does not belong"),
        ("nested", "not a complete backup"),
    ],
)
def test_an_archive_that_is_more_than_it_seems_is_refused(
    backup: Path, tmp_path: Path, kind: str, words: str
) -> None:
    hostile = tmp_path / "hostile.tar"
    hostile.write_bytes(_KINDS[kind](backup))
    (data := tmp_path / "new").mkdir()
    with pytest.raises(Incomplete, match=words):
        restore(hostile, data / "mailsink.sqlite3", data)
    assert list(data.iterdir()) == []


def _sparse(_: Path) -> bytes:
    """Return an archive of 10 KiB with a file of 64 MiB (GNU's format, `tar --sparse`)."""
    member = tarfile.TarInfo("mailsink.sqlite3")
    head = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    head[156:157] = tarfile.GNUTYPE_SPARSE
    head[483:495] = tarfile.itn(64 * 1024**2, 12, tarfile.GNU_FORMAT)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + bytes(1024 * 9)


def _link(_: Path) -> bytes:
    return _of(tarfile.SYMTYPE, "/etc/passwd")


def _pipe(_: Path) -> bytes:
    return _of(tarfile.FIFOTYPE, "")


def _of(kind: bytes, to: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo("secret-key")
        member.type, member.linkname = kind, to
        tar.addfile(member)
    return file.getvalue()


_KINDS: dict[str, Callable[[Path], bytes]] = {
    "sparse": _sparse,
    "gzip": lambda backup: gzip.compress(backup.read_bytes(), 1),
    "link": _link,
    "pipe": _pipe,
    "nested": lambda _: _with("manifest.json", b"[" * 100_000),
}


def _changed(backup: Path, folder: Path, statement: str) -> Path:
    """Return a backup whose database was changed, and its manifest as well."""
    with tarfile.open(backup) as tar:
        members = {each.name: tar.extractfile(each) for each in tar}
        files = {name: file.read() for name, file in members.items() if file}
    (database := folder / "changed.sqlite3").write_bytes(files["mailsink.sqlite3"])
    with closing(sqlite3.connect(database)) as connection, connection:
        for rule in ("writable_schema = ON", "ignore_check_constraints = ON"):
            connection.execute(f"PRAGMA {rule}")
        connection.execute(statement)
    files["mailsink.sqlite3"] = database.read_bytes()
    manifest = json.loads(files.pop("manifest.json"))
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(each).hexdigest(), "size": len(each)}
        for name, each in files.items()
    }
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(changed := folder / "changed.tar", "w") as tar:
        for name, octets in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            tar.addfile(member, io.BytesIO(octets))
    return changed


def _with(name: str, octets: bytes) -> bytes:
    """Return an archive of one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(octets)
        tar.addfile(member, io.BytesIO(octets))
    return file.getvalue()


def test_verify_names_bodies_that_were_altered_or_lost(
    backup: Path, tmp_path: Path
) -> None:
    data = tmp_path / "new"
    assert manage("restore", str(backup), data=data).returncode == 0
    well = manage("verify", data=data)
    assert well.returncode == 0, well.stderr
    with closing(sqlite3.connect(data / "mailsink.sqlite3")) as database, database:
        [id] = database.execute(
            "SELECT transaction_id FROM inbox_raw WHERE key = '' LIMIT 1"
        ).fetchone()
        database.execute(
            "UPDATE inbox_raw SET codec = 'identity', content = X'78' "
            "WHERE transaction_id = ?",
            [id],
        )
    [file] = (each for each in (data / "raw").rglob("*") if each.is_file())
    file.unlink()
    found = manage("verify", data=data)
    assert found.returncode == 1
    assert "1 are missing and 1 altered" in found.stdout
    assert id in found.stdout.replace("-", "")


def test_without_a_database_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    made = manage("backup", str(tmp_path / "mail.tar"), data=tmp_path / "data")
    assert made.returncode == 1
    assert "is not a database yet" in made.stderr
    assert not (tmp_path / "mail.tar").exists()


def test_with_postgresql_the_dump_comes_first_and_then_the_files(
    postgresql_url: str, tmp_path: Path
) -> None:
    """As docs/deploy.md has it; every file that a row of the dump names is there by then."""
    dumped, restored = (
        bare_database(postgresql_url, name) for name in ("dumped", "restored")
    )
    settings = {"DATABASE_URL": dumped, "SECRET_KEY": "any"}
    server = Mailsink(tmp_path / "data", **settings)
    dump = tmp_path / "mail.dump"
    try:
        with smtplib.SMTP(*server.smtp) as client:
            for body in (LARGE, b"Subject: small\r\n\r\nHello\r\n"):
                client.sendmail("a@example.com", ["b@example.com"], body)
        refused = manage("backup", str(dump), data=server.data, **settings)
        assert refused.returncode == 1
        assert "pg_dump" in refused.stderr
        _run("pg_dump", "-Fc", "-f", str(dump), dumped)
        shutil.copytree(server.data / "raw", tmp_path / "new" / "raw")
    finally:
        assert server.stop() == 0
    _run("pg_restore", "--no-owner", "-d", restored, str(dump))
    settings["DATABASE_URL"] = restored
    found = manage("verify", data=tmp_path / "new", **settings)
    assert found.stdout == "2 bodies are as they were received\n", found.stderr


def _run(command: str, *arguments: str) -> None:
    path = program(command, "postgresql-client")
    subprocess.run([path, *arguments], env=environment(path), check=True)


def test_bodies_in_object_storage_are_left_there() -> None:
    raw = Raw(key="objects/aa/bb", sha256="of something else")
    check = check_bodies([raw], objects=False)
    assert check.is_well
    assert "1 are in object storage" in check.words()


def test_one_body_is_said_as_one() -> None:
    assert BodyCheck(right=1).words() == "1 body is as it was received"
