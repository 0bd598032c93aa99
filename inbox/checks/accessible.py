"""Accessibility of the HTML, as far as it can be checked without rendering."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from inbox.checks import css
from inbox.checks.checked_message import CheckedMessage, CheckPlace, shown
from inbox.checks.colours import Colour, colour, contrast
from mailsink.mime.elements import Element

_SMALLEST = 10  # px
_HEADING = re.compile(r"h[1-6]")
_HEADING_SIZES = {
    "h1": 32.0,
    "h2": 24.0,
    "h3": 18.72,
    "h4": 16.0,
    "h5": 13.28,
    "h6": 10.72,
}
_FONT_SIZES = (10.0, 13.0, 16.0, 18.0, 24.0, 32.0, 48.0)  # of <font size>, from 1
_LEGACY_SIZE = re.compile(r"[ \t\n\f\r]*([+-]?)([0-9]+)")
_LENGTH = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,5})?|\.[0-9]{1,5})\s*(px|pt|em|rem|%)")
_PER_UNIT = {"px": 1.0, "pt": 4 / 3, "rem": 16.0}
_NAME = re.compile(r"[.#]?[a-zA-Z_][\w-]{0,100}|\*")
_HIDING = {
    "display": "none", "visibility": "hidden", "mso-hide": "all", "opacity": "0",
    "font-size": "0", "max-height": "0", "line-height": "0",
}  # fmt: skip


def images_without_alt(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield images without alt, unless they are hidden from screen readers."""
    for element in mail.page.elements:
        attributes = element.attributes
        if element.name not in ("img", "area") or "alt" in attributes:
            continue
        named = attributes.get("aria-label") or attributes.get("aria-labelledby")
        hidden = attributes.get("aria-hidden") == "true"
        if (
            not named
            and not hidden
            and attributes.get("role") not in ("presentation", "none")
        ):
            yield mail.at("image_without_alt", element)


def links_without_text(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield links without any text to read out."""
    elements = mail.page.elements
    inside = _nearest(elements, "a")
    named = {inside[text.parent] for text in mail.page.texts if text.parent >= 0}
    for index, element in enumerate(elements):
        attributes = element.attributes
        if (
            attributes.get("alt", "").strip()
            or attributes.get("aria-label", "").strip()
        ):
            named.add(inside[index])
    for index, element in enumerate(elements):
        if element.name != "a" or "href" not in element.attributes or index in named:
            continue
        if not (
            element.attributes.get("title") or element.attributes.get("aria-labelledby")
        ):
            yield mail.at("link_without_text", element)


def _nearest(elements: list[Element], name: str) -> list[int]:
    """Return, for each element, the one of that name that it is or is in; -1 for none."""
    found: list[int] = []
    for index, element in enumerate(elements):
        above = found[element.parent] if element.parent >= 0 else -1
        found.append(index if element.name == name else above)
    return found


def missing_language(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if no element around the mail's content names its language."""
    if mail.html and not any(
        element.attributes.get("lang") or element.attributes.get("xml:lang")
        for element in mail.page.elements[:50]
    ):
        root = [each for each in mail.page.elements[:1] if each.name == "html"]
        yield mail.at("no_lang", root[0]) if root else CheckPlace("no_lang", "HTML")


def missing_title(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if there is no <title>, or an empty one."""
    titles = [each for each in mail.page.elements[:2000] if each.name == "title"]
    if mail.html and not any(each.content.strip() for each in titles):
        yield CheckPlace("no_title", "HTML")


def skipped_headings(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield headings more than one level below the previous one."""
    last = 0
    for element in mail.page.elements:
        if not _HEADING.fullmatch(element.name):
            continue
        level = int(element.name[1])
        if last and level > last + 1:
            words = _("<h%(level)s> after <h%(last)s>") % {"level": level, "last": last}
            yield mail.at("heading_order", element, words)
        last = level


def layout_tables(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield tables with content, but without heading cells, caption or role."""
    elements = mail.page.elements
    around = _nearest(elements, "table")
    real = {
        around[index]
        for index, element in enumerate(elements)
        if element.name in ("th", "caption", "thead")
    }
    for index, element in enumerate(elements):
        if (
            element.name == "table"
            and index not in real
            and "role" not in element.attributes
        ):
            yield mail.at("layout_table", element)


@dataclass(frozen=True, slots=True)
class _Look:
    """The appearance of text; None for unknown values. size: in px"""

    ink: Colour | None = (0, 0, 0)
    ground: Colour | None = (255, 255, 255)
    size: float | None = 16.0
    bold: bool = False
    hidden: bool = False


def unreadable_texts(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield text with too little contrast, and very small text."""
    looks = _looks(mail)
    for text in mail.page.texts:
        look = looks[text.parent] if text.parent >= 0 else _Look()
        if look.hidden or not any(
            character.isalnum() for character in text.text[:2000]
        ):
            continue
        line = mail.page.line(text.offset)
        if look.size is not None and 1 < look.size < _SMALLEST:
            yield CheckPlace(
                "small_text", "HTML", line, shown(text.text), f"{look.size:.3g} px"
            )
        if words := _low(look):
            yield CheckPlace("low_contrast", "HTML", line, shown(text.text), words)


def _low(look: _Look) -> str:
    """Return insufficient contrast, in figures; "" if it is sufficient."""
    if look.ink is None or look.ground is None or look.size is None:
        return ""
    large = look.size >= 24 or (look.bold and look.size >= 18.66)  # WCAG, "large scale"
    ratio = contrast(look.ink, look.ground)
    if ratio >= (3 if large else 4.5):
        return ""
    # rounded down, so that it is never shown as sufficient
    return f"{int(ratio * 100) / 100:.2f}:1, {_hex(look.ink)} / {_hex(look.ground)}"


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _looks(mail: CheckedMessage) -> list[_Look]:
    """Return the appearance of the text in each element."""
    ruled = _ruled(mail)
    looks: list[_Look] = []
    for element, style in zip(mail.page.elements, mail.styles, strict=True):
        look = looks[element.parent] if element.parent >= 0 else _Look()
        looks.append(_look(element, style, look, ruled))
    return looks


def _ruled(mail: CheckedMessage) -> set[str]:
    """Return the names in selectors of rules that set colours or sizes."""
    names: set[str] = set()
    for item, _offset in mail.sheets:
        if (
            not isinstance(item, css.Declaration)
            or "prefers-color-scheme" in item.media
        ):
            continue
        if item.name == "color" or item.name.startswith(("background", "font")):
            names.update(_NAME.findall(item.selector))
    return names


def _look(
    element: Element, style: dict[str, str], look: _Look, ruled: set[str]
) -> _Look:
    attributes = element.attributes
    if (
        not style
        and not attributes
        and element.name not in _HEADING_SIZES
        and not ruled
    ):
        return look
    names = {element.name, "*", "#" + attributes.get("id", "")}
    names.update("." + each for each in attributes.get("class", "")[:1000].split())
    if names & ruled:  # the sheet's values are unknown here, unless set again below
        look = replace(look, ink=None, ground=None, size=None)
    if element.name == "a" and "href" in attributes:
        look = replace(look, ink=None)  # each program has its own colour for links
    return _Look(
        _ink(element, style, look.ink),
        _ground(attributes, style, look.ground),
        _size(element, style, look.size),
        _bold(element, style, look.bold),
        look.hidden or _hides(style) or "hidden" in attributes,
    )


def _ink(
    element: Element, style: dict[str, str], above: Colour | None
) -> Colour | None:
    value = style.get("color", "")
    if not value and element.name in ("font", "body"):
        value = element.attributes.get("color") or element.attributes.get("text", "")
    if not value or value.strip().lower() in ("inherit", "currentcolor"):
        return above
    return colour(value)


def _ground(
    attributes: dict[str, str], style: dict[str, str], above: Colour | None
) -> Colour | None:
    value = attributes.get("bgcolor", "")
    image = "background" in attributes
    for name in ("background", "background-color"):
        value = style.get(name, value)
    image = image or style.get("background-image", "none") != "none"
    if image:
        return None
    if not value or value.strip().lower() in (
        "transparent",
        "inherit",
        "none",
        "initial",
    ):
        return above
    return colour(value)


def _size(element: Element, style: dict[str, str], above: float | None) -> float | None:
    if not (value := style.get("font-size", "").strip().lower()):
        if "font" in style:
            return None
        if element.name == "font":
            return _font_size(element.attributes.get("size", ""), above)
        return _HEADING_SIZES.get(element.name, above)
    match = _LENGTH.match(value)
    if not match:
        return 0.0 if value.startswith("0") else None
    number, unit = float(match[1]), match[2]
    if unit in _PER_UNIT:
        return number * _PER_UNIT[unit]
    share = number / 100 if unit == "%" else number
    return None if above is None else above * share


def _font_size(value: str, above: float | None) -> float | None:
    """Return the size of a <font size> (HTML, "rules for parsing a legacy font size")."""
    match = _LEGACY_SIZE.match(value)
    if match is None:
        return above
    number = int(match[2].lstrip("0")[:3] or 0)
    if match[1]:
        number = 3 + (number if match[1] == "+" else -number)
    return _FONT_SIZES[min(max(number, 1), len(_FONT_SIZES)) - 1]


def _bold(element: Element, style: dict[str, str], above: bool) -> bool:
    weight = style.get("font-weight", "").strip().lower()
    if weight:
        return weight.startswith(("bold", "7", "8", "9"))
    return above or element.name in ("b", "strong", "th", *_HEADING_SIZES)


def _hides(style: dict[str, str]) -> bool:
    for name, value in _HIDING.items():
        if style.get(name, "").lower().removesuffix("px") == value:
            return True
    return False
