"""Which features of HTML and CSS a mail uses: by their names in the data of Can I email."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inbox.checks.caniemail import FEATURES
from inbox.checks.checked_message import CheckedMessage
from mailsink.mime import css
from mailsink.mime.css import AtRule, Declaration, Item, Rule
from mailsink.mime.elements import Element

Use = tuple[
    str, int, str
]  # feature, offset in the HTML, snippet; "" for the tag itself

# css-… of the data that are no properties
_NO_PROPERTIES = re.compile(
    r"at-|pseudo-|selector-|unit-|function-|nesting|variables|comments|important|rgb|intrinsic"
    r"|inert-|modern-|sytem-|linear-grad|radial-grad|conic-grad|flex-(?:direction|wrap)$|display-"
)
# Properties that the data has under another name
_ALSO = """
border-inline-block: border-inline border-block
border-inline-block-individual: border-inline-color border-block-color border-inline-style border-block-style
 border-inline-width border-block-width border-inline-start border-inline-end border-block-start border-block-end
border-inline-block-longhand: border-inline-start-color border-block-start-color border-inline-start-style
 border-block-start-style border-inline-start-width border-block-start-width border-inline-end-color
 border-block-end-color border-inline-end-style border-block-end-style border-inline-end-width border-block-end-width
border-radius: border-top-left-radius border-top-right-radius border-bottom-left-radius border-bottom-right-radius
border-radius-logical: border-start-start-radius border-start-end-radius border-end-start-radius border-end-end-radius
border: border-width border-style border-color border-top border-bottom border-left border-right border-top-width
 border-top-style border-top-color border-bottom-width border-bottom-style border-bottom-color border-left-width
 border-left-style border-left-color border-right-width border-right-style border-right-color
block-inline-size: block-size
column-layout-properties: columns column-fill column-rule column-rule-color column-rule-style column-rule-width
 column-span column-width
gap: column-gap row-gap grid-gap
grid-template: grid-template-areas grid-template-columns grid-template-rows
inset: inset-block inset-inline inset-inline-start inset-inline-end inset-block-start inset-block-end
left-right-top-bottom: left right top bottom
margin-block-start-end: margin-block-start margin-block-end
margin-inline-block: margin-inline margin-block
margin-inline-start-end: margin-inline-start margin-inline-end
margin: margin-left margin-right margin-top margin-bottom
overflow: overflow-x overflow-y overflow-block overflow-inline
padding-block-start-end: padding-block-start padding-block-end
padding-inline-block: padding-inline padding-block
padding-inline-start-end: padding-inline-start padding-inline-end
padding: padding-left padding-right padding-top padding-bottom
scroll-snap: scroll-snap-type scroll-snap-align scroll-snap-stop
animation: animation-name animation-duration animation-delay animation-iteration-count animation-timing-function
transition: transition-property transition-duration transition-delay transition-timing-function
"""  # fmt: skip

_VALUES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (f"css-{name}", re.compile(pattern, re.IGNORECASE))
    for name, pattern in {
        "important": r"!\s{0,9}important",
        "function-clamp": r"\bclamp\(", "function-light-dark": r"\blight-dark\(",
        "function-max": r"(?<![\w-])max\(", "function-min": r"(?<![\w-])min\(",
        "unit-calc": r"\bcalc\(", "variables": r"\bvar\(",
        "linear-gradient": r"linear-gradient\(", "radial-gradient": r"radial-gradient\(",
        "conic-gradient": r"conic-gradient\(",
        "rgb": r"\brgb\(", "rgba": r"\brgba\(", "modern-color": r"\b(?:ok)?l(?:ch|ab)\(",
        "intrinsic-size": r"\b(?:fit|min|max)-content\b",
        "sytem-ui": r"\b(?:system-ui|ui-(?:serif|sans-serif|rounded|monospace))\b",
        "unit-initial": r"(?<![\w-])initial(?![\w-])",
    }.items()
)  # fmt: skip
_STRINGS = re.compile(r"""url\([^)]*+\)?|"[^"]*+"?|'[^']*+'?""", re.IGNORECASE)
_UNIT = re.compile(
    r"(?<![\w#.%-])[+-]?+(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)(%|[a-z]++)", re.IGNORECASE
)
_IMAGE = re.compile(
    r"\.(apng|avif|bmp|gif|heic|heif|ico|jpe?g|mp4|png|svg|tiff?|webp)(?=$|[?#&])",
    re.IGNORECASE,
)
_DATA_IMAGE = re.compile(r"data:image/[\w.+-]{1,40}[^,]{0,80};base64,", re.IGNORECASE)
_SAME_IMAGE = {
    "jpeg": "jpg",
    "heic": "heif",
    "tif": "tiff",
    "svg+xml": "svg",
    "x-icon": "ico",
    "vnd.microsoft.icon": "ico",
}
_URL = re.compile(r"url\(\s*+[\"']?+([^\"')]++)", re.IGNORECASE)

_ELEMENTS = {
    **{f"h{level}": "html-h1-h6" for level in range(1, 7)},
    **dict.fromkeys("ul ol dl".split(), "html-lists"),
    **dict.fromkeys(
        "article aside details figcaption figure footer header main mark nav section summary time".split(),
        "html-semantics",
    ),
    **dict.fromkeys("map area".split(), "html-image-maps"),
    **dict.fromkeys("object embed".split(), "html-object"),
}  # fmt: skip
# html-… of the data that are attributes
_ATTRIBUTES = frozenset(
    "align aria-describedby aria-hidden aria-label aria-labelledby aria-live background cellpadding "
    "cellspacing dir height hidden lang popover required role target valign width srcset".split()
)
_NO_ELEMENTS = _ATTRIBUTES | frozenset(
    "comments doctype lists semantics h1-h6 object".split()
)
_MEDIA = ("hover", "orientation", "prefers-color-scheme", "prefers-reduced-motion")
_SELECTORS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (f"css-selector-{name}", re.compile(pattern))
    for name, pattern in {
        "class": r"\.[\w-]", "id": r"#[\w-]", "attribute": r"\[", "grouping": r",", "universal": r"\*",
        "child": r">", "adjacent-sibling": r"\+", "general-sibling": r"~(?!=)",
        "type": r"(?<![\w.#:-])[a-z]", "descendant": r"[\w\])*]\s+[\w.#\[*:]",
        "chaining": r"[\w\]-][.#][\w-]",
    }.items()
)  # fmt: skip
_BRACKETS = re.compile(r"\[[^]]*+\]?")
_PSEUDO = re.compile(r"(::?)([a-z-]{1,40})", re.IGNORECASE)
_OLD_ELEMENTS = ("after", "before", "first-letter", "first-line")  # once with one colon


def _properties() -> dict[str, str]:
    found = {
        slug.removeprefix("css-"): slug
        for slug in FEATURES
        if slug.startswith("css-")
        and not _NO_PROPERTIES.match(slug.removeprefix("css-"))
    }
    for line in _ALSO.replace("\n ", " ").strip().splitlines():
        slug, _, names = line.partition(":")
        found |= dict.fromkeys(names.split(), f"css-{slug}")
    return found


_PROPERTIES = _properties()


def used(mail: CheckedMessage) -> Iterator[Use]:
    """Yield each use of a feature that the data knows, in the order of the HTML."""
    page = mail.page
    if page.has_doctype:
        yield "html-doctype", page.html.lower().find("<!doctype"), "<!doctype html>"
    kinds = {
        part.content_id: part.content_type
        for part in mail.parsed.parts
        if part.content_id
    }
    known: dict[str, list[tuple[str, str]]] = {}
    for element in page.elements:
        for slug in _of_element(element, kinds):
            yield slug, element.offset, ""
        if style := element.attributes.get("style"):
            if style not in known:
                known[style] = list(_of_style(style))
            for slug, snippet in known[style]:
                yield slug, element.offset, snippet
    for item, offset in mail.sheets:
        for slug, snippet in _of_item(item):
            yield slug, offset, snippet


def _of_style(style: str) -> Iterator[tuple[str, str]]:
    for item in css.scan(style[:10_000]):
        yield from _of_item(item)


def _of_item(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the features of a rule or declaration, with a snippet."""
    if isinstance(item, Declaration):
        snippet = f"{item.prop}: {item.value[:80]}"
        found = _of_declaration(item.prop, item.value[: css.MAX_VALUE])
    elif isinstance(item, Rule):
        snippet, found = item.selector[:100], _of_selector(item.selector, item.nested)
    else:
        snippet, found = f"@{item.name} {item.prelude[:80]}", _of_at_rule(item)
    for slug in found:
        yield slug, snippet


def _of_declaration(prop: str, value: str) -> Iterator[str]:
    if prop.startswith("--"):
        yield "css-variables"
    if slug := _PROPERTIES.get(prop):
        yield slug
    bare = _STRINGS.sub(" ", value).lower()
    if prop == "display":
        for kind in ("flex", "grid", "none"):
            if kind in bare:
                yield f"css-display-{kind}"
    if prop == "flex-direction" and "column" in bare:
        yield "css-flex-direction"
    if prop in ("flex-wrap", "flex-flow") and "wrap" in bare and "nowrap" not in bare:
        yield "css-flex-wrap"
    if not bare.isalpha():  # most values are a word
        yield from (
            f"css-unit-{'percent' if unit == '%' else unit}"
            for unit in set(_UNIT.findall(bare))
        )
        for match in _URL.finditer(value):
            yield from _of_image(match[1])
    yield from (slug for slug, pattern in _VALUES if pattern.search(bare))


def _of_selector(selector: str, nested: bool) -> Iterator[str]:
    if nested:
        yield "css-nesting"
    bare = _BRACKETS.sub("[]", _STRINGS.sub("", selector))
    yield from (slug for slug, pattern in _SELECTORS if pattern.search(bare))
    for colons, name in _PSEUDO.findall(bare):
        name = name.lower()
        kind = "element" if colons == "::" or name in _OLD_ELEMENTS else "class"
        yield f"css-pseudo-{kind}-{name}"


def _of_at_rule(rule: AtRule) -> Iterator[str]:
    name = rule.name.removeprefix("-webkit-").removeprefix("-moz-")
    yield f"css-at-{name}"
    if name == "media":
        yield from (
            f"css-at-media-{each}" for each in _MEDIA if each in rule.prelude.lower()
        )
        if "device-pixel-ratio" in rule.prelude:
            yield "css-at-media-device-pixel-ratio"


def _of_element(element: Element, kinds: dict[str, str]) -> Iterator[str]:
    name, attributes = element.name, element.attributes
    if name in ("button", "input"):
        kind = attributes.get("type", "submit" if name == "button" else "text").lower()
        yield f"html-{name}-{kind}"
    elif name not in _NO_ELEMENTS or name in _ELEMENTS:
        yield _ELEMENTS.get(name, f"html-{name}")
    for each in attributes:
        if each in _ATTRIBUTES:
            yield f"html-{each}"
    if "loading" in attributes:
        yield "html-loading-attribute"
    if "inert" in attributes:
        yield "css-inert-attribute"
    if name == "meta" and attributes.get("name", "").lower() == "color-scheme":
        yield "html-meta-color-scheme"
    if name == "a":
        yield from _of_link(attributes.get("href", "").strip().lower())
    if name in ("img", "source") and (source := attributes.get("src")):
        yield from _of_source(source, kinds)


def _of_link(href: str) -> Iterator[str]:
    if href.startswith("#") and len(href) > 1:
        yield "html-anchor-links"
    if href.startswith("mailto:"):
        yield "html-mailto-links"


def _of_source(source: str, kinds: dict[str, str]) -> Iterator[str]:
    if source[:4].lower() != "cid:":
        yield from _of_image(source)
        return
    kind = kinds.get(source[4:], "").removeprefix("image/")
    yield f"image-{_SAME_IMAGE.get(kind, kind)}"


def _of_image(url: str) -> Iterator[str]:
    if _DATA_IMAGE.match(url[:200].strip()):
        yield "image-base64"
    elif match := _IMAGE.search(url[:2000]):
        kind = match[1].lower()
        yield f"image-{_SAME_IMAGE.get(kind, kind)}"
