"""The programs of other people that Mailsink is measured beside, and how they are had."""

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
_MAILPIT = "1.33.1"


@dataclass(frozen=True)
class Peer:
    version: str
    path: str


class MissingPeerError(Exception):
    """A peer cannot be had here; says why."""


def mailpit() -> Peer:
    """Return Mailpit: that of BENCH_MAILPIT, or else built here. Raises MissingPeerError."""
    if given := os.environ.get("BENCH_MAILPIT"):
        return Peer(_version_of(given), given)
    built = _go_install("github.com/axllent/mailpit", _MAILPIT)
    return Peer(_MAILPIT, str(built))


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
        raise MissingPeerError(
            "Go is not here to build it, and BENCH_MAILPIT names none"
        )
    print(f"bench: building {module} {version}; it takes minutes", file=sys.stderr)
    done = subprocess.run(
        ["nice", go, "install", f"{module}@v{version}"],
        env={**os.environ, "GOBIN": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise MissingPeerError(f"it cannot be built: {done.stderr.strip()[-300:]}")
    return path
