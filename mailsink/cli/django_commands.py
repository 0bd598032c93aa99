"""Runs Django's commands, and our `serve`, for `manage.py` and for `mailsink`."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Sequence

from mailsink.aliases import PREFIXES

INTERRUPTED = 130  # the convention of shells: 128 plus the number of the signal


def run(arguments: Sequence[str]) -> None:
    """Run a command: ["mailsink", "serve", "--smtp", "off"]."""
    if list(arguments[1:2]) == ["serve"]:
        _end_at_once()
    gc.set_threshold(50_000)  # a start creates many objects, and hardly any garbage
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsink.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(list(arguments))


def run_without_settings(arguments: Sequence[str]) -> None:
    """Run a command that needs no server, no database and no data folder."""
    ours = ("MAILSINK_", *PREFIXES)
    for name in [each for each in os.environ if each.startswith(ours)]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="mailsink-") as folder:
        os.environ["MAILSINK_DATA"] = folder
        run(arguments)


def _end_at_once() -> None:
    """Let Control-C end a start at once: no mail is received yet that could be lost.

    A KeyboardInterrupt would get lost in a callback of a weak reference, and imports
    have many of those.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
