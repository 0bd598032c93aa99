"""What stands in the log, whatever clients put into it."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from datetime import UTC, datetime
from typing import Any

from mailsink.log_lines import LogObjects
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


FIELDS = {
    "helo": FORGED,
    "user": "",
    "messages": 2,
    "worst_code": None,
    "tls": "TLSv1.3",
}


def test_fields_follow_as_words_or_quoted() -> None:
    ended = record("session")
    ended.fields = FIELDS
    line = logged(ended)
    assert "\n" not in line
    assert line.isascii()
    assert r' session helo="/a\n2026-11-29 12:00:00,000 ERROR forged:' in line
    assert line.endswith(' user="" messages=2 worst_code="" tls=TLSv1.3')


def test_json_has_one_object_a_line() -> None:
    ended = record("Reading %s failed", FORGED)
    ended.fields = FIELDS
    line = LogObjects().format(ended)
    assert line.isascii()
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == f"Reading {FORGED} failed"
    assert {name: found[name] for name in FIELDS} == FIELDS
    assert (found["level"], found["logger"]) == ("ERROR", "any")
    assert datetime.fromisoformat(found["time"]).tzinfo == UTC
    try:
        raise ValueError(FORGED)
    except ValueError:
        found = json.loads(LogObjects().format(record("It failed", error=True)))
    assert found["exception"].startswith("Traceback")


def test_no_line_commands_a_job_of_ci() -> None:
    orders = "a ##vso[task.complete]\n ::error::x\n::add-mask::from ::ffff:1.2.3.4"
    assert logged(record("%s", orders)).split("\n")[1:] == [
        r"   \x3a:error::x",
        r"  \x3a:add-mask::from ::ffff:1.2.3.4",
    ]
    assert "##" not in logged(record("%s", orders))
    line = LogObjects().format(record("%s", orders))
    assert "##" not in line
    assert json.loads(line)["message"] == orders
