"""Matches texts with patterns, where * is any text and ? is any character.

One pass over the text is enough for any pattern: input from people and clients never
becomes a regular expression, which might run for ever. The case does not count.
"""

from __future__ import annotations

from functools import lru_cache


def fold(text: str) -> str:
    """Return a text in folded case, with the same length."""
    folded = text.casefold()
    return folded if len(folded) == len(text) else "".join(map(_fold_one, text))


def _fold_one(character: str) -> str:
    folded = character.casefold()
    return folded if len(folded) == 1 else character


class Wildcards:
    """A pattern. The bits of a number mark the places that a text can have reached."""

    __slots__ = ("_any", "_end", "_stay", "_steps")

    def __init__(self, pattern: str) -> None:
        self._steps: dict[str, int] = {}  # by character: places that it advances from
        self._any = self._stay = length = 0
        for character in fold(pattern):
            if character == "*":
                self._stay |= 1 << length
                continue
            if character == "?":
                self._any |= 1 << length
            else:
                self._steps[character] = self._steps.get(character, 0) | 1 << length
            length += 1
        self._end = 1 << length

    def fit(self, text: str) -> bool:
        """Whether the whole text matches the pattern."""
        places = 1
        for character in fold(text):
            on = places & (self._steps.get(character, 0) | self._any)
            places = on << 1 | places & self._stay
            if not places:
                return False
        return bool(places & self._end)


compiled = lru_cache(maxsize=256)(Wildcards)
