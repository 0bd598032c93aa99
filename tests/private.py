"""Private database servers on free ports, gone after use.

`python -m tests.private COMMAND…` runs a command with MAILSINK_DATABASE_URL set to
a private PostgreSQL.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import UNPACKED, environment, program


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a private PostgreSQL; gives the URL of an empty database."""
    user = _servant()
    port = free_port()
    with _folder(user) as folder:
        pg_ctl = _pg_ctl(folder, user)

        def run(command: str, *arguments: str) -> None:
            done = subprocess.run(
                [str(Path(pg_ctl).with_name(command)), *arguments],
                user=user,
                cwd=folder,
                env=environment(pg_ctl),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            if done.returncode:
                log = folder / "log"
                said = log.read_text() if log.exists() else ""
                raise RuntimeError(f"{command} failed: {done.stderr} {said}")

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        # It is thrown away: nothing of it needs to survive a power cut.
        settings = f"-p {port} -k {folder} -h 127.0.0.1 -F -c max_connections=200"
        log = str(folder / "log")
        run("pg_ctl", "-D", data, "-l", log, "-w", "-o", settings, "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


@contextmanager
def redis() -> Iterator[str]:
    """Run a private Redis; gives its URL."""
    server = program("redis-server", "redis-server")
    port = free_port()
    with _folder(None) as folder:
        process = subprocess.Popen(
            [server, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
            cwd=folder,
            env=environment(server),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_for(process, "Ready to accept connections")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.communicate(timeout=10)


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
