"""A real Mailsink in a process of its own, as tests start, ask and stop it."""

from __future__ import annotations

import atexit
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests import forked
from tests.behind import Nginx
from tests.forked import ROOT
from tests.templates import copy_template

ANY_PORT = ("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")
SERVE = (sys.executable, "manage.py", "serve")
_DATABASE = "mailsink.sqlite3"
# A command asks there by default, as it finds out where it is imported: before the fork
_ASKED = {"MAILSINK_HTTP", "MAILSINK_HTTPS"}
# `ulimit -n` of the servers: `SERVER_DESCRIPTORS=256 pytest tests/attack`; 0 is ours
DESCRIPTORS = int(os.environ.get("SERVER_DESCRIPTORS", "0"))
# How nginx serves them below /a/b/: `SERVER_BEHIND=strip pytest tests/e2e`; "" is not at all
SERVER_BEHIND = os.environ.get("SERVER_BEHIND", "")
_in_front: dict[Path, Nginx] = {}  # by data folder, for a server that comes again


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Return an environment with these MAILSINK_ variables (given without it) only."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MAILSINK_")
    }
    ours = {"MAILSINK_DATA": str(data)}
    ours |= {f"MAILSINK_{name}": value for name, value in variables.items()}
    return {**environ, **ours}


def manage(
    *arguments: str, data: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of manage.py to its end."""
    done = finished(["manage.py", *arguments], environment(data, **variables))
    said, warned = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, said, warned)


def finished(
    command: list[str],
    environ: Mapping[str, str],
    stdin: bytes = b"",
    folder: Path = ROOT,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program of ours to its end: ["manage.py", "migrate"], ["-m", "mailsink"]."""
    patience = 300  # seconds: the machine may be busy
    if _ASKED & environ.keys() or not forked.can_run(environ):
        path = [environ.get("PYTHONPATH", ""), str(ROOT)]  # a test's own is first
        return subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env={**environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
            input=stdin,
            capture_output=True,
            timeout=patience,
        )
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as stderr:
        given.write(stdin)
        given.seek(0)
        process = forked.run(command, environ, stderr, 0, given, folder)
        limit = threading.Timer(patience, process.kill)
        limit.start()
        try:
            with process.stdout:
                said = process.stdout.buffer.read()
            code = process.wait(patience)
        finally:
            limit.cancel()
            process.kill()
        stderr.seek(0)
        return subprocess.CompletedProcess(command, code, said, stderr.read())


def _prepare(descriptors: int) -> None:
    # What a shell runs in the background is deaf to SIGINT, as its heirs are.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


def _copy_database(to: Path) -> None:
    """Put a database there that is set up and empty: to migrate one takes four starts."""
    copy_template("sqlite", to, _migrate)


def _migrate(path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="mailsink-template-") as data:
        made = manage("migrate", "--verbosity=0", data=Path(data))
        assert made.returncode == 0, made.stderr
        shutil.copy(Path(data) / _DATABASE, path)


def be_template(database: Path) -> None:
    """Make a file a database that is set up and empty, whatever it was."""
    database.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    _copy_database(database)


def set_up(data: Path) -> None:
    """Put a database that is set up and empty into a data folder that has none."""
    data.mkdir(parents=True, exist_ok=True)
    if not (data / _DATABASE).exists():
        _copy_database(data / _DATABASE)


def _nginx(data: Path, behind: str) -> Nginx:
    """Return what is in front of the servers of a data folder, until the tests end."""
    if data not in _in_front:
        _in_front[data] = Nginx(data / "nginx", behind)
        atexit.register(_in_front[data].stop)
    return _in_front[data]


class Mailsink:
    """`manage.py serve` on free ports of 127.0.0.1, ready to be used.

    lines: what it printed until it was ready
    smtp: (host, port) of the first SMTP listener
    url: of the web side, without a slash at its end
    direct: the same past any proxy
    proxy: the nginx before it, if there is one
    """

    command: Sequence[str] = SERVE
    folder = ROOT  # in which it is started
    by_fork = True  # as tests/forked.py does it, which is quicker

    def __init__(
        self,
        data: Path,
        *flags: str,
        fresh: bool = False,
        descriptors: int = DESCRIPTORS,
        behind: str = SERVER_BEHIND,
        **variables: str,
    ) -> None:
        """Start it; descriptors: how many files it may have open, 0: as we.

        fresh: the data folder starts empty, not with a database that is set up;
        behind: "keep" or "strip", as tests/behind.py has them, or "" for no proxy
        """
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        if not fresh and "DATABASE_URL" not in variables:
            set_up(data)
        self.proxy = None
        if behind and "PUBLIC_URL" not in variables:
            self.proxy = _nginx(data, behind)
            variables["PUBLIC_URL"] = f"{self.proxy.url}/"
        with (data / "stderr.txt").open("w") as stderr:
            self.process = self._run(flags or ANY_PORT, variables, stderr, descriptors)
        try:
            self.lines = self._until_ready()
        except BaseException:
            self.kill()
            raise
        self.smtp = self.address("SMTP")
        upstream = "{}:{}".format(*self.address("Web"))
        self.direct = f"{self.scheme}://{upstream}"
        self.url = self.direct
        if self.proxy:
            self.proxy.run(upstream)
            self.url = self.proxy.url

    def _run(
        self,
        flags: Sequence[str],
        variables: dict[str, str],
        stderr: IO[str],
        descriptors: int,
    ) -> subprocess.Popen[str] | forked.ForkedProcess:
        environment = self.environment(variables)
        if self.by_fork and self.command is SERVE and forked.can_run(environment):
            arguments = [*SERVE[1:], *flags]
            return forked.run(arguments, environment, stderr, descriptors)
        return subprocess.Popen(
            [*self.command, *flags],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            preexec_fn=partial(_prepare, descriptors),
        )

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        """Return the environment that it is started with."""
        return environment(self.data, **variables)

    def _until_ready(self) -> list[str]:
        assert self.process.stdout
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == "Mailsink is ready.":
                return lines
        raise AssertionError(f"it did not start: {lines} {self.stderr}")

    def address(self, label: str) -> tuple[str, int]:
        """Return (host, port) of the first listener of a kind: "SMTPS"; else ("", 0)."""
        for line in self.lines:
            if line.startswith(f"{label} "):
                url = urlsplit("//" + line.split()[1].rpartition("://")[2])
                return url.hostname or "", url.port or 0
        return "", 0

    @property
    def scheme(self) -> str:
        """Of the first web address: http or https."""
        web = (line.split()[1] for line in self.lines if line.startswith("Web "))
        return next(web, "http:").partition(":")[0]

    @property
    def live(self) -> str:
        """The URL of the live feed, as a browser opens it."""
        return f"{self.url.replace('http', 'ws', 1)}/ws/live"

    def patch(self, path: str, **changes: object) -> None:
        """Change something by API v3: patch("inboxes/default", paused=True)."""
        self._ask("PATCH", path, json.dumps(changes).encode())

    def get(self, path: str) -> Any:
        """Return what API v3 answers: get("messages?limit=1")."""
        return json.loads(self._ask("GET", path))

    def octets(self, path: str) -> bytes:
        """Return the body of an answer of API v3 as it is."""
        return self._ask("GET", path, None)

    def post(self, path: str, **body: object) -> Any:
        """Return what API v3 answers: post("routes/hop/try")."""
        return json.loads(self._ask("POST", path, json.dumps(body).encode()))

    def delete(self, path: str) -> None:
        """Delete something by API v3: delete("messages/latest")."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(
            f"{self.direct}/api/v3/{path}",
            body,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request) as answer:
            octets: bytes = answer.read()
            return octets

    @property
    def processor_time(self) -> float:
        """Seconds of processor time that it has used so far, on all its threads."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = stat.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    @property
    def stderr(self) -> str:
        """What it wrote to stderr so far."""
        return (self.data / "stderr.txt").read_text()

    def stop(self) -> int:
        """End it with SIGTERM, if it still runs; return its exit code."""
        self.process.terminate()
        return self.wait()

    def kill(self) -> int:
        """End it with SIGKILL; return its exit code."""
        self.process.kill()
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        assert self.process.stdout
        try:
            return self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
