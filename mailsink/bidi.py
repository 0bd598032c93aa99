"""Text of any direction beside other text, so that neither turns the other (UAX #9)."""

from __future__ import annotations

import re

_FIRST_STRONG, _END = "\u2068", "\u2069"
# Embeddings, overrides and isolates, and what ends them
_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Letters that run from right to left, and marks and controls of direction
_TURNING = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def isolated(text: str) -> str:
    """Return text that stands by itself: its direction is that of its first letter.

    Controls of direction are taken out; U+2068 and U+2069 are put around it where it
    could turn its neighbours.
    """
    if not _TURNING.search(text):
        return text
    return f"{_FIRST_STRONG}{_CONTROL.sub('', text)}{_END}"


def person(name: str, address: str) -> str:
    """Return a name and an address as they are shown: "Name <address>"."""
    if not name or not address:
        return isolated(name or address)
    return f"{isolated(name)} {isolated(f'<{address}>')}"


def spelled(text: str) -> str:
    """Return text with its controls of direction written out: [U+202E]."""
    return _CONTROL.sub(lambda control: f"[U+{ord(control[0]):04X}]", text)
