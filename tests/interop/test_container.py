"""The wheel as a container has it: installed alone, without rights, on a read-only system."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.installed import build
from tests.programs import program
from tests.running import ROOT

_HERE = Path(__file__).parent / "container"
_AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]

# All that runs inside ends with the test.
_UNSHARE = ("unshare", "-mnp", "--fork", "--kill-child", "--mount-proc")


def _pins(folder: Path) -> Path:
    """Return a file with the versions of the lock: pip takes no hashes for a range."""
    lock = (ROOT / "requirements.txt").read_text()
    pins = re.findall(r"^(\S+==.*?)(?: \\)?$", lock, re.MULTILINE)
    file = folder / "pins.txt"
    file.write_text("\n".join(pins))
    return file


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and what it needs itself."""
    folder = tmp_path_factory.mktemp("installed")
    made = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", made], check=True)
    command = [
        made / "bin" / "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    wheel = build(folder)
    subprocess.run([*command, "--constraint", _pins(folder), wheel], check=True)
    return made


@pytest.fixture(scope="module")
def saw(venv: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the walk through the container saw."""
    program("php", "php-cli")
    root = tmp_path_factory.mktemp("root")
    python = Path(sys.base_prefix)
    command = [*_AS_ROOT, *_UNSHARE, sys.executable, str(_HERE / "enter.py")]
    folders = [str(root), str(venv), str(_HERE), str(python)]
    inside = [
        str(venv / "bin" / "python"),
        "-B",
        str(_HERE / "walk_through.py"),
        str(venv),
    ]
    done = subprocess.run(
        [*command, *folders, "--", *inside], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    saw: dict[str, Any] = json.loads(done.stdout)
    return saw


def test_the_core_alone_is_installed(venv: Path) -> None:
    done = subprocess.run(
        [venv / "bin" / "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        check=True,
    )
    names = {each["name"] for each in json.loads(done.stdout)}
    assert "django-mailsink" in names
    assert not names & {
        "psycopg",
        "channels-redis",
        "redis",
        "pytest",
        "playwright",
        "mcp",
    }


def test_nothing_but_its_data_and_temporary_files_can_be_written(
    saw: dict[str, Any],
) -> None:
    user, group, environ = saw["user"]
    assert (user, group) == (1001, 0)
    assert set(environ) <= {"LC_CTYPE"}  # which Python sets itself
    assert saw["read_only"] == [True, True, True]


def test_it_starts_and_ends(saw: dict[str, Any]) -> None:
    lines = saw["start"]
    assert "SMTP  0.0.0.0:1025" in lines
    assert "Web   http://0.0.0.0:8025/" in lines
    assert lines[-1] == "Mailsink is ready."
    assert (saw["end"], saw["end again"]) == (0, 0)


def test_the_health_check(saw: dict[str, Any]) -> None:
    assert saw["ready"][0] == 0
    assert saw["health"] == [0, "", ""]


def test_the_command_line(saw: dict[str, Any]) -> None:
    assert saw["send"][0] == 0, saw["send"]
    [message, *_] = json.loads(saw["wait"][1])["items"]
    assert message["subject"] == "Hello"
    assert any("rcpt TO:<ann@example.com>" in line for line in saw["tail"])


def test_mail_of_php(saw: dict[str, Any]) -> None:
    assert saw["php"] == [0, "", ""]
    assert saw["code"][:2] == [0, "482913\n"]
    [message] = json.loads(saw["blind"][1])["items"]
    assert [each["address"] for each in message["to"]] == ["ann@example.com"]


def test_the_variable_of_laravel_sail(saw: dict[str, Any]) -> None:
    """It names /var, which belongs to root here; the mail stays in the data folder."""
    assert (
        "mailsink: warning: MP_DATA_FILE has no effect: /var cannot be written by user 1001"
        in saw["sail"]
    )
    assert saw["kept"] == ["From PHP", "Hello"]


def test_it_writes_into_its_data_folder_alone(saw: dict[str, Any]) -> None:
    assert [path for path in saw["written"] if not path.startswith("/data/")] == []
    assert "/data/mailsink.sqlite3" in saw["written"]
    assert not [path for path in saw["written"] if "__pycache__" in path]
