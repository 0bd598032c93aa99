"""Whether a text is as a pattern says, where * is any text and ? any character.

In one pass over the text, whatever the pattern: what people and clients write never
becomes a regular expression, which might try for ever. The case does not count.
"""

from __future__ import annotations

from functools import lru_cache


def fold(text: str) -> str:
    """Return a text without its case, as long as it was."""
    folded = text.casefold()
    return folded if len(folded) == len(text) else "".join(map(_fold_one, text))


def _fold_one(character: str) -> str:
    folded = character.casefold()
    return folded if len(folded) == 1 else character


class Wildcards:
    """A pattern. The places in it that a text can have reached are bits of a number."""

    __slots__ = ("_any", "_end", "_stay", "_steps")

    def __init__(self, pattern: str) -> None:
        self._steps: dict[str, int] = {}  # by character: the places it leads on from
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
        """Whether the whole text is as the pattern says."""
        places = 1
        for character in fold(text):
            on = places & (self._steps.get(character, 0) | self._any)
            places = on << 1 | places & self._stay
            if not places:
                return False
        return bool(places & self._end)


compiled = lru_cache(maxsize=256)(Wildcards)
