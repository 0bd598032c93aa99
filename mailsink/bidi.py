"""Text of any direction next to other text, without an effect on its order (UAX #9)."""

from __future__ import annotations

import re

_FIRST_STRONG, _END = "\u2068", "\u2069"
# Embeddings, overrides and isolates, and the characters that end them
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Right-to-left letters, and marks and controls of direction
_TURNING = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def isolated(text: str) -> str:
    """Return independent text: its first letter sets its direction.

    Direction controls are removed. U+2068 and U+2069 are added around text that could
    change the order of text next to it.
    """
    if not _TURNING.search(text):
        return text
    return f"{_FIRST_STRONG}{_CONTROL.sub('', text)}{_END}"


def person(name: str, address: str) -> str:
    """Return a name and an address in display form: "Name <address>"."""
    if not name or not address:
        return isolated(name or address)
    return f"{isolated(name)} {isolated(f'<{address}>')}"


def spelled(text: str) -> str:
    """Return text with its direction controls written out: [U+202E]."""
    return _CONTROL.sub(lambda control: f"[U+{ord(control[0]):04X}]", text)
