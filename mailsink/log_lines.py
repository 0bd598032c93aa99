"""The lines of the log: none can be forged, and none says anything to a terminal."""

from __future__ import annotations

import logging
import re

# What moves a cursor, ends a line, or turns the direction of what follows
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


class Lines(logging.Formatter):
    r"""Writes controls as \xNN, and sets off all lines but the first of what is logged.

    Names that clients gave may be in any message, and in the text of any exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        text = _CONTROL.sub(_escape, super().format(record))
        return text.replace("\n", "\n  ")


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
