"""What keeps it from starting: one line says what is wrong, and nothing is a traceback."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.disks import mounted
from tests.running import ANY_PORT, ROOT, Mailsink, environment

_PR_CAPBSET_DROP, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2
DATABASE = "mailsink.sqlite3"
ADVICE = "Name a folder that Mailsink can create and write to."


def as_anybody() -> None:
    """Give up what lets root write whatever it likes."""
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def refused(data: Path, **variables: str) -> str:
    """Return the one line with which it did not start."""
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", *ANY_PORT],
        cwd=ROOT,
        env=environment(data, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=as_anybody,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("mailsink: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that a server has used."""
    folder = tmp_path_factory.mktemp("used")
    Mailsink(folder, fresh=True).stop()
    return folder


@pytest.fixture
def data(used: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    shutil.copytree(used, folder)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("what", [DATABASE, ""], ids=["file", "folder"])
def test_a_database_that_cannot_be_written(data: Path, what: str) -> None:
    (data / what).chmod(0o444 if what else 0o555)
    said = refused(data)
    assert "MAILSINK_DATABASE_URL" in said
    assert "is not writable" in said


@pytest.mark.parametrize("name", ["spool", "raw"])
def test_a_folder_for_bodies_that_cannot_be_written(data: Path, name: str) -> None:
    (data / name).chmod(0o555)
    said = refused(data)
    assert said.startswith(f"mailsink: MAILSINK_DATA: {str(data)!r} cannot be used: '")
    assert f"{name}/" in said
    assert said.endswith(f": Permission denied. {ADVICE}\n")
    (data / name).rmdir()
    (data / name).touch()
    reason = f"{str(data / name)!r}: Not a directory"
    assert f"MAILSINK_DATA: {str(data)!r} cannot be used: {reason}. " in refused(data)


def test_a_data_folder_that_cannot_be_made_or_written(data: Path) -> None:
    data.chmod(0o500)
    assert refused(data / "new") == (
        f"mailsink: MAILSINK_DATA: {str(data / 'new')!r} cannot be used: "
        f"Permission denied. {ADVICE}\n"
    )
    data.chmod(0o700)
    (data / "serve.lock").chmod(0o400)
    lock = str(data / "serve.lock")
    assert f"{lock!r}: Permission denied. {ADVICE}" in refused(data)


def test_a_data_folder_on_a_file_system_that_is_only_read(tmp_path: Path) -> None:
    with mounted(tmp_path, "ro"):
        said = refused(tmp_path / "data")
    assert f"'{tmp_path / 'data'}' cannot be used: Read-only file system. " in said


def garble(path: Path) -> None:
    path.write_bytes(b"no database, for all that is written here " * 50)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(20_000)


def age(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('inbox', '0999_future', '2030-01-01')"
        )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (garble, "is not an SQLite database"),
        (cut, "malformed"),
        (age, "a newer Mailsink has used this database (0999_future)"),
    ],
)
def test_a_database_of_another_kind(
    data: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(data / DATABASE)
    assert reason in refused(data)


@pytest.mark.parametrize("kind", ["text", "pipe"])
def test_a_file_that_is_no_database_keeps_its_rights(data: Path, kind: str) -> None:
    """It is somebody else's: the URL is wrong."""
    file = data / "other"
    if kind == "text":
        file.write_text("127.0.0.1 localhost\n")
    else:
        os.mkfifo(file)
    file.chmod(0o644)
    said = refused(data, DATABASE_URL=f"sqlite:///{file}")
    assert "is not an SQLite database" in said
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_database_that_another_program_holds(data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "another program holds it" in refused(data)


def test_a_key_that_is_none(data: Path) -> None:
    (data / "secret-key").write_bytes(b"\xff\xfe\x00")
    assert "holds no key: remove the file" in refused(data)
    (data / "secret-key").unlink()
    (data / "secret-key").mkdir()
    assert str(data / "secret-key") in refused(data)


def test_a_certificate_that_cannot_be_kept(data: Path) -> None:
    (data / "tls-key.pem").unlink()
    (data / "tls-key.pem").mkdir()
    assert "tls-key.pem" in refused(data)


def test_a_key_that_was_never_written_is_made_anew(data: Path) -> None:
    (data / "secret-key").write_text("")
    (data / DATABASE).chmod(0o644)
    server = Mailsink(data)
    assert len((data / "secret-key").read_text()) > 40
    # Nobody else reads everybody's mail.
    assert (data / DATABASE).stat().st_mode & 0o777 == 0o640
    assert server.stop() == 0


def test_the_database_is_for_its_owner(used: Path) -> None:
    assert (used / DATABASE).stat().st_mode & 0o777 == 0o600
