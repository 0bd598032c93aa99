"""`manage.py move`: copies everything to another database, and checks it there."""

from __future__ import annotations

import importlib.util
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from inbox.moving import copying, ends
from inbox.moving.ends import CannotMove
from inbox.moving.large_bodies import Bodies
from inbox.moving.tables import MovedTable, tables
from inbox.storage import body_store, setup
from mailsink import raw_urls, values
from mailsink.conf import CONFIG, Config

_EVERY = 2.0  # seconds between two lines of progress


class Command(BaseCommand):
    help = (
        "Copy all stored data to another, empty database, and check it there, row by "
        "row. Stop Mailsink first. The present data stays unchanged."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to",
            required=True,
            metavar="URL",
            help=f"where it goes: {values.DATABASE.takes}",
        )
        parser.add_argument(
            "--data",
            metavar="FOLDER",
            type=Path,
            help="the new data folder, where large messages go; by default the folder "
            "of SQLite's file, else the present one",
        )
        parser.add_argument(
            "--raw-to",
            metavar="folder|URL",
            help="put large messages into the data folder, or into object storage "
            "(s3://bucket/prefix); by default they stay as they are",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        self._began, self._said = time.monotonic(), 0.0
        self._moving = ""
        try:
            self._move(options["to"], options["data"], options["raw_to"])
        except (CannotMove, DatabaseError, OSError) as error:
            words = " ".join(str(error).split())
            self.stderr.write(f"mailsink: nothing was moved: {words}")
            sys.exit(1)

    def _move(self, url: str, data: Path | None, raw_to: str | None) -> None:
        _check_url(url)
        found = tables()
        target = ends.target_config(CONFIG, url, data and data.absolute())
        bodies = _bodies(target, raw_to)
        ends.configure(CONFIG, url)
        with ExitStack() as stack:
            stack.enter_context(ends.held(CONFIG, found))
            stack.enter_context(ends.ready(target, found))
            setup.use_for_temporary_files(_spool(target))
            bodies.copy(self._say)
            copied = copying.copy(found, bodies.new_key, self._say)
        self._report(found, copied, bodies)
        self._index()
        self._advise(target, bodies)

    def _index(self) -> None:
        try:
            copying.index(self._say)
        except (DatabaseError, OSError) as error:
            words = " ".join(str(error).split())
            self.stderr.write(
                "mailsink: warning: everything is moved, but the search index is not "
                f"complete ({words}); Mailsink completes it when it runs"
            )

    def _say(self, what: str, done: int, total: int) -> None:
        """Print the progress now and then."""
        now = time.monotonic()
        if what != self._moving or now - self._said > _EVERY:
            self._moving, self._said = what, now
            self.stderr.write(
                f"{now - self._began:6.1f} s  {what}: {done:,} of {total:,}"
            )

    def _report(
        self, found: list[MovedTable], copied: copying.Copied, bodies: Bodies
    ) -> None:
        """Print each table with its rows and its hash, which were the same at both ends."""
        width = max(len(each.name) for each in found)
        for name, sum in copied.sums.items():
            self.stdout.write(f"{name:{width}} {sum.rows:>12,}  {sum.hash[:16]}")
        self.stdout.write(
            f"large bodies: {bodies.copied:,} copied, {bodies.stayed:,} stayed where they are"
        )
        for words, ids in (
            (
                "do not have the hash with which they were received",
                copied.damaged + bodies.damaged,
            ),
            ("were already gone", bodies.missing),
        ):
            if ids:
                some = ", ".join(ids[:5])
                self.stderr.write(
                    f"mailsink: warning: {len(ids):,} bodies {words}: {some}"
                )

    def _advise(self, target: Config, bodies: Bodies) -> None:
        """Print the next steps."""
        self.stdout.write(f"Moved in {time.monotonic() - self._began:.1f} s.")
        self.stdout.write("Now start Mailsink with:")
        self.stdout.write("  MAILSINK_DATABASE_URL as --to has it")
        self.stdout.write(f"  MAILSINK_DATA={target.data}")
        if bodies.objects:
            self.stdout.write(f"  MAILSINK_RAW_URL, which is {bodies.objects.store}")
        kept = CONFIG.data / "secret-key"
        where = (
            f"MAILSINK_SECRET_KEY_FILE={kept}"
            if kept.exists()
            else "MAILSINK_SECRET_KEY"
        )
        self.stdout.write(f"  {where}, the same secret key as now")


def _check_url(url: str) -> None:
    """Raise CannotMove if a URL, which may contain a password, is unusable."""
    try:
        values.DATABASE.parse(url)
    except ValueError:
        raise CannotMove(f"--to takes {values.DATABASE.takes}") from None
    if not url.startswith("sqlite:") and importlib.util.find_spec("psycopg") is None:
        raise CannotMove(
            "--to needs more packages: install 'django-mailsink[postgres]'"
        )


def _bodies(target: Config, raw_to: str | None) -> Bodies:
    """Return the target of large bodies. Raises CannotMove."""
    folder = target.data / "raw"
    if raw_to is None:
        return Bodies(folder, body_store.objects())
    if raw_to == "folder":
        return Bodies(folder, None, "folder")
    try:
        store = raw_urls.RAW_URL.parse(raw_to)
    except ValueError:
        store = None
    if store is None:
        raise CannotMove(f"--raw-to takes folder, or {raw_urls.RAW_URL.takes}")
    if importlib.util.find_spec("storages") is None:
        raise CannotMove("--raw-to needs more packages: install 'django-mailsink[s3]'")
    # the import takes half a second
    from inbox.storage.object_storage import (
        ObjectStorage,
    )

    objects = ObjectStorage(store, CONFIG.secret_key)
    objects.try_out()
    return Bodies(folder, objects, "objects")


def _spool(target: Config) -> Path:
    folder = target.data / "spool"
    folder.mkdir(exist_ok=True)
    return folder
