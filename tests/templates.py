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
_LOCK = ".lock"
_MAKERS = ("private.py", "running.py")


def copy_template(name: str, to: Path, make: Callable[[Path], None]) -> None:
    """Copy the file or folder of a name. make: makes it at a path, if there is none.

    Another lane, whose code is newer, removes it after the copy.
    """
    kept = _KEPT / f"{name}-{_code()}"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not kept.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)  # the lanes of `make test` begin together
            _make(kept, make)
        if kept.is_dir():
            shutil.copytree(kept, to)
        else:
            shutil.copy(kept, to)


def _make(kept: Path, make: Callable[[Path], None]) -> None:
    if kept.exists():  # another lane was first
        return
    for each in _KEPT.iterdir():
        if each.name != _LOCK and not each.name.endswith(_code()):
            _remove(each)  # it is of older code
    new = _KEPT / "new"
    make(new)
    new.replace(kept)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@cache
def _code() -> str:
    """Return what differs as soon as the code does."""
    digest = sha256((ROOT / "requirements.txt").read_bytes())
    of_app = [*(ROOT / "inbox").rglob("*.py"), *(ROOT / "mailsink").rglob("*.py")]
    for path in (*sorted(of_app), *(ROOT / "tests" / each for each in _MAKERS)):
        digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
