"""The programs that tests drive: of this machine, or unpacked by tools/programs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

UNPACKED = Path(__file__).resolve().parent.parent / ".cache" / "debian" / "root"
_FOLDERS = ("usr/bin", "usr/sbin", "usr/lib/postgresql/*/bin")


class MissingProgramError(Exception):
    """A test needs a program that is not there: it fails rather than being skipped."""


def program(name: str, package: str) -> str:
    """Return the program's path. package: what to install where it is missing."""
    folders = [
        str(folder)
        for root in (Path("/"), UNPACKED)
        for pattern in _FOLDERS
        for folder in sorted(root.glob(pattern), reverse=True)
    ]
    found = shutil.which(name) or shutil.which(name, path=":".join(folders))
    if not found:
        raise _missing(name, package)
    return found


def part(name: str, package: str) -> str:
    """Return the path of what lies below /usr/lib: "postfix/sbin/master"; as `program`."""
    for root in (Path("/"), UNPACKED):
        for found in root.glob(f"usr/lib/{name}"):
            return str(found)
    raise _missing(name, package)


def _missing(name: str, package: str) -> MissingProgramError:
    return MissingProgramError(
        f"{name} is missing: install Debian's {package}, or let `make test`, `make interop` and `make bench` get it"
    )


def environment(program: str) -> dict[str, str]:
    """Return the environment in which an unpacked program finds its libraries."""
    root = Path(program[: program.rindex("/usr/")] or "/")
    folders = [
        str(folder)
        for pattern in ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/postfix")
        for folder in root.glob(pattern)
    ]
    unpacked = {"LD_LIBRARY_PATH": ":".join(folders)} if root != Path("/") else {}
    return {**os.environ, **unpacked}
