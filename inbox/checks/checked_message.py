"""A message for the checks, parsed once for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from inbox.checks import css
from inbox.checks.css import Declaration, Item
from mailsink.mime import charsets, elements, headers, markup, pictures
from mailsink.mime.elements import Element, HtmlPage
from mailsink.mime.reading import Reading
from mailsink.mime.related import Related
from mailsink.mime.structure import Part, Structure

_SHOWN = 120  # characters of a snippet
PIECE = 20_000  # characters of one piece of text that are read
_URLS = {
    "a": ("href",), "area": ("href",), "img": ("src",), "form": ("action",), "table": ("background",),
    "td": ("background",), "body": ("background",), "link": ("href",), "source": ("src",),
    "video": ("src", "poster"), "v:image": ("src",), "v:fill": ("src",), "v:rect": ("href",),
    "v:roundrect": ("href",),
}  # fmt: skip
_URL_IN_TEXT = re.compile(r"https?://[^\s<>\"'\])]{1,500}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CheckPlace:
    """A place that a check found.

    kind: of inbox.checks.check_kinds; place: "HTML", "Text" or a header field's name;
    line: in the HTML or text, from 1; None if there are no lines; snippet: as sent;
    words: details of this place, for people
    """

    kind: str
    place: str = ""
    line: int | None = None
    snippet: str = ""
    words: str = ""


class CheckedMessage:
    """A mail's octets and their parsed content; each part is parsed on first use."""

    def __init__(self, octets: bytes, parsed: Structure) -> None:
        self.octets = octets
        self.parsed = parsed

    @cached_property
    def html(self) -> str:
        """The displayed HTML, as sent; "" if there is none."""
        return self.reading.markup

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.octets, self.parsed)

    @cached_property
    def carried(self) -> Related:
        """The parts that the HTML can name."""
        return pictures.carried(self.reading)

    @property
    def html_parts(self) -> list[Part]:
        return self.reading.html_parts

    @cached_property
    def text(self) -> str:
        """The plain text; without the words of the HTML if there is no text part."""
        reading = self.reading
        return reading.text_beside_html if reading.is_text_made else reading.text

    @property
    def has_empty_text(self) -> bool:
        """Whether there is an empty plain alternative."""
        return self.reading.is_text_made and any(
            part.content_type == "text/plain"
            and part.parent is not None
            and part.parent.content_type == "multipart/alternative"
            for part in self.parsed.parts
        )

    @cached_property
    def html_text(self) -> str:
        """The text that the HTML shows."""
        return markup.to_text(self.html[: elements.MAX_LENGTH])

    @cached_property
    def page(self) -> HtmlPage:
        return elements.read(self.html)

    @cached_property
    def sheets(self) -> list[tuple[Item, int]]:
        """The rules and declarations of the <style> elements, with offsets in the HTML."""
        found: list[tuple[Item, int]] = []
        left = css.MAX_LENGTH
        for element in self.page.elements:
            if element.name == "style" and left > 0:
                begin = element.content_offset
                items = css.sheet(element.content[:left])
                found.extend((item, begin + item.offset) for item in items)
                left -= len(element.content)
        return found

    @cached_property
    def declarations(self) -> dict[str, list[Declaration]]:
        """The declarations of each distinct style attribute; "" stands for none."""
        found: dict[str, list[Declaration]] = {"": []}
        left = css.MAX_LENGTH
        for element in self.page.elements:
            text = element.attributes.get("style", "")
            if text not in found:
                found[text] = css.declarations(text[:left])
                left = max(0, left - len(text))
        return found

    @cached_property
    def styles(self) -> list[dict[str, str]]:
        """The style attribute of each element, by property.

        Of several declarations, the last one counts, or the last important one.
        """
        important_last = attrgetter("is_important")
        counting = {
            text: {each.name: each.value for each in sorted(found, key=important_last)}
            for text, found in self.declarations.items()
        }
        return [
            counting[each.attributes.get("style", "")] for each in self.page.elements
        ]

    def field(self, name: str) -> headers.Field | None:
        return self.parsed.root.get(name)

    def value(self, name: str) -> str:
        """Return a decoded header field; "" if there is none."""
        field = self.field(name)
        return field.value if field else ""

    def at(self, kind: str, element: Element, words: str = "") -> CheckPlace:
        """Return the place of an element."""
        line = self.page.line(element.offset)
        return CheckPlace(kind, "HTML", line, self.page.tag(element), words)

    def readable(self) -> Iterator[tuple[str, str, int | None]]:
        """Yield place, text and line of the readable text, in pieces."""
        yield "Subject", self.value("subject"), None
        for number, line in enumerate(self.text[: elements.MAX_LENGTH].split("\n"), 1):
            if line:
                yield "Text", line, number
        for text in self.page.texts:
            yield "HTML", text.text, self.page.line(text.offset)

    @cached_property
    def urls(self) -> list[tuple[str, str, int | None]]:
        """The URLs of links and images, with their place and line."""
        found: list[tuple[str, str, int | None]] = []
        for element in self.page.elements:
            for name in _URLS.get(element.name, ()):
                if (url := element.attributes.get(name)) is not None:
                    found.append((url, "HTML", self.page.line(element.offset)))
        for number, line in enumerate(self.text[: elements.MAX_LENGTH].split("\n"), 1):
            for match in _URL_IN_TEXT.finditer(line[:PIECE]):
                found.append((match[0].rstrip(".,;:!?"), "Text", number))
        return found

    @cached_property
    def is_css_cut(self) -> bool:
        """Whether there is more CSS than is read."""
        sheets = (e.content for e in self.page.elements if e.name == "style")
        return any(
            sum(map(len, texts)) > css.MAX_LENGTH
            for texts in (sheets, self.declarations)
        )


def shown(text: str) -> str:
    """Return a snippet of text on one line, cut short."""
    return charsets.line(" ".join(text[: _SHOWN * 4].split()))[:_SHOWN]
