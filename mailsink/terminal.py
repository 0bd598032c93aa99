"""Makes strangers' text safe for a terminal and a CI log: it contains no commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from mailsink.text import pictured

# Controls, direction marks, and lone surrogates, which no encoding has
_COMMANDING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Commands that GitHub Actions, Azure Pipelines and TeamCity find in a job's output
_OF_CI = re.compile(r"(?<=:):(?=[A-Za-z])|(?<=#)#(?=[a-z]*\[)")


def plain(text: object) -> str:
    """Return a text without terminal commands."""
    return _COMMANDING.sub("\N{REPLACEMENT CHARACTER}", str(text))


def plain_for_ci(text: object) -> str:
    """Return a text without commands to a terminal or to a job's runner."""
    return without_orders(plain(text), " {}".format)


def as_json(
    shape: object,
    indent: int | None = None,
    default: Callable[[object], object] | None = None,
) -> str:
    """Return a shape as JSON that is safe for a terminal and the log of a job.

    The value is the same for a program: "\\u003a" is a colon (RFC 8259 §7).
    """
    written = json.dumps(shape, indent=indent, default=default)
    return without_orders(written, _escaped)


def without_orders(text: str, written: Callable[[str], str]) -> str:
    """Return a text without commands to the runner of a job.

    written: returns the escaped form of the character that would make a command
    """
    return _OF_CI.sub(lambda found: written(found[0]), text)


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"


def octets(of_mail: bytes) -> str:
    """Return octets as text that is safe for a terminal, with controls as pictures."""
    return plain(pictured(of_mail))
