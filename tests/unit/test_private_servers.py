"""The private servers of tests."""

from __future__ import annotations

import os
import subprocess

from tests.private import has_ended


def test_a_process_that_its_parent_has_not_asked_about_has_ended() -> None:
    """Where nobody asks for orphans, as in a container, it stays for good."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert not has_ended(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(process.pid)
    assert has_ended(process.pid)
