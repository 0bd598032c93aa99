"""Strangers' words, for a terminal and for the log of a job of CI: none is a command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from mailsink.text import pictured

# Controls, what turns the direction of a text, and halves of characters, which no
# encoding has
_COMMANDING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Commands that GitHub Actions, Azure Pipelines and TeamCity find in what a job prints
_OF_CI = re.compile(r"(?<=:):(?=[A-Za-z])|(?<=#)#(?=[a-z]*\[)")


def plain(text: object) -> str:
    """Return a text without what a terminal would take for a command."""
    return _COMMANDING.sub("\N{REPLACEMENT CHARACTER}", str(text))


def plain_for_ci(text: object) -> str:
    """Return a text also without what the runner of a job would take for a command."""
    return without_orders(plain(text), " {}".format)


def as_json(
    shape: object,
    indent: int | None = None,
    default: Callable[[object], object] | None = None,
) -> str:
    """Return a shape as JSON that a terminal and the log of a job may have.

    A program reads what it would read without: "\\u003a" is a colon (RFC 8259 §7).
    """
    written = json.dumps(shape, indent=indent, default=default)
    return without_orders(written, _escaped)


def without_orders(text: str, written: Callable[[str], str]) -> str:
    """Return a text in which the runner of a job finds no command.

    written: how this text writes the character that would make it one
    """
    return _OF_CI.sub(lambda found: written(found[0]), text)


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"


def octets(of_mail: bytes) -> str:
    """Return octets as a terminal may have them, controls as pictures."""
    return plain(pictured(of_mail))
