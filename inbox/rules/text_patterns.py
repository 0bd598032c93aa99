"""Patterns of rules: a text, a text with * and ?, or a regular expression between slashes.

All take time in proportion to the text, whatever the pattern. The case does not count.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext as _

from inbox.errors import Invalid
from mailsink.wildcards import Wildcards, fold

LONGEST = 500  # characters of a pattern
LONGEST_TEXT = 4096  # characters of a header field that are looked at
_MEMORY = 8 << 20  # octets for a pattern, while it is not known how large it is
_MEMORY_OF_A_STEP = 4096  # of what RE2 keeps for a pattern while it looks at texts
# Steps of RE2's program. The worst of patterns costs each of them at each character, on
# the event loop: (a?){1000} twenty times over would stop the server for minutes.
_MOST_STEPS = 5000
_MOST_STEPS_IN_A_SET = 200  # of thousands of patterns
_STEPS_OF_A_DOT = 8  # which is any character of UTF-8
_STEPS_ALONE = 100  # that a text with * is like, where it is looked at by itself


def options(memory: int = _MEMORY) -> Any:
    """Return how RE2 is to work."""
    made = re2.Options()
    made.case_sensitive = False
    made.log_errors = False
    made.max_mem = memory
    return made


class TextPattern:
    """A pattern as a rule has it.

    steps: about how many it takes at each character of a text
    """

    def __init__(self, pattern: str) -> None:
        """Raises Invalid."""
        if not 0 < len(pattern) <= LONGEST or not pattern.isprintable():
            raise Invalid(
                _("a pattern has 1 to %(most)s characters, none of them a control")
                % {"most": LONGEST}
            )
        self.steps = 0
        self.exact = ""  # the folded text that alone fits
        # For a set of RE2, that finds it in a text; "" where it is too much for one
        self.expression = ""
        self._wildcards: Wildcards | None = None
        self._regex: Any = None
        if _is_expression(pattern):
            self._regex = _compiled(pattern[1:-1])
            self.steps = int(self._regex.programsize)
            if self.steps <= _MOST_STEPS_IN_A_SET:
                self.expression = pattern[1:-1]
        elif "*" in pattern or "?" in pattern:
            self._wildcards = Wildcards(pattern)
            dots = pattern.count("*") + pattern.count("?")
            steps = len(pattern) + dots * _STEPS_OF_A_DOT
            if not pattern.isascii():  # in no set, whatever its length
                self.steps = max(_STEPS_ALONE, steps)
            else:
                # Of one wildcard each, a set of thousands is as quick as one.
                self.steps = steps if dots > 1 else 0
                if steps <= _MOST_STEPS_IN_A_SET:
                    self.expression = rf"(?s)\A{translated(pattern)}\z"
        else:
            self.exact = fold(pattern)

    def fits(self, text: str) -> bool:
        """Whether a text is as the pattern says; a regular expression: holds such a part."""
        if self._regex is not None:
            return self._regex.search(text) is not None
        if self._wildcards is not None:
            return self._wildcards.fit(text)
        return fold(text) == self.exact


def anywhere(pattern: str) -> Any:
    """Return a pattern for RE2, which finds it at any place of a message. Raises Invalid."""
    TextPattern(pattern)
    if _is_expression(pattern):
        return _compiled(pattern[1:-1])
    return _compiled(f"(?s){translated(pattern)}")


def for_a_set(compiled: Any) -> str:
    """Return what `anywhere` made as an expression for a set; "" where it is too much."""
    small = compiled.programsize <= _MOST_STEPS_IN_A_SET
    return str(compiled.pattern) if small else ""


@lru_cache(maxsize=20_000)
def steps_at_a_name(pattern: str) -> int:
    """Return the steps of a pattern at each character of a name or field.

    0 for one that cannot be used.
    """
    with suppress(Invalid):
        return TextPattern(pattern).steps
    return 0


@lru_cache(maxsize=20_000)
def steps_in_a_body(pattern: str) -> int:
    """Return how many it takes at each character of a message; a text is found at once."""
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
    """Return a text with * and ? as RE2 writes it."""
    parts = {"*": ".*", "?": "."}
    return "".join(parts.get(each) or re2.escape(each) for each in pattern)
