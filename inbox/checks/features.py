"""Finds the features of HTML and CSS that a mail uses, by their names in Can I email."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tinycss2 import ast

from inbox.checks.caniemail import FEATURES
from inbox.checks.checked_message import CheckedMessage
from inbox.checks.css import AtRule, Declaration, Item, StyleRule, walk
from mailsink.mime.elements import Element

Use = tuple[
    str, int, str
]  # feature, offset in the HTML, snippet; "" for the tag itself

# css-… entries of the data that are not properties
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

_FUNCTIONS = {
    "clamp": "css-function-clamp", "light-dark": "css-function-light-dark",
    "max": "css-function-max", "min": "css-function-min",
    "calc": "css-unit-calc", "var": "css-variables",
    "linear-gradient": "css-linear-gradient", "radial-gradient": "css-radial-gradient",
    "conic-gradient": "css-conic-gradient",
    "rgb": "css-rgb", "rgba": "css-rgba",
    **dict.fromkeys(("lab", "lch", "oklab", "oklch"), "css-modern-color"),
    "fit-content": "css-intrinsic-size",
}  # fmt: skip
_VENDOR = re.compile(r"-(?:webkit|moz|ms|o)-")
_WORDS = {
    **dict.fromkeys(("fit-content", "min-content", "max-content"), "css-intrinsic-size"),
    **dict.fromkeys(
        ("system-ui", "ui-serif", "ui-sans-serif", "ui-rounded", "ui-monospace"), "css-sytem-ui"
    ),
    "initial": "css-unit-initial",
}  # fmt: skip
_IMAGE_FUNCTIONS = ("url", "src", "image-set")  # they can name an image with a string
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
# html-… entries of the data that are attributes
_ATTRIBUTES = frozenset(
    "align aria-describedby aria-hidden aria-label aria-labelledby aria-live background cellpadding "
    "cellspacing dir height hidden lang popover required role target valign width srcset".split()
)
_NO_ELEMENTS = _ATTRIBUTES | frozenset(
    "comments doctype lists semantics h1-h6 object".split()
)
_MEDIA = ("hover", "orientation", "prefers-color-scheme", "prefers-reduced-motion")
_MARKS = {
    ">": "css-selector-child",
    "+": "css-selector-adjacent-sibling",
    "~": "css-selector-general-sibling",
    ",": "css-selector-grouping",
    "*": "css-selector-universal",
    ".": "css-selector-class",
    "hash": "css-selector-id",
    "[] block": "css-selector-attribute",
}
_NAMES = (ast.IdentToken, ast.FunctionBlock)
_PARTS = ("ident", "hash", "[] block", "function", "*")  # the last parts of selectors
_OF_SELECTORS = ("is", "where", "not", "has")  # pseudo-classes that take selectors
# formerly written with one colon
_OLD_ELEMENTS = ("after", "before", "first-letter", "first-line")


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
    """Yield each use of a feature in the data, in the order of the HTML."""
    page = mail.page
    if page.has_doctype:
        yield "html-doctype", page.html.lower().find("<!doctype"), "<!doctype html>"
    kinds = {
        part.content_id: part.content_type
        for part in mail.parsed.parts
        if part.content_id
    }
    styles = {
        text: [use for each in found for use in _of_item(each)]
        for text, found in mail.declarations.items()
    }
    for element in page.elements:
        for slug in _of_element(element, kinds):
            yield slug, element.offset, ""
        for slug, snippet in styles[element.attributes.get("style", "")]:
            yield slug, element.offset, snippet
    for item, offset in mail.sheets:
        for slug, snippet in _of_item(item):
            yield slug, offset, snippet


def _of_item(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the features of a rule or declaration, without duplicates, with a snippet."""
    if isinstance(item, Declaration):
        snippet = f"{item.name}: {item.value[:80]}"
        found = _of_declaration(item)
    elif isinstance(item, StyleRule):
        snippet, found = item.selector[:100], _of_rule(item)
    else:
        snippet, found = f"@{item.name} {item.prelude[:80]}", _of_at_rule(item)
    for slug in dict.fromkeys(found):
        yield slug, snippet


def _of_declaration(item: Declaration) -> Iterator[str]:
    if item.name.startswith("--"):
        yield "css-variables"
    if slug := _PROPERTIES.get(item.name):
        yield slug
    if item.is_important:
        yield "css-important"
    words = set()
    for token in walk(item.tokens):
        if isinstance(token, ast.IdentToken):
            words.add(token.lower_value)
        yield from _of_token(token)
    yield from _of_layout(item.name, words)


def _of_layout(name: str, words: set[str]) -> Iterator[str]:
    """Yield the features of flex boxes and of display, which depend on the values."""
    if name == "display":
        for kind in ("flex", "grid", "none"):
            if any(kind in word for word in words):
                yield f"css-display-{kind}"
    if name == "flex-direction" and words & {"column", "column-reverse"}:
        yield "css-flex-direction"
    if name in ("flex-wrap", "flex-flow") and words & {"wrap", "wrap-reverse"}:
        yield "css-flex-wrap"


def _of_token(token: ast.Node) -> Iterator[str]:
    if isinstance(token, ast.IdentToken):
        if slug := _WORDS.get(token.lower_value):
            yield slug
    elif isinstance(token, ast.DimensionToken):
        yield f"css-unit-{token.lower_unit}"
    elif isinstance(token, ast.PercentageToken):
        yield "css-unit-percent"
    elif isinstance(token, ast.URLToken):
        yield from _of_image(token.value)
    elif isinstance(token, ast.FunctionBlock):
        name = _VENDOR.sub("", token.lower_name, count=1).removeprefix("repeating-")
        if slug := _FUNCTIONS.get(name):
            yield slug
        if name in _IMAGE_FUNCTIONS:
            for each in token.arguments:
                if isinstance(each, ast.StringToken):
                    yield from _of_image(each.value)


def _of_rule(rule: StyleRule) -> Iterator[str]:
    if rule.is_nested:
        yield "css-nesting"
    yield from _of_selectors(rule.tokens)


def _of_selectors(tokens: list[ast.Node]) -> Iterator[str]:
    kinds = ["", *map(_kind, tokens), ""]
    for at, token in enumerate(tokens, 1):
        before, kind, after = kinds[at - 1 : at + 2]
        if before == ":" and isinstance(token, _NAMES):
            yield from _of_pseudo(token, is_double=kinds[at - 2] == ":")
        elif kind in _MARKS:
            yield _MARKS[kind]
        elif kind == "ident" and before != ".":
            yield "css-selector-type"
        elif kind == "whitespace" and before in _PARTS and after in (*_PARTS, ".", ":"):
            yield "css-selector-descendant"
        if kind in (".", "hash") and before in _PARTS:
            yield "css-selector-chaining"


def _kind(token: ast.Node) -> str:
    return token.value if isinstance(token, ast.LiteralToken) else token.type


def _of_pseudo(
    name: ast.IdentToken | ast.FunctionBlock, is_double: bool
) -> Iterator[str]:
    """Yield the feature for a name after colons, and those in its parentheses."""
    word = name.lower_value if isinstance(name, ast.IdentToken) else name.lower_name
    if word in _OF_SELECTORS and isinstance(name, ast.FunctionBlock):
        yield from _of_selectors(name.arguments)
    is_element = is_double or word in _OLD_ELEMENTS
    yield f"css-pseudo-{'element' if is_element else 'class'}-{word}"


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
