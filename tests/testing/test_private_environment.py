"""The environment of a Mailsink for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsink.testing import private_server


def test_no_setting_of_the_outside_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ours, nor one of Mailpit's or MailHog's that counts as ours: a relay, a path."""
    outside = ("MAILSINK_MCP", "MP_SMTP_RELAY_HOST", "MP_WEBROOT", "MH_CORS_ORIGIN")
    for name in outside:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    found = private_server._environment(Path("/data"), {"SMTP_AUTH": "a:b"})
    assert not found.keys() & {*outside}
    assert found["MAILSINK_SMTP_AUTH"] == "a:b"
    assert (found["MAILSINK_DATA"], found["TZ"]) == ("/data", "Asia/Tokyo")
