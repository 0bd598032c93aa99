"""A made-up language in which every text that is marked stands in ⟦ ⟧."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

LANGUAGE = "eo"
ROOT = Path(__file__).resolve().parent.parent
# What makemessages looks for, as far as it is used here.
_CALLS = ("_", "gettext", "gettext_noop", "gettext_lazy", "ngettext")
_TEXT = r"u?(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
_IN_TEMPLATES = re.compile(rf"(?:gettext|\b_)\({_TEXT}(?:, *{_TEXT})?")


@cache
def catalog() -> frozenset[str]:
    """Return the texts that makemessages would find in our Python and templates."""
    found: set[str] = set()
    sources = (ROOT / "inbox", ROOT / "mailsink")
    for path in sorted(each for root in sources for each in root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _CALLS:
                found |= {
                    each.value
                    for each in node.args
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    for path in sorted((ROOT / "templates").rglob("*.html")):
        found |= {
            ast.literal_eval(text)
            for texts in _IN_TEMPLATES.findall(templatize(path.read_text()))
            for text in texts
            if text
        }
    return frozenset(found)


class _Marked(gettext.NullTranslations):
    """Nothing is translated, but one sees what could be."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message in catalog() else message

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)

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
