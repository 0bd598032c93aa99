"""Other people's programs that Mailsink is compared with, and the way to get them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.running import ROOT

_FOLDER = ROOT / ".cache" / "bench"
_MAILPIT, _MAILDEV, _INBUCKET = "1.33.1", "3.0.0", "3.2.0"


@dataclass(frozen=True)
class Peer:
    version: str
    path: str


class MissingPeerError(Exception):
    """A peer is not available here; the text gives the reason."""


def mailpit() -> Peer:
    """Return Mailpit, from BENCH_MAILPIT or built here. Raises MissingPeerError."""
    if given := os.environ.get("BENCH_MAILPIT"):
        return Peer(_version_of(given), given)
    try:
        built = _go_install("github.com/axllent/mailpit", _MAILPIT)
    except MissingPeerError as error:
        raise MissingPeerError(f"{error}; BENCH_MAILPIT may name its program") from None
    return Peer(_MAILPIT, str(built))


def maildev() -> Peer:
    """Return MailDev, installed here with npm. Raises MissingPeerError."""
    folder = _FOLDER / f"maildev-{_MAILDEV}"
    path = folder / "node_modules" / ".bin" / "maildev"
    if not path.exists():
        npm = shutil.which("npm")
        if not npm:
            raise MissingPeerError("npm is not here to install it")
        quiet = ("--silent", "--no-fund", "--no-audit")
        into = ("install", "--prefix", str(folder), f"maildev@{_MAILDEV}")
        _make("maildev", [npm, *into, *quiet])
    return Peer(_MAILDEV, str(path))


def inbucket() -> Peer:
    """Return Inbucket, built here. Raises MissingPeerError."""
    built = _go_install("github.com/inbucket/inbucket/v3/cmd/inbucket", _INBUCKET)
    return Peer(_INBUCKET, str(built))


def _version_of(path: str) -> str:
    try:
        asked = [path, "version", "--no-release-check"]
        said = subprocess.run(asked, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingPeerError(f"BENCH_MAILPIT does not run: {error}") from None
    found = re.search(r" v([\d.]+) ", said.stdout)
    return found[1] if found else "(of unknown version)"


def _go_install(module: str, version: str) -> Path:
    """Build a Go program unless it was built before; return its path."""
    folder = _FOLDER / f"{Path(module).name}-{version}"
    path = folder / Path(module).name
    if path.exists():
        return path
    go = shutil.which("go")
    if not go:
        raise MissingPeerError("Go is not here to build it")
    _make(path.name, [go, "install", f"{module}@v{version}"], GOBIN=str(folder))
    return path


def _make(name: str, command: list[str], **variables: str) -> None:
    print(f"bench: getting {name}, which may take minutes", file=sys.stderr)
    done = subprocess.run(
        ["nice", *command],
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        *_, last = done.stderr.strip().splitlines() or ["no reason given"]
        raise MissingPeerError(f"it cannot be had: {last}")
