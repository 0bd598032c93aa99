"""A made-up language in which every text that is marked stands in ⟦ ⟧."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import translation
from django.utils.translation import trans_real

LANGUAGE = "eo"


class _Marked(gettext.NullTranslations):
    """The catalog: nothing is translated, but one sees what could be."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message else ""

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    def npgettext(self, context: str, one: str, many: str, n: int) -> str:
        return self.ngettext(one, many, n)

    def to_language(self) -> str:
        return LANGUAGE


@contextmanager
def marked() -> Iterator[None]:
    """Have marked texts come out in ⟦ ⟧, on this thread."""
    known: dict[str, Any] = trans_real._translations  # type: ignore[attr-defined]
    before = known.get(LANGUAGE)
    known[LANGUAGE] = _Marked()
    try:
        with translation.override(LANGUAGE):
            yield
    finally:
        known.pop(LANGUAGE)
        if before is not None:
            known[LANGUAGE] = before


_INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")


def unmarked(text: str) -> str:
    """Return what of a text is in no ⟦ ⟧: data, or words that nobody marked."""
    while True:
        text, count = _INNERMOST.subn("", text)
        if not count:
            return text
