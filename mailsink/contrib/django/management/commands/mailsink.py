"""`manage.py mailsink`: runserver, with a sink that starts and stops with it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from argparse import REMAINDER, ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV

from mailsink.contrib.django.apps import SMTP_VARIABLE, SinkConfig
from mailsink.testing.private_server import PrivateServer

_USUAL = {"smtp": 1025, "http": 8025}


class Command(BaseCommand):
    help = "Run the development server, and catch the mail that it sends."
    requires_system_checks = ()  # runserver runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, port in _USUAL.items():
            parser.add_argument(
                f"--{name}",
                metavar="ADDR:PORT",
                help=f"where the sink listens; 127.0.0.1:{port} if that is free",
            )
        parser.add_argument(
            "runserver", nargs=REMAINDER, help="what runserver takes: 8080 --noreload"
        )

    def handle(
        self,
        *_: Any,
        smtp: str | None,
        http: str | None,
        runserver: list[str],
        **__: Any,
    ) -> None:
        if os.environ.get(DJANGO_AUTORELOAD_ENV) == "true":
            _run(runserver)  # restarted after a change: the sink still runs
            return
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with _sink(smtp or _free("smtp"), http or _free("http")) as sink:
            address = "{}:{}".format(*sink.smtp)
            os.environ[SMTP_VARIABLE] = address
            SinkConfig.lead()
            self.stdout.write(f"Inbox  {sink.url}/")
            self.stdout.write(f"SMTP   {address}")
            self.stdout.flush()
            _run(runserver)


def _run(arguments: list[str]) -> None:
    call_command("runserver", *arguments, skip_checks=False)


@contextmanager
def _sink(smtp: str, http: str) -> Iterator[PrivateServer]:
    """Run the sink. Raises CommandError if it does not start."""
    with ExitStack() as stack:
        try:
            sink = PrivateServer(
                data=_folder(), smtp=smtp, http=http, ends_with_us=True
            )
            stack.enter_context(sink)
        except (OSError, RuntimeError) as failure:
            raise CommandError(str(failure)) from None
        yield sink


def _folder() -> Path:
    """Return the folder of the mail, which version control ignores."""
    folder = Path(getattr(settings, "BASE_DIR", ".")) / ".mailsink"
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    return folder


def _free(name: str) -> str:
    """Return the usual address, or any free port if that is in use."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", _USUAL[name]))
        except OSError:
            return "127.0.0.1:0"
    return f"127.0.0.1:{_USUAL[name]}"
