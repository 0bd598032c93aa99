"""Private database servers on free ports, gone after use.

`python -m tests.private COMMAND…` runs a command with MAILSINK_DATABASE_URL set to
a private PostgreSQL.
"""

from __future__ import annotations

import atexit
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.programs import UNPACKED, environment, program
from tests.running import manage
from tests.templates import copy_template

# Below those that systems give to whoever asks for any port, as all lanes of tests do
_PORTS = range(20_000, 32_000)
_PATIENTLY = ("-w", "-t", "120")  # for pg_ctl; else it waits for 60 seconds


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on, and that nobody gets by chance.

    It is ours as long as we run, whatever listens there and may be started again: other
    lanes take none whose name is taken.
    """
    while True:
        port = secrets.choice(_PORTS)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0mailsink tests, port {port}")
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            name.close()
            continue
        atexit.register(name.close)
        return port


def wait_until_open(at: tuple[str, int]) -> None:
    """Wait until something listens there."""
    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(at, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or is one that its parent has not asked about yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


class PostgreSQL:
    """A private PostgreSQL in a folder, on a free port."""

    def __init__(
        self,
        folder: Path,
        user: str | None,
        durable: bool = False,
        is_template: bool = False,
    ) -> None:
        """Its databases are set up and empty, as each one that is made in it.

        durable: it syncs what it commits, as one does that is not thrown away;
        is_template: it has empty ones yet
        """
        self._folder, self._user = folder, user
        self._durable = "" if durable else " -F"
        self._pg_ctl = _pg_ctl(folder, user)
        self._data = str(folder / "data")
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        if is_template:
            words = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
            self._run("initdb", "-D", self._data, *words)
        else:
            of_its_version = f"postgresql{_version(self._pg_ctl)}"
            copy_template(of_its_version, folder / "data", _make_template)
            _give(folder / "data", user)

    def start(self) -> None:
        """Start it, or start it again; return once it answers."""
        where = f"-p {self.port} -k {self._folder} -h 127.0.0.1"
        settings = f"{where}{self._durable} -c max_connections=200"
        log = str(self._folder / "log")
        words = ("-D", self._data, "-l", log, *_PATIENTLY, "-o", settings, "start")
        self._run("pg_ctl", *words)

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, *_PATIENTLY, "-m", how, "stop")

    @property
    def pid(self) -> int:
        """Of its first process."""
        return int((Path(self._data) / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """End it with SIGKILL, with all its processes: none of them says goodbye.

        Returns once they are gone: the next would find their memory in use.
        """
        first = self.pid
        os.kill(first, signal.SIGSTOP)  # so that it starts none, and buries none
        found = subprocess.run(
            ["pgrep", "-P", str(first)], capture_output=True, text=True
        )
        pids = (*map(int, found.stdout.split()), first)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 120
        while not all(map(has_ended, pids)):
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.01)

    def _run(self, command: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(Path(self._pg_ctl).with_name(command)), *arguments],
            user=self._user,
            cwd=self._folder,
            env=environment(self._pg_ctl),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            log = self._folder / "log"
            said = log.read_text() if log.exists() else ""
            raise RuntimeError(f"{command} failed: {done.stderr} {said}")


def _make_template(path: Path) -> None:
    """Make the data folder of a PostgreSQL whose databases are set up and empty."""
    user = _servant()
    with _folder(user) as folder:
        server = PostgreSQL(folder, user, is_template=True)
        server.start()
        try:
            _set_up(f"{server.url.rpartition('/')[0]}/template1", folder)
        finally:
            server.stop("fast")
        shutil.copytree(folder / "data", path)


def _set_up(template1: str, folder: Path) -> None:
    """Set up the database of which each one is a copy that is made later."""
    shared = {"DATABASE_URL": template1, "SECRET_KEY": "tests"}
    made = manage("migrate", "--verbosity=0", data=folder, **shared)
    assert made.returncode == 0, made.stderr
    with psycopg.connect(template1, autocommit=True) as connection:
        connection.execute("DROP DATABASE postgres")
        connection.execute("CREATE DATABASE postgres")


def _give(data: Path, owner: str | None) -> None:
    for folder, _, files in os.walk(data) if owner else ():
        for each in (folder, *(os.path.join(folder, name) for name in files)):
            shutil.chown(each, owner)


@contextmanager
def running_postgresql(durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a private PostgreSQL, set up and empty, which may be killed and started again."""
    user = _servant()
    with _folder(user) as folder:
        server = PostgreSQL(folder, user, durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a private PostgreSQL; gives the URL of a database that is set up and empty."""
    with running_postgresql() as server:
        yield server.url


def bare_database(url: str, name: str) -> str:
    """Make a database without tables beside that of a URL; return its own URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return f"{url.rpartition('/')[0]}/{name}"


class Redis:
    """A private Redis in a folder, on a free port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = program("redis-server", "redis-server")
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, or start it again; return once it answers."""
        port = ("--port", str(self._port), "--bind", "127.0.0.1", "--save", "")
        self._process = subprocess.Popen(
            [self._program, *port],
            cwd=self._folder,
            env=environment(self._program),
            stdout=subprocess.PIPE,
            text=True,
        )
        _wait_for(self._process, "Ready to accept connections")

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=120)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.communicate(timeout=120)


@contextmanager
def running_redis() -> Iterator[Redis]:
    """Run a private Redis, which may be killed and started again."""
    with _folder(None) as folder:
        server = Redis(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def redis() -> Iterator[str]:
    """Run a private Redis; gives its URL."""
    with running_redis() as server:
        yield server.url


def _wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise RuntimeError(f"{process.args!r} did not start: {''.join(said)}")


def _pg_ctl(folder: Path, user: str | None) -> str:
    """Return where pg_ctl is, among its likes, for that user."""
    found = program("pg_ctl", "postgresql")
    if user and found.startswith(str(UNPACKED)):
        # Root's own folders may be closed to the user.
        shutil.copytree(UNPACKED, folder / "root", symlinks=True)
        return found.replace(str(UNPACKED), str(folder / "root"))
    return found


def _version(pg_ctl: str) -> str:
    """Return what its data folders are for: "15"."""
    words = subprocess.run(
        [pg_ctl, "--version"], env=environment(pg_ctl), capture_output=True, text=True
    )
    return words.stdout.split()[2].partition(".")[0]


def _servant() -> str | None:
    """Return whom PostgreSQL is to run as: it refuses root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mailsink-private-"))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    with postgresql() as url:
        variables = {"MAILSINK_DATABASE_URL": url, "MAILSINK_SECRET_KEY": "tests"}
        sys.exit(
            subprocess.run(sys.argv[1:], env={**os.environ, **variables}).returncode
        )
