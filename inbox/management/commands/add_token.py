"""`manage.py add_token`: makes an API token, for `mailsink token add`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from inbox.access import api_tokens
from inbox.errors import NotFound, UserError
from inbox.mailbox import inboxes
from inbox.mailbox.scope import ALL
from inbox.models import User


class Command(BaseCommand):
    help = "Print a new API token of a user."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--scope", action="append", required=True)
        parser.add_argument("--inbox", action="append")
        parser.add_argument("--days", type=int, default=0)

    def handle(self, *_: Any, **given: Any) -> None:
        try:
            self.stdout.write(_text(given))
        except UserError as error:
            _end(str(error))
        except DatabaseError as error:
            _end(f"the database cannot be used: {error}. Start Mailsink once before")


def _text(given: dict[str, Any]) -> str:
    user = User.objects.filter(username=given["user"], is_active=True).first()
    if user is None:
        raise NotFound(f'there is no active user "{given["user"][:80]}"')
    slugs = given["inbox"]
    chosen = [inboxes.by_slug(ALL, each) for each in slugs] if slugs else None
    days = given["days"] or None
    return api_tokens.add(user, given["name"], given["scope"], chosen, days).text


def _end(words: str) -> None:
    sys.stderr.write(f"mailsink: {words}\n")
    sys.exit(1)
