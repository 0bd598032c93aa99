"""The two databases of a move: the source, locked against writes, and the empty target."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from inbox.models import Inbox, Server
from inbox.models.inbox import DEFAULT_SLUG
from inbox.moving.tables import MovedTable
from inbox.storage import setup
from inbox.upkeep import servers
from mailsink import databases
from mailsink.conf import Config, ConfigError

SOURCE, TARGET = "source", "default"
# The rows that migrations and Django put into a new database.
_FILLED = {
    "auth_permission",
    "django_content_type",
    "inbox_derivingcursor",
    "inbox_outgoingguard",
}


class CannotMove(Exception):
    """The reason why no data is moved, in a sentence for the user."""


def configure(config: Config, url: str) -> None:
    """Configure the databases of this process: the source and the target.

    Raises CannotMove if they are the same.
    """
    connections.close_all()
    ends = {SOURCE: config.database_url, TARGET: url}
    made = {name: databases.of_url(each) for name, each in ends.items()}
    places = [
        [made[name].get(key) for key in ("HOST", "PORT", "NAME")] for name in made
    ]
    if places[0] == places[1]:
        raise CannotMove("--to names the present database")
    connections.settings.update(connections.configure_settings(made))
    del connections[TARGET]


@contextmanager
def held(config: Config, tables: list[MovedTable]) -> Iterator[None]:
    """Lock the source database against writes. Raises CannotMove.

    config: the source's
    """
    try:
        with setup.held_folder(config), transaction.atomic(using=SOURCE):
            _refuse_other_version()
            if not config.uses_sqlite:  # SQLite's transaction excludes other writers
                _refuse_servers()
                _lock(tables)
            yield
    except ConfigError as error:
        raise CannotMove(str(error)) from None


def _refuse_other_version() -> None:
    """Raise CannotMove unless the tables are those of this version."""
    executor = MigrationExecutor(connections[SOURCE])
    known = executor.loader.graph.leaf_nodes()
    applied = set(executor.loader.applied_migrations)
    ours = {each for each in applied if each[0] == "inbox"}
    if not ours:
        raise CannotMove("nothing is stored in the present database")
    if executor.migration_plan(known) or ours - set(executor.loader.disk_migrations):
        raise CannotMove(
            "another version of Mailsink wrote the present database: start this one on "
            "it once, stop it, and try again"
        )


def _refuse_servers() -> None:
    running = [each.hostname for each in servers.alive(SOURCE)]
    if running:
        raise CannotMove(
            f"Mailsink runs on the present database ({', '.join(running)}): stop it"
        )


def _lock(tables: list[MovedTable]) -> None:
    """Let other processes read PostgreSQL's tables, but not write them."""
    quote = connections[SOURCE].ops.quote_name
    names = ", ".join(quote(each.name) for each in tables)
    try:
        with connections[SOURCE].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '10s'")
            cursor.execute(f"LOCK TABLE {names} IN SHARE MODE")
    except DatabaseError:
        raise CannotMove(
            "another program writes to the present database: stop it"
        ) from None


@contextmanager
def ready(config: Config, tables: list[MovedTable]) -> Iterator[None]:
    """Make the tables of the target database, and keep servers away from it.

    config: with that database's URL, and its data folder. Raises CannotMove.
    """
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with setup.held_folder(config):
            setup.own_file(config)
            # first, since migrating would add our tables to foreign ones
            _refuse_strangers()
            setup.migrate(config)
            _refuse_rows(tables)
            yield
    except ConfigError as error:
        words = str(error).replace("MAILSINK_DATABASE_URL", "--to")
        raise CannotMove(words) from None
    except OSError as error:
        raise CannotMove(f"{str(config.data)!r} cannot be used: {error}") from None


def _refuse_strangers() -> None:
    try:
        names = set(connection.introspection.table_names())
    except DatabaseError as error:
        words = " ".join(str(error).split())
        raise CannotMove(f"the database of --to cannot be used: {words}") from None
    if names and "inbox_session" not in names:
        raise CannotMove(
            "the database of --to has tables of another program: make a new one"
        )


def _refuse_rows(tables: list[MovedTable]) -> None:
    """Raise CannotMove if there are more rows than migrations put there."""
    inboxes = Inbox.objects.exclude(slug=DEFAULT_SLUG)
    own = Inbox._meta.db_table
    if (
        inboxes.exists()
        or Server.objects.exists()
        or any(
            each.count(TARGET) for each in tables if each.name not in {*_FILLED, own}
        )
    ):
        raise CannotMove(
            "the database of --to is not empty: a Mailsink has already used it. Make "
            "a new one, or remove everything in it"
        )


def target_config(config: Config, url: str, data: Path | None) -> Config:
    """Return the Config of the Mailsink that continues with the target.

    data: its data folder; None: the folder of SQLite's file, or else the current one
    """
    moved = replace(config, database_url=url)
    if data is None:
        data = config.data
        if moved.uses_sqlite:
            data = Path(databases.of_url(url)["NAME"]).absolute().parent
    return replace(moved, data=data)
