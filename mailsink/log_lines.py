"""The log lines: no client can forge one, or control a terminal or CI with one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailsink.terminal import as_json

# Characters that move a cursor, end a line, or change the direction of text
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
# CI commands, in case a job prints the log; GitHub Actions has its own at a line's
# start
_ORDER = re.compile(r"#(?=#[a-z]*\[)|^[ \t]*+:(?=:[A-Za-z])", re.MULTILINE)
_PLAIN = re.compile(r"[\w.:/\[\]+-]+", re.ASCII)


class Lines(logging.Formatter):
    r"""Writes controls as \xNN, and indents all lines of a record but the first.

    Names from clients may be in any message, and in the text of any exception. The
    fields of a record, if it has any, follow as name=value.
    """

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if fields := _fields(record):
            text += "".join(f" {name}={_value(each)}" for name, each in fields.items())
        text = _ORDER.sub(_escape_last, _CONTROL.sub(_escape, text))
        return text.replace("\n", "\n  ")


class LogObjects(logging.Formatter):
    """Writes each record as a line of JSON in ASCII: time, level, logger, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return as_json(line, default=str)


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return the fields that `extra={"fields": …}` gave a record."""
    found: Mapping[str, Any] = getattr(record, "fields", {})
    return found


def _value(value: object) -> str:
    """Return a value in the form for a line: quoted, unless it is a plain word."""
    text = "" if value is None else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _escape_last(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}\\x{ord(match[0][-1]):02x}"
