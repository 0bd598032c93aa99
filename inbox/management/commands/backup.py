"""`manage.py backup FILE`: makes a backup, while Mailsink runs or not."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from inbox.storage import database_size
from inbox.upkeep.backing_up import Incomplete, back_up
from mailsink.conf import CONFIG

WITH_POSTGRESQL = (
    "this Mailsink stores its mail in PostgreSQL: use pg_dump and copy the folder raw "
    "(docs/deploy.md)"
)


class Command(BaseCommand):
    help = "Write a backup of all stored data to a file; Mailsink keeps receiving mail."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file to write: mail.tar")

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        try:
            if not CONFIG.uses_sqlite:
                raise Incomplete(WITH_POSTGRESQL)
            check = back_up(Path(database_size.place()).resolve(), CONFIG.data, file)
        except (Incomplete, OSError) as error:
            self.stderr.write(f"mailsink: {error}")
            sys.exit(1)
        self.stdout.write(f"{file}: {check.words()}")
        if check.altered:
            sys.exit(1)
