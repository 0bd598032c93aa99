"""What stands in the log, whatever clients put into it."""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any

from mailsink.settings import LOGGING

FORGED = "/a\n2026-11-29 12:00:00,000 ERROR forged: \x1b[2J\r\x9b1m\x00\u202e\u2028é\t"


def logged(record: logging.LogRecord) -> str:
    """Return a record as it is written to stderr."""
    formatters: Any = LOGGING["formatters"]
    config = logging.config.DictConfigurator({"version": 1})
    formatter = config.configure_formatter(dict(formatters["line"]))
    line: str = formatter.format(record)
    return line


def record(message: str, *args: object, error: bool = False) -> logging.LogRecord:
    why = sys.exc_info() if error else None
    return logging.LogRecord("any", logging.ERROR, "", 0, message, args, why)


def test_a_client_writes_no_line_of_the_log() -> None:
    first, *others = logged(record("Reading %s failed", FORGED)).split("\n")
    assert first.endswith(" ERROR any: Reading /a")
    assert others == [
        "  2026-11-29 12:00:00,000 ERROR forged: "
        r"\x1b[2J\r\x9b1m\x00\u202e\u2028" + "é\t failed"
    ]


def test_nor_does_the_text_of_an_exception() -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        first, *others = logged(record("It failed", error=True)).split("\n")
    assert first.endswith(" ERROR any: It failed")
    assert others[0] == "  Traceback (most recent call last):"
    assert all(line.startswith("  ") for line in others)
    assert all(each.isprintable() or each == "\t" for each in "".join(others))
