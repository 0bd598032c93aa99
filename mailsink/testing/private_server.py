"""A Mailsink for tests: on free ports, with its own data folder."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from mailsink.aliases import PREFIXES

_READY = "Mailsink is ready."
_PR_SET_PDEATHSIG = 1  # prctl(2)


class PrivateServer:
    """A Mailsink in a separate process, which runs during a `with` block.

    smtp: (host, port); url: of the web side, without a slash at its end
    """

    smtp: tuple[str, int]
    url: str

    def __init__(
        self,
        *,
        data: Path | None = None,
        smtp: str = "127.0.0.1:0",
        http: str = "127.0.0.1:0",
        ends_with_us: bool = False,
        **settings: str,
    ) -> None:
        """settings: those of Mailsink, without MAILSINK_: PrivateServer(SMTP_AUTH="a:b").

        data: the folder of its mail; without one the mail is removed with the server
        ends_with_us: on Linux, even if we are killed; then start it in the main thread
        """
        self._settings = settings
        self._ends_with_us = ends_with_us and sys.platform == "linux"
        self._data, self._listens = data, ("--smtp", smtp, "--http", http)
        self._folder = tempfile.TemporaryDirectory(prefix="mailsink-")

    def __enter__(self) -> PrivateServer:
        folder = Path(self._folder.name)
        self._log = folder / "log.txt"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mailsink", "serve", *self._listens],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(self._data or folder / "data", self._settings),
                preexec_fn=_end_with_parent if self._ends_with_us else None,
            )
        try:
            self._take_addresses()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._folder.cleanup()

    def _take_addresses(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            label, _, address = line.strip().partition(" ")
            if label == "SMTP":
                url = urlsplit(f"//{address.strip()}")
                self.smtp = (url.hostname or "", url.port or 0)
            elif label == "Web":
                self.url = address.strip().rstrip("/")
            elif line.strip() == _READY:
                return
        raise RuntimeError(f"Mailsink did not start: {self._log.read_text().strip()}")


def _end_with_parent() -> None:
    """Let Linux end this process when its parent is killed and cannot do so."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _environment(data: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of the server, without any outside settings."""
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAILSINK_", *PREFIXES))
    }
    ours = {"MAILSINK_DATA": str(data)}
    ours |= {f"MAILSINK_{name}": value for name, value in settings.items()}
    ours["DJANGO_SETTINGS_MODULE"] = "mailsink.settings"
    return {**theirs, **ours}
