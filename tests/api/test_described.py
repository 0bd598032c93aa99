"""Schemathesis against the OpenAPI document: no server error, each answer as described."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzzing import at_length
from tests.mails import ORDER
from tests.running import ROOT, Mailsink

# The document cannot say what an address, a search or the name of a route is like.
_NOT_CHECKED = "positive_data_acceptance"
# An answer without an end, and pictures, each of which takes a browser
_NOT_ASKED = "/(events|screenshot)$"
# What is read, searched, made and changed, in a fifth of the time of all
_FEW = "/(sessions|transactions|saved-searches|webhooks|trace|tags)"
_ALL = "examples,coverage,fuzzing,stateful"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mailsink]:
    """A server of its own: what is made up here changes everything that can be changed."""
    server = Mailsink(tmp_path)
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("shop@shop.example", ["bob@example.com"], ORDER)
    server.get("openapi.json")  # else made within the 10 s for which Schemathesis waits
    yield server
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(_FEW, id="few"),
        # `make fuzz` has it make up much more
        pytest.param(".", id="all", marks=[pytest.mark.long, pytest.mark.hypothesis]),
    ],
)
@pytest.mark.timeout(900)
def test_every_answer_is_as_described(
    server: Mailsink, tmp_path: Path, paths: str
) -> None:
    cases, phases = ("200", _ALL) if at_length() else ("1", "coverage")
    program = Path(sysconfig.get_path("scripts")) / "schemathesis"
    run = subprocess.run(
        [
            program, "run", f"{server.url}/api/v3/openapi.json", "--url", server.url,
            "--phases", phases, "--max-examples", cases, "--continue-on-failure",
            "--include-path-regex", paths, "--exclude-path-regex", _NOT_ASKED, "--exclude-checks", _NOT_CHECKED,
            "--request-timeout", "120", "--generation-database", "none", "--no-color", "--warnings", "off",
            *(("--max-time", "600") if at_length() else ("--seed", "1", "--no-shrink")),
        ],
        cwd=tmp_path,  # it keeps files there
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.described", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout
