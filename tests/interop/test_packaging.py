"""What runs Mailsink elsewhere: wheels for each processor, the unit of systemd, Kubernetes."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.packaging.charts import Chart
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
        timeout=120,
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


# Kubernetes

_SCHEMAS = (
    ROOT / ".cache/interop/python/kubernetes_validate/kubernetes-json-schema"
) / "v1.37.0-local-strict"


def _faults(described: dict[str, Any]) -> list[str]:
    """Return what Kubernetes would not understand of an object, unknown members too."""
    group, _, version = described["apiVersion"].rpartition("/")
    words = (described["kind"].lower(), group.partition(".")[0], version)
    schema = json.loads(
        (_SCHEMAS / f"{'-'.join(filter(None, words))}.json").read_text()
    )
    definitions = json.loads((_SCHEMAS / "_definitions.json").read_text())
    registry = jsonschema_rs.Registry([("file:///api/_definitions.json", definitions)])
    validator = jsonschema_rs.validator_for(schema, registry=registry)
    return [each.message for each in validator.iter_errors(described)]


def _manifests() -> list[dict[str, Any]]:
    files = sorted((ROOT / "packaging" / "kubernetes").glob("*.yaml"))
    return [
        each
        for file in files
        if file.name != "kustomization.yaml"
        for each in yaml.safe_load_all(file.read_text())
    ]


def _chart() -> list[dict[str, Any]]:
    chart = Chart(ROOT / "packaging" / "helm" / "mailsink")
    values = copy.deepcopy(chart.values)
    values["ingress"]["enabled"] = True
    return chart.render(values)


@pytest.mark.parametrize("described", [*_manifests(), *_chart()])
def test_kubernetes_knows_every_member(described: dict[str, Any]) -> None:
    assert _faults(described) == []


def test_a_member_that_it_does_not_know_is_found() -> None:
    (deployment,) = (each for each in _chart() if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert "readynessProbe" in "".join(_faults(deployment))
