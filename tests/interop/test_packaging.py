"""What runs Mailsink elsewhere: wheels for each processor of the image, and the unit of systemd."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import environment, program
from tests.running import ROOT

_UNIT = ROOT / "packaging" / "systemd" / "mailsink.service"
_PYTHON = "3.13"  # of the image


def _missing(platform: str, tmp_path: Path) -> str:
    """Return what pip would say of locked packages that have no wheel; "" if all have."""
    done = subprocess.run(
        [
            Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--dry-run",
            "--target", tmp_path, "--python-platform", platform, "--python-version", _PYTHON,
            "--only-binary", ":all:", "--no-deps", "--require-hashes",
            "-r", ROOT / "requirements.txt",
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
def test_every_package_has_a_wheel(processor: str, tmp_path: Path) -> None:
    assert not _missing(f"{processor}-manylinux_2_28", tmp_path)


def test_a_processor_without_wheels_is_found(tmp_path: Path) -> None:
    assert "no usable wheels" in _missing("riscv64-unknown-linux", tmp_path)


def test_the_image_has_that_python() -> None:
    stages = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(stages) == {f"python:{_PYTHON}-slim"}


def _analyze(*arguments: str | Path) -> tuple[int, str]:
    analyze = program("systemd-analyze", "systemd")
    done = subprocess.run(
        [analyze, *arguments],
        capture_output=True,
        text=True,
        env=environment(analyze),
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_unit_is_understood(tmp_path: Path) -> None:
    unit = tmp_path / _UNIT.name
    # Mailsink is not installed on this machine.
    unit.write_text(
        _UNIT.read_text().replace("/opt/mailsink/bin/mailsink", "/bin/true")
    )
    assert _analyze("verify", "--man=no", unit) == (0, "")
    unit.write_text(unit.read_text().replace("ProtectHome=yes", "ProtectHouse=yes"))
    assert "ProtectHouse" in _analyze("verify", "--man=no", unit)[1]


def test_the_unit_is_a_sandbox() -> None:
    """2 of 10 is where systemd's own word for the exposure stays OK."""
    code, said = _analyze("security", "--offline=true", "--threshold=20", _UNIT)
    assert code == 0, said
    exposed = re.search(r"exposure level for mailsink.service: ([\d.]+)", said)
    assert exposed
    assert float(exposed[1]) <= 2.0
