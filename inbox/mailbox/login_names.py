"""The names that clients log in with, and the words that may follow a plus sign there.

"shop+strict" is shop, who asks for strict mode; "shop+feature-42" is shop, whose mail is to
be apart under the label feature-42; in "shop+feature-42@example.com" they stand before the @.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STRICT = re.compile(r"(?<!\+strict)(?:\+strict)+(?=@[^@]*\Z|\Z)")
_LABEL = re.compile(r"([^+]+)\+([^+@]+)(@[^@]*)?", re.DOTALL)


class LoginName(NamedTuple):
    """A name as it logs in, and its label; "" for none."""

    user: str
    label: str = ""


def without_strict(name: str) -> str:
    """Return a name without what asks for strict mode."""
    return _STRICT.sub("", name)


def split(name: str) -> LoginName:
    """Return the user and the label of a name that may have one."""
    match = _LABEL.fullmatch(name)
    if match is None:
        return LoginName(name)
    user, label, domain = match.groups()
    return LoginName(user + (domain or ""), label)
