"""Mailsink as a wheel has it: started from an empty folder, by the names of its scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT, Mailsink

# Of this machine, and of the tests; no variable of ours, and no folder of the clone.
_KEPT = ("PATH", "LANG", "TMPDIR")


def build(folder: Path) -> Path:
    """Build the wheel of this clone into a folder, and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    done = subprocess.run(
        [*command, "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return built


def environ(unpacked: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which Python finds the wheel, and little else."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": str(unpacked), "COLUMNS": "200", **variables}


def script(name: str) -> list[str]:
    """Return what a console script of the wheel runs: "mailsink" or "mailpit"."""
    module = {"mailsink": "mailsink.cli.app", "mailpit": "mailsink.cli.mailpit"}[name]
    code = f"import sys; sys.argv[0] = {name!r}; from {module} import main; main()"
    # -P: a console script does not look for modules in the folder it is started in
    return [sys.executable, "-P", "-c", code]


def run(
    unpacked: Path, name: str, *arguments: str, stdin: bytes = b"", **variables: str
) -> tuple[int, str, str]:
    """Run a script of the wheel; return its exit code, and what it printed."""
    done = subprocess.run(
        [*script(name), *arguments],
        input=stdin,
        capture_output=True,
        env=environ(unpacked, **variables),
        timeout=120,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Installed(Mailsink):
    """`mailpit` of the wheel, in a folder that starts empty but for a database.

    Its variables have whole names: MP_MAX_MESSAGES="5".
    """

    command = script("mailpit")

    def __init__(self, unpacked: Path, folder: Path, *flags: str, **variables: str):
        self.unpacked, self.folder = unpacked, folder
        super().__init__(folder / "data", *flags, **variables)

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        return environ(self.unpacked, **variables)
