"""Strict mode: tests of three small applications fail on twenty planted faults, and only there.

The applications ask for it by their user name: the server is as it is by default.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.interop.clients import get
from tests.programs import program
from tests.running import Mailsink

APPS = Path(__file__).parent / "strict_apps"
_NAME = r"((?:good|faulty)_\w+)"
# Mistakes that are warnings only: with them mail is readable, and is accepted.
LET_PASS = {"faulty_empty_subject", "faulty_image_without_alt"}


class Ran(NamedTuple):
    """The tests of an application: those that passed, those that failed, and all it printed."""

    passed: set[str]
    failed: set[str]
    printed: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    server = Mailsink(tmp_path_factory.mktemp("strict"))
    yield server
    server.stop()


def _run(server: Mailsink, command: list[str], passed: str, failed: str) -> Ran:
    """Run an application's tests. passed, failed: patterns of the lines that name a test."""
    host, port = server.smtp
    done = subprocess.run(
        command,
        cwd=APPS,
        env={**os.environ}
        | {"SMTP_HOST": host, "SMTP_PORT": str(port), "PYTHONPATH": str(APPS)}
        | {"DJANGO_SETTINGS_MODULE": "shop_django.settings"}
        | {"NODE_PATH": str(APPS.parent / "node" / "node_modules")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout
    found = (
        {*re.findall(each, done.stdout, re.MULTILINE)} for each in (passed, failed)
    )
    return Ran(*found, done.stdout)


def django(server: Mailsink) -> Ran:
    command = [sys.executable, "-m", "django", "test", "shop_django.tests", "-v", "2"]
    return _run(server, command, rf"test_{_NAME} .*ok$", rf"^ERROR: test_{_NAME} ")


def node(server: Mailsink) -> Ran:
    tests = str(APPS / "shop_node" / "mails.test.cjs")
    command = [program("node", "nodejs"), "--test", "--test-reporter=tap", tests]
    begin = r"^ *(?:# Subtest: .*\n)? *"
    return _run(
        server, command, rf"{begin}ok \d+ - {_NAME}$", rf"{begin}not ok \d+ - {_NAME}$"
    )


def php(server: Mailsink) -> Ran:
    command = [program("php", "php-cli"), str(APPS / "shop_php" / "tests.php")]
    return _run(server, command, rf"^ok {_NAME}$", rf"^not ok {_NAME}:")


RUNS: dict[str, Callable[[Mailsink], Ran]] = {
    "django": django,
    "node": node,
    "php": php,
}
PLANTED = {"django": 7, "node": 6, "php": 7}


@pytest.mark.parametrize("name", RUNS)
def test_an_application_fails_its_own_tests(server: Mailsink, name: str) -> None:
    ran = RUNS[name](server)
    faulty = {each for each in ran.passed | ran.failed if each.startswith("faulty_")}
    assert len(faulty) == PLANTED[name], ran.printed
    assert ran.failed == faulty - LET_PASS, ran.printed
    assert len(ran.passed - faulty) == 4, ran.printed
    # Our sentence is in what the developer sees, with the link to the line
    assert ran.printed.count("Strict mode: ") >= len(ran.failed)
    assert ran.printed.count(f"(why: {server.url}/s/") >= len(ran.failed)


def test_eighteen_of_twenty_are_found() -> None:
    assert sum(PLANTED.values()) == 20
    assert len(LET_PASS) == 2


def test_what_was_refused_is_kept(server: Mailsink) -> None:
    refused = get(server, "transactions?limit=100")["items"]
    assert refused
    assert {each["code"] for each in refused} == {554}
