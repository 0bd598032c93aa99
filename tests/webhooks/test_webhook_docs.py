"""The code of docs/webhooks.md verifies what is sent, and refuses everything else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailsink.posting import signing

DOCS = Path(__file__).parents[2] / "docs/webhooks.md"
BODY = '{"subject": "Ü\u2028"}'.encode()

Verify = Callable[[str, dict[str, str], bytes], bool]


def code(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found
    return found[1]


def in_python() -> Verify:
    names: dict[str, Any] = {}
    exec(code("python"), names)
    verify: Verify = names["verify"]
    return verify


def in_node() -> Verify:
    node = shutil.which("node")
    assert node is not None, "Node.js is missing: the tests of scripts need it, too"

    def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
        given = json.dumps([secret, headers, body.decode("latin-1")])
        script = f"""{code("js")}
            const [secret, headers, body] = JSON.parse({json.dumps(given)});
            console.log(verify(secret, headers, Buffer.from(body, "latin1")));"""
        done = subprocess.run([node, "-e", script], capture_output=True, check=True)
        return done.stdout == b"true\n"

    return verify


@pytest.fixture(params=[in_python, in_node])
def verify(request: pytest.FixtureRequest) -> Verify:
    made: Verify = request.param()
    return made


def test_ours_and_no_others(verify: Verify) -> None:
    old, new, other = (signing.new_secret() for _ in range(3))
    now = int(time.time())
    made = signing.headers([new, old], "id", now, BODY)
    assert verify(new, made, BODY)
    assert verify(old, made, BODY)
    assert not verify(other, made, BODY)
    assert not verify(new, made, BODY + b" ")
    assert not verify(new, {**made, "webhook-id": "other"}, BODY)
    late = signing.headers([new], "id", now - 400, BODY)
    assert not verify(new, late, BODY)
