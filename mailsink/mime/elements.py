"""HTML as elements and texts, each with its parent: enough to check a mail, in linear time.

It is not a full parser like a browser's: it infers missing end tags only for a few
elements. Never raises.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from mailsink.mime import charsets, markup

MAX_LENGTH = 2 * 1024 * 1024  # characters that are read
MAX_ELEMENTS = 20_000
MAX_ATTRIBUTES = 1000  # of an element; further ones are left out
_MAX_DEPTH = 200  # deeper elements have the parent at that depth
_LOOKED_BACK = 32  # open elements that are searched for the start of an end tag

_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()
)
# The open elements that end when such an element begins
_ENDED_BY = {
    "p": {"p"}, "li": {"li"}, "option": {"option"}, "dt": {"dt", "dd"}, "dd": {"dt", "dd"},
    "td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"},
}  # fmt: skip


class Element(NamedTuple):  # creating one takes a third of a data class's time
    """An element. parent: its index, -1 for none; content: of raw text only."""

    name: str
    attributes: dict[str, str]
    offset: int
    parent: int
    content: str = ""
    content_offset: int = 0


class Text(NamedTuple):
    """Text directly in an element, with its character references resolved."""

    parent: int
    text: str
    offset: int


@dataclass(frozen=True)
class HtmlPage:
    """A message's HTML, as far as it was read: elements with parents before children."""

    html: str
    elements: list[Element] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    has_doctype: bool = False
    read: int = 0  # characters

    def line(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return bisect(self._line_ends, offset - 1) + 1

    @cached_property
    def _line_ends(self) -> list[int]:
        found, ends = self.html.find("\n"), []
        while found >= 0:
            ends.append(found)
            found = self.html.find("\n", found + 1)
        return ends

    def tag(self, element: Element) -> str:
        """Return an element's start tag as it was sent, on one line, cut short."""
        end = self.html.find(">", element.offset, element.offset + 160)
        cut = self.html[element.offset : end + 1 if end > 0 else element.offset + 120]
        return charsets.line(" ".join(cut.split()))[:120]


def read(html: str) -> HtmlPage:
    """Return the elements and texts of HTML: the first MAX_ELEMENTS, and MAX_LENGTH."""
    page = HtmlPage(html)
    reader = _Reader(page)
    at = reader.run(html[:MAX_LENGTH])
    doctype = "<!doctype html" in html[:2000].lower()
    return HtmlPage(html, page.elements, page.texts, doctype, at)


class _Reader:
    def __init__(self, page: HtmlPage) -> None:
        self.elements, self.texts = page.elements, page.texts
        self.open: list[int] = []

    def run(self, html: str) -> int:
        """Read HTML; return how many characters of it."""
        at = 0
        for token in markup.TOKEN.finditer(html):
            self._text(html[at : token.start()], at)
            at = token.start()
            if len(self.elements) >= MAX_ELEMENTS:
                return at
            at = token.end()
            if token["raw"]:
                start = token["start"]
                name = token["raw"].lower()
                inner = start[len(name) + 1 :]
                self._start(
                    name, inner, token.start(), token["text"], token.end("start")
                )
            elif token["name"]:
                self._tag(token["name"].lower(), token[0], token.start())
        self._text(html[at:], at)
        return len(html)

    def _tag(self, name: str, tag: str, offset: int) -> None:
        if name.startswith("/"):
            self._end(name[1:])
        else:
            self._start(name, tag[len(name) + 1 :], offset)

    def _start(
        self,
        name: str,
        inner: str,
        offset: int,
        content: str = "",
        content_offset: int = 0,
    ) -> None:
        ended = _ENDED_BY.get(name, ())
        while self.open and self.elements[self.open[-1]].name in ended:
            self.open.pop()
        parent = self.open[-1] if self.open else -1
        self.elements.append(
            Element(
                name, dict(_attributes(inner)), offset, parent, content, content_offset
            )
        )
        if name not in _VOID and not content and len(self.open) < _MAX_DEPTH:
            self.open.append(len(self.elements) - 1)

    def _end(self, name: str) -> None:
        for back, index in enumerate(self.open[: -_LOOKED_BACK - 1 : -1], 1):
            if self.elements[index].name == name:
                del self.open[-back:]
                return

    def _text(self, text: str, offset: int) -> None:
        if text and not text.isspace():
            plain = markup.unescape(text) if "&" in text else charsets.storable(text)
            self.texts.append(Text(self.open[-1] if self.open else -1, plain, offset))


def _attributes(inner: str) -> Iterator[tuple[str, str]]:
    """Yield names and values, the last first, so that a dict keeps the first one."""
    if inner in (">", ""):
        return
    # A search for a million attributes would be one step, which blocks other threads.
    found = [*islice(markup.ATTRIBUTE.finditer(inner), MAX_ATTRIBUTES)]
    for match in reversed(found):
        value = match[3] or ""
        if value[:1] in ("'", '"'):
            value = value[1:].removesuffix(value[0])
        yield match[1].lower(), markup.unescape(value) if "&" in value else value
