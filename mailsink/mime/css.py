"""CSS cut into rules and declarations (CSS Syntax Level 3 §4), in linear time.

Declarations that are repeated, as a hack or in error, come as they stand; nothing is
computed. Never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_VALUE = 2000  # characters of a value or selector that are looked at
MAX_ITEMS = 20_000  # braces and semicolons that are read

_TOKEN = re.compile(
    r"""(?P<gap>/\*.*?(?:\*/|\Z)|<!--|-->)"""
    r"""|"(?:[^"\\\n]++|\\.)*+"?|'(?:[^'\\\n]++|\\.)*+'?"""
    r"""|\\."""
    r"""|url\((?:[^)"'\\\n]++|\\.)*+\)?"""
    r"""|(?P<mark>[{};])"""
    r"""|[^{};"'\\/<u-]++|.""",
    re.DOTALL | re.IGNORECASE,
)
_PROPERTY = re.compile(r"\s*+([*_]?+-{0,2}+[a-zA-Z_][\w-]*+)\s*+:")


@dataclass(frozen=True, slots=True)
class Declaration:
    """prop: in lower case; around: the prelude that it stands in, "" for inline."""

    prop: str
    value: str
    offset: int
    around: str = ""
    media: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with selectors."""

    selector: str
    offset: int
    nested: bool


@dataclass(frozen=True, slots=True)
class AtRule:
    """name: in lower case, without its @."""

    name: str
    prelude: str
    offset: int


Item = Declaration | Rule | AtRule


def scan(css: str) -> Iterator[Item]:
    """Yield what a sheet, or a style attribute, holds: the first MAX_ITEMS of it."""
    scanner = _Scanner()
    marks = 0
    for match in _TOKEN.finditer(css):
        marks += match["mark"] is not None
        if marks > MAX_ITEMS:
            return
        if item := scanner.take(match):
            yield item
    if item := scanner.statement():
        yield item


class _Scanner:
    def __init__(self) -> None:
        self.gathered: list[str] = []
        self.start = 0
        self.around: list[str] = []  # preludes of the blocks that are open

    def take(self, match: re.Match[str]) -> Item | None:
        """Take a token; return what ended with it."""
        mark = match["mark"]
        if not mark:
            if not self.gathered:
                if match["gap"] or match[0].isspace():
                    return None
                self.start = match.start()
            self.gathered.append(" " if match["gap"] else match[0])
            return None
        item = self._block() if mark == "{" else self.statement()
        if mark == "}" and self.around:
            self.around.pop()
        self.gathered = []
        return item

    def _prelude(self) -> tuple[str, int]:
        """Return what was gathered, cut to its limit, and where it begins."""
        whole = "".join(self.gathered)
        text = whole.lstrip()
        return text.rstrip()[:MAX_VALUE], self.start + len(whole) - len(text)

    def _block(self) -> Item | None:
        prelude, offset = self._prelude()
        inside = any(each and not each.startswith("@") for each in self.around[-8:])
        self.around.append(prelude)
        if prelude.startswith("@"):
            return _at(prelude, offset)
        # the selectors of keyframes are none
        if any(each.startswith(("@keyframes", "@-")) for each in self.around[-2:-1]):
            return None
        return Rule(prelude, offset, inside) if prelude else None

    def statement(self) -> Item | None:
        """Return the declaration or at-rule that was gathered; None if it is neither."""
        text, offset = self._prelude()
        if text.startswith("@"):
            return _at(text, offset)
        match = _PROPERTY.match(text)
        if not match:
            return None
        around = self.around[-1] if self.around else ""
        media = next((each for each in self.around[-8:] if each.startswith("@")), "")
        value = text[match.end() :].strip()
        return Declaration(match[1].lower(), value, offset, around, media)


def _at(text: str, offset: int) -> AtRule:
    split = re.match(r"[\w-]*+", text[1:])
    assert split
    return AtRule(split[0].lower(), text[1 + split.end() :].strip(), offset)
