"""`manage.py answer`: started by `serve` to read large messages (inbox/live/worker.py)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox.api.v3.event_objects import message_json
from inbox.live import worker
from inbox.storage import setup
from mailsink.conf import CONFIG


class Command(BaseCommand):
    help = "Answer requests for large messages. `serve` starts this command; it has no use alone."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("descriptor", type=int, help="of the socket to `serve`")

    def handle(self, *_: Any, descriptor: int, **__: Any) -> None:
        setup.use_for_temporary_files(CONFIG.data / "spool")
        worker.run(descriptor, message_json)
