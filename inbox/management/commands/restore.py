"""`manage.py restore FILE`: makes a data folder from a backup."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from inbox.management.commands.backup import WITH_POSTGRESQL
from inbox.storage import database_size, setup
from inbox.upkeep.backing_up import Incomplete
from inbox.upkeep.restoring import restore
from mailsink.conf import CONFIG, ConfigError


class Command(BaseCommand):
    help = "Restore a backup into a new data folder."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file that `backup` wrote")

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        try:
            if not CONFIG.uses_sqlite:
                raise Incomplete(WITH_POSTGRESQL)
            with setup.held_folder(CONFIG):
                database = Path(database_size.place()).resolve()
                check = restore(file, database, CONFIG.data)
        except (ConfigError, Incomplete, OSError) as error:
            self.stderr.write(f"mailsink: {error}")
            sys.exit(1)
        self.stdout.write(f"{CONFIG.data}: {check.words()}")
        if check.altered:
            sys.exit(1)
