"""Makes the database ready for a server, and keeps a second one off its folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from mailsink.conf import Config, ConfigError

_MIGRATING = 0x6D616972  # PostgreSQL's advisory lock of the one that migrates


@contextmanager
def held_folder(config: Config) -> Iterator[None]:
    """Hold the data folder for this process, where SQLite's file is in it.

    Raises ConfigError if another one has it, or if it cannot be written.
    """
    if not config.uses_sqlite:
        yield
        return
    try:
        file = (config.data / "serve.lock").open("a+")
    except OSError as error:
        raise ConfigError(_unwritable(config.data, error)) from None
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
    """Bring the tables up to date; at once if they are. Raises ConfigError."""
    if not config.uses_sqlite:
        _reach(config.database_url)
    try:
        with _one_at_a_time():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", database=DEFAULT_DB_ALIAS, verbosity=0)
    except DatabaseError as error:
        raise _unusable(error) from None
    finally:
        connection.close()


def _reach(url: str) -> None:
    """Connect once without the pool, which would try for long and not say why."""
    import psycopg  # takes its time, and SQLite does without

    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.Error as error:
        raise _unusable(error) from None


def _unusable(error: Exception) -> ConfigError:
    reason = " ".join(str(error).split())
    return ConfigError(f"the database (MAILSINK_DATABASE_URL) cannot be used: {reason}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep several processes that start on one PostgreSQL from migrating at once."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])


def _unwritable(folder: Path, error: OSError) -> str:
    return (
        f"MAILSINK_DATA is {str(folder)!r}, which cannot be written: {error.strerror}"
    )


def _first_line(path: str) -> str:
    return Path(path).read_text().partition("\n")[0] or "of unknown number"
