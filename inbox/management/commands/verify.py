"""`manage.py verify`: checks that every stored body is the received one."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from inbox.models import Raw
from inbox.storage.store_gate import StoreDown
from inbox.upkeep.stored_bodies import check_bodies


class Command(BaseCommand):
    help = "Check every stored body against its SHA-256; exits with 1 if one is wrong."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            check = check_bodies(Raw.objects.iterator(chunk_size=20))
        except (DatabaseError, StoreDown) as error:
            self.stderr.write(f"mailsink: {error}")
            sys.exit(1)
        self.stdout.write(check.words())
        if not check.is_well:
            sys.exit(1)
