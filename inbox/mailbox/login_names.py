"""The names that clients log in with, and the words after a plus sign in them.

"shop+strict" is shop in strict mode; "shop+feature-42" is shop, with a separate inbox
for the label feature-42; in "shop+feature-42@example.com" the words come before the @.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STRICT = re.compile(r"(?<!\+strict)(?:\+strict)+(?=@[^@]*\Z|\Z)")
_LABEL = re.compile(r"([^+]+)\+([^+@]+)(@[^@]*)?", re.DOTALL)


class LoginName(NamedTuple):
    """A login name and its label; "" for none."""

    user: str
    label: str = ""


def without_strict(name: str) -> str:
    """Return a name without the word for strict mode."""
    return _STRICT.sub("", name)


def split(name: str) -> LoginName:
    """Return the user and the label of a name that may have a label."""
    match = _LABEL.fullmatch(name)
    if match is None:
        return LoginName(name)
    user, label, domain = match.groups()
    return LoginName(user + (domain or ""), label)
