"""Patterns of rules: a text, a text with * and ?, or a regular expression between slashes.

The time is proportional to the text, whatever the pattern. Case is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext as _

from inbox.errors import Invalid
from mailsink.wildcards import Wildcards, fold

LONGEST = 500  # characters of a pattern
LONGEST_TEXT = 4096  # characters of a header field that are read
_MEMORY = 8 << 20  # octets for a pattern of unknown size
_MEMORY_OF_A_STEP = 4096  # RE2's memory for a pattern while it reads texts
# Steps of RE2's program. In the worst patterns each step costs time at each character,
# on the event loop: (a?){1000} twenty times over would stop the server for minutes.
_MOST_STEPS = 5000
_MOST_STEPS_IN_A_SET = 200  # of one pattern: there may be thousands
_STEPS_OF_A_DOT = 8  # a dot is any character of UTF-8
# Letters that other characters also fold to: the Kelvin sign, the long s
_STEPS_OF_A_LETTER = {"k": 5, "s": 5}
_SIZE_OF_A_STEP = 10  # of a pattern with one wildcard: these count, too
_STEPS_ALONE = 100  # the cost of a text with *, when checked on its own


def options(memory: int = _MEMORY) -> Any:
    """Return our options for RE2."""
    made = re2.Options()
    made.case_sensitive = False
    made.log_errors = False
    made.max_mem = memory
    return made


class TextPattern:
    """A pattern of a rule.

    steps: the approximate steps at each character of a text; size: the steps in an RE2
    set. A pattern in a set is compiled when the set finds it first: most of thousands
    of rules are never found.
    """

    __slots__ = ("_is_in_sets", "_pattern", "_search", "exact", "size", "steps")

    def __init__(self, pattern: str) -> None:
        """Raises Invalid."""
        if not 0 < len(pattern) <= LONGEST or not pattern.isprintable():
            raise Invalid(
                _("a pattern has 1 to %(most)s characters, and no control characters")
                % {"most": LONGEST}
            )
        self._pattern = pattern
        self.steps = self.size = 0
        self.exact = ""  # the folded text that must match exactly
        self._is_in_sets = False
        if _is_expression(pattern):
            self.steps = self.size = int(_compiled(pattern[1:-1]).programsize)
            self._is_in_sets = self.steps <= _MOST_STEPS_IN_A_SET
        elif dots := pattern.count("*") + pattern.count("?"):
            self.size = dots * _STEPS_OF_A_DOT + _steps_of(pattern)
            self._is_in_sets = pattern.isascii() and self.size <= _MOST_STEPS_IN_A_SET
            if not self._is_in_sets:
                self.steps = max(_STEPS_ALONE, self.size)
            elif dots > 1:  # with one dot each, a set of thousands is as fast as one
                self.steps = self.size
        else:
            self.exact = fold(pattern)
        alone = not (self.exact or self._is_in_sets)
        self._search = self._made() if alone else None

    @property
    def expression(self) -> str:
        """An expression for an RE2 set; "" if it is too large for one.

        The set finds it in a text.
        """
        if not self._is_in_sets:
            return ""
        if _is_expression(self._pattern):
            return self._pattern[1:-1]
        return rf"(?s)\A{translated(self._pattern)}\z"

    def fits(self, text: str) -> bool:
        """Whether a text fits the pattern.

        A regular expression fits if the text contains a match.
        """
        if self.exact:
            return fold(text) == self.exact
        if self._search is None:
            self._search = self._made()
        return bool(self._search(text))

    def _made(self) -> Callable[[str], object]:
        if _is_expression(self._pattern):
            search: Callable[[str], object] = _compiled(self._pattern[1:-1]).search
            return search
        return Wildcards(self._pattern).fit


def _steps_of(text: str) -> int:
    return sum(_STEPS_OF_A_LETTER.get(each, 1) for each in text.lower())


def anywhere(pattern: str) -> Any:
    """Return a pattern for RE2 that matches at any place of a message. Raises Invalid."""
    TextPattern(pattern)
    if _is_expression(pattern):
        return _compiled(pattern[1:-1])
    return _compiled(f"(?s){translated(pattern)}")


def for_a_set(compiled: Any) -> str:
    """Return the result of `anywhere` as an expression for a set; "" if it is too large."""
    small = compiled.programsize <= _MOST_STEPS_IN_A_SET
    return str(compiled.pattern) if small else ""


@lru_cache(maxsize=20_000)
def steps_at_a_name(pattern: str) -> int:
    """Return the steps of a pattern at each character of a name or field.

    At least a part of its size, which stands for its memory; 0 for an invalid pattern.
    """
    with suppress(Invalid):
        made = TextPattern(pattern)
        return max(made.steps, made.size // _SIZE_OF_A_STEP)
    return 0


@lru_cache(maxsize=20_000)
def steps_in_a_body(pattern: str) -> int:
    """Return the steps at each character of a message; a plain text is found at once."""
    if not _is_expression(pattern) and not {"*", "?"} & {*pattern}:
        return 0
    with suppress(Invalid):
        return int(anywhere(pattern).programsize)
    return 0


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 2 and pattern[0] == pattern[-1] == "/"


def _compiled(expression: str) -> Any:
    try:
        made = re2.compile(expression, options())
    except re2.error as error:
        raise _unusable(expression, _words(error)) from None
    if made.programsize > _MOST_STEPS:
        raise _unusable(expression, _("it repeats too much"))
    return re2.compile(expression, options(made.programsize * _MEMORY_OF_A_STEP))


def _unusable(expression: str, reason: str) -> Invalid:
    return Invalid(
        _("the regular expression /%(expression)s/ cannot be used: %(reason)s")
        % {"expression": expression[:100], "reason": reason}
    )


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    return str(text)[:200]


def translated(pattern: str) -> str:
    """Return a text with * and ? in RE2's syntax."""
    parts = {"*": ".*", "?": "."}
    return "".join(parts.get(each) or re2.escape(each) for each in pattern)
