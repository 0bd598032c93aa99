"""Prepares the database for a server, and keeps a second server out of its folder."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from inbox.models import Session
from inbox.storage import body_store
from inbox.storage.store_gate import StoreDown
from mailsink.conf import Config, ConfigError, unusable_data

_SQLITE = b"SQLite format 3\0"  # the beginning of its files
_MIGRATING = 0x6D616972  # PostgreSQL's advisory lock of the process that migrates


@contextmanager
def held_folder(config: Config) -> Iterator[None]:
    """Lock the data folder for this process, if SQLite's file is in it.

    Raises ConfigError if another process has it, or if it cannot be written.
    """
    if not config.uses_sqlite:
        yield
        return
    try:
        file = (config.data / "serve.lock").open("a+")
    except OSError as error:
        raise unusable_data(config.data, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"another Mailsink (process {_first_line(file.name)}) runs on the data "
                f"folder {str(config.data)!r}; stop it, or set MAILSINK_DATA to "
                "another folder"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def migrate(config: Config) -> None:
    """Bring the tables up to date; return at once if they are. Raises ConfigError."""
    if not config.uses_sqlite:
        _reach()
    try:
        with _one_at_a_time():
            executor = MigrationExecutor(connection)
            _refuse_newer(executor)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", database=DEFAULT_DB_ALIAS, verbosity=0)
        if config.uses_sqlite:
            _check_writable()
    except DatabaseError as error:
        raise _unusable(error) from None
    finally:
        connection.close()


def let_go() -> None:
    """Close this process's connections and the threads of a pool, before a fork."""
    connections.close_all()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


def own_file(config: Config) -> None:
    """Create SQLite's file, unreadable for other users: it holds everybody's mail.

    The files next to it (WAL) get its permissions. An existing file keeps its group's
    permissions; a file that is no SQLite database stays unchanged. Raises ConfigError.
    """
    if not config.uses_sqlite:
        return
    path = Path(connection.settings_dict["NAME"])
    # the path may be a pipe
    flags = os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        with open(os.open(path, flags, 0o600), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or file.read(len(_SQLITE)) not in (b"", _SQLITE):
                raise _unusable(f"{str(path)!r} is not an SQLite database")
            if mode & 0o007:  # else there may be no permission to change it, nor need
                os.fchmod(file.fileno(), mode & 0o770)
    except OSError as error:
        raise _unusable(f"{str(path)!r}: {error.strerror}") from None


def check_folder(data: Path, name: str) -> None:
    """Make a folder in the data folder, and try to write a file in it. Raises ConfigError."""
    try:
        (data / name).mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=data / name):
            pass
    except OSError as error:
        raise unusable_data(data, error) from None


def check_objects(config: Config) -> Config:
    """Try the object storage, if one is configured; return the config, maybe with a warning.

    Raises ConfigError if the storage refuses, which stops the start. A silent storage
    does not: small messages can be captured without it.
    """
    if (store := body_store.objects()) is None:
        return config
    try:
        store.try_out()
    except StoreDown as error:
        words = f"MAILSINK_RAW_URL: {config.raw_url} cannot be used: {error.reason}"
        if not error.silent:
            raise ConfigError(words) from None
        later = f"{words}; large messages get 451 until it can"
        return replace(config, warnings=(*config.warnings, later))
    return config


def use_for_temporary_files(folder: Path) -> None:
    """Make libraries in this process use our folder for temporary files."""
    tempfile.tempdir = str(folder)


def _refuse_newer(executor: MigrationExecutor) -> None:
    """Raise ConfigError if a newer version has changed the tables."""
    applied = executor.loader.applied_migrations
    known = executor.loader.disk_migrations
    newer = sorted(
        name
        for app, name in set(applied) - set(known)
        if app == Session._meta.app_label
    )
    if newer:
        raise ConfigError(
            f"a newer Mailsink has used this database ({newer[-1]}): start that one, "
            "or set MAILSINK_DATA to another folder"
        )


def _check_writable() -> None:
    """Write once, and undo it, so that a read-only file is found now and not by mail."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        version = cursor.fetchone()[0]
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(f"PRAGMA user_version = {version:d}")
        cursor.execute("ROLLBACK")


def _reach() -> None:
    """Connect once without the pool, which would retry for long and not say why.

    Pass the parts of the URL, like all later connections: in a whole URL, libpq takes
    some passwords for the host, and repeats them in its errors.
    """
    import psycopg  # slow to import, and not needed with SQLite

    try:
        parts = connection.get_connection_params()
        psycopg.connect(**{"connect_timeout": 10, **parts}).close()
    except (psycopg.Error, ImproperlyConfigured) as error:
        raise _unusable(error) from None


_ADVICE = {
    "attempt to write a readonly database": "the file or its folder is not writable: "
    "make the user that Mailsink runs as its "
    "owner",
    "database is locked": "another program holds it: end that program",
}


def _unusable(error: Exception | str) -> ConfigError:
    reason = " ".join(str(error).split())
    if advice := _ADVICE.get(reason):
        reason = f"{reason} ({advice})"
    return ConfigError(f"the database (MAILSINK_DATABASE_URL) cannot be used: {reason}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep processes that start at once on the same PostgreSQL from migrating together."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])


def _first_line(path: str) -> str:
    return Path(path).read_text().partition("\n")[0] or "of unknown number"
