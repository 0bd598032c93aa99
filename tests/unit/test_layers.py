"""What import-linter cannot say of our packages: it sees packages of others as one."""

from __future__ import annotations

from pathlib import Path

import pytest

INBOX = Path(__file__).parents[2] / "inbox"
PURE = ("explain", "checks", "content")
ABOVE_THE_MAILBOX = ("views", "presenters", "templatetags", "api", "live", "http")


def mentions(package: str, text: str) -> list[str]:
    """Return the files of a package that have a text."""
    files = sorted((INBOX / package).rglob("*.py"))
    assert files
    return [str(each) for each in files if text in each.read_text()]


@pytest.mark.parametrize("package", PURE)
@pytest.mark.parametrize("text", ["django.db", "inbox.models"])
def test_words_and_judgements_need_no_database(package: str, text: str) -> None:
    assert mentions(package, text) == []


@pytest.mark.parametrize("package", ABOVE_THE_MAILBOX)
def test_rows_are_read_through_the_mailbox_alone(package: str) -> None:
    assert mentions(package, ".objects") == []
