"""What takes long to make is made once: databases that are set up and empty.

It is kept for the next tests, as long as nothing of the code changes.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

from tests.forked import ROOT

_KEPT = ROOT / ".cache" / "templates"


def template(name: str, make: Callable[[Path], None]) -> Path:
    """Return the file or folder of a name. make: makes it at a path, if it is not there yet"""
    kept = _KEPT / f"{name}-{_code()}"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / f".lock-{name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the lanes of `make test` begin together
        if not kept.exists():
            for old in _KEPT.glob(f"{name}-*"):
                _remove(old)
            new = _KEPT / f"{name}-new"
            make(new)
            new.replace(kept)
    return kept


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@cache
def _code() -> str:
    """Return what differs as soon as the code does."""
    digest = sha256((ROOT / "requirements.txt").read_bytes())
    for folder in ("inbox", "mailsink"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
