"""`manage.py make_administrator NAME`: run by `mailsink setup`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox.access import first_visit
from inbox.errors import UserError
from inbox.storage import setup
from mailsink.conf import CONFIG, ConfigError


class Command(BaseCommand):
    help = "Make an administrator; the password is a line of standard input."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *_: Any, name: str, **__: Any) -> None:
        try:
            setup.own_file(CONFIG)
            setup.migrate(CONFIG)
            first_visit.make_administrator(name, sys.stdin.readline().rstrip("\r\n"))
        except (ConfigError, UserError) as error:
            self.stderr.write(f"mailsink: {error}")
            sys.exit(1)
        self.stdout.write(
            f"{name} is an administrator. From now on nothing can be read without "
            "signing in."
        )
