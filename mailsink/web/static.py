"""Static files: hashed, compressed, and collected only after a change."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import get_script_prefix
from whitenoise.storage import CompressedManifestStaticFilesStorage

from mailsink import resources
from mailsink.conf import ConfigError

# WhiteNoise returns its small files as plain iterators, which Django reads whole in a
# thread. That is intended.
warnings.filterwarnings(
    "ignore", "StreamingHttpResponse must consume synchronous iterators"
)


class HashedFilesStorage(CompressedManifestStaticFilesStorage):
    """Names files by their content; ES modules import each other by those names.

    Django finds imports that end in a semicolon.
    """

    support_js_module_import_aggregation = True

    def url(self, name: Any, force: bool = False) -> str:
        """Return the address of a file, below the path that the request used."""
        path: str = super().url(name, force)
        return f"{get_script_prefix().rstrip('/')}{path}"


def collect() -> None:
    """Bring STATIC_ROOT up to date with the sources; in a wheel it already is.

    Several processes may do this at the same time. Raises ConfigError.
    """
    if resources.IS_BUNDLED:
        return
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".sources"
    sources = _fingerprint()
    if _read(stamp) == sources:
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _read(stamp) != sources:
                _collect()
                stamp.write_text(sources)
    except OSError as error:
        raise ConfigError(
            f"static files cannot be written to {str(root)!r}: {error.strerror}"
        ) from None


def _collect() -> None:
    """Collect in a separate process, so that its memory is freed at the end.

    Old files stay: a running server may still serve the old names.
    """
    command = ["collectstatic", "--noinput", "--verbosity=0"]
    done = subprocess.run(
        [sys.executable, str(resources.MANAGE), *command],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split("MissingFileError:")[-1].split())
        raise ConfigError(f"static files cannot be collected: {reason}")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _fingerprint() -> str:
    """Return a digest of the source files' names, sizes and times of change."""
    found = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in sorted(finder.list([]), key=lambda each: each[0]):
            stat = Path(storage.path(path)).stat()
            found.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return found.hexdigest()
