"""Patterns of rules: a text, a text with * and ?, or a regular expression between slashes.

All take time in proportion to the text, whatever the pattern. The case does not count.
"""

from __future__ import annotations

from typing import Any

import re2
from django.utils.translation import gettext as _

from inbox.errors import Invalid
from mailsink.wildcards import Wildcards, fold

LONGEST = 500  # characters of a pattern
LONGEST_TEXT = 4096  # characters of a text that are looked at, messages apart
_MEMORY = 8 << 20  # octets for a pattern


def options(memory: int = _MEMORY) -> Any:
    """Return how RE2 is to work."""
    made = re2.Options()
    made.case_sensitive = False
    made.log_errors = False
    made.max_mem = memory
    return made


class TextPattern:
    """A pattern as a rule has it."""

    def __init__(self, pattern: str) -> None:
        """Raises Invalid."""
        if not 0 < len(pattern) <= LONGEST or not pattern.isprintable():
            raise Invalid(
                _("a pattern has 1 to %(most)s characters, none of them a control")
                % {"most": LONGEST}
            )
        self.exact = ""  # the folded text that alone fits
        self.expression = ""  # for RE2, that finds it in a text
        self._wildcards: Wildcards | None = None
        self._regex: Any = None
        if len(pattern) > 2 and pattern[0] == pattern[-1] == "/":
            self._regex, self.expression = _compiled(pattern[1:-1]), pattern[1:-1]
        elif "*" in pattern or "?" in pattern:
            self._wildcards = Wildcards(pattern)
            if pattern.isascii():
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


def _compiled(expression: str) -> Any:
    try:
        return re2.compile(expression, options())
    except re2.error as error:
        raise Invalid(
            _("the regular expression /%(expression)s/ cannot be used: %(reason)s")
            % {"expression": expression[:100], "reason": _words(error)}
        ) from None


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    return str(text)[:200]


def translated(pattern: str) -> str:
    """Return a text with * and ? as RE2 writes it."""
    parts = {"*": ".*", "?": "."}
    return "".join(parts.get(each) or re2.escape(each) for each in pattern)
