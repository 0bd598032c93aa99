"""CSS as rules and declarations, parsed with tinycss2 (CSS Syntax Level 3), in linear time.

tinycss2 keeps every token, refuses numbers of 4,300 digits and serializes nested blocks
recursively; so the length, the digits and the depth are limited here. Never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import tinycss2
from tinycss2 import ast

MAX_LENGTH = 128 * 1024  # characters of CSS that are parsed
_MAX_TEXT = 2000  # characters of a value or prelude that are kept as text
_MAX_DEPTH = 32  # nested blocks and functions; deeper ones are empty
_MAX_DIGITS = 300

_BLOCKS = (ast.ParenthesesBlock, ast.SquareBracketsBlock, ast.CurlyBracketsBlock)
_LONG_NUMBER = re.compile(rf"(?<![0-9])[0-9]{{{_MAX_DIGITS + 1},}}+")


@dataclass(frozen=True, slots=True)
class Declaration:
    """name: in lower case; value: without its "!important"; selector: of its rule.

    media: the enclosing at-rules, as text
    """

    name: str
    value: str
    tokens: list[ast.Node]
    is_important: bool
    offset: int
    selector: str = ""
    media: str = ""


@dataclass(frozen=True, slots=True)
class StyleRule:
    """A rule with selectors. is_nested: it is inside another one"""

    selector: str
    tokens: list[ast.Node]
    offset: int
    is_nested: bool


@dataclass(frozen=True, slots=True)
class AtRule:
    """name: in lower case, without its @."""

    name: str
    prelude: str
    offset: int


Item = Declaration | StyleRule | AtRule


def sheet(css: str) -> Iterator[Item]:
    """Yield the items of a style sheet, up to MAX_LENGTH; offsets are in characters."""
    css = _prepared(css)
    nodes = tinycss2.parse_stylesheet(_tokens(css), skip_whitespace=True)
    return _Reader(css).items(nodes)


def declarations(style: str) -> list[Declaration]:
    """Return the declarations of a style attribute, up to MAX_LENGTH."""
    css = _prepared(style)
    nodes = tinycss2.parse_blocks_contents(_tokens(css), skip_whitespace=True)
    reader = _Reader(css)
    return [
        reader.declaration(each) for each in nodes if isinstance(each, ast.Declaration)
    ]


def walk(tokens: Iterable[ast.Node]) -> Iterator[ast.Node]:
    """Yield tokens, each followed by the content of its block or function."""
    for token in tokens:
        yield token
        yield from walk(_inner(token))


def _prepared(css: str) -> str:
    """Return CSS with "\\n" as line ends and without endless numbers, of the same length."""
    css = css[:MAX_LENGTH].replace("\r\n", "\n ").replace("\r", " ").replace("\f", " ")
    return _LONG_NUMBER.sub(_shortened, css)


def _shortened(number: re.Match[str]) -> str:
    return number[0][:_MAX_DIGITS].ljust(len(number[0]))


def _tokens(css: str) -> list[ast.Node]:
    tokens = tinycss2.parse_component_value_list(css, skip_comments=True)
    level = [tokens]
    for _ in range(_MAX_DEPTH):
        level = [inner for each in level for token in each if (inner := _inner(token))]
    for inner in level:
        inner.clear()
    return tokens


def _inner(token: ast.Node) -> list[ast.Node]:
    """Return the content of a function or block: the list itself."""
    if isinstance(token, ast.FunctionBlock):
        return token.arguments
    return token.content if isinstance(token, _BLOCKS) else []


class _Reader:
    """Converts nodes of tinycss2 to items."""

    def __init__(self, css: str) -> None:
        self._lines = [0, *(match.end() for match in re.finditer("\n", css))]

    def items(
        self, nodes: Iterable[ast.Node], selector: str = "", media: str = ""
    ) -> Iterator[Item]:
        for node in nodes:
            if isinstance(node, ast.Declaration):
                yield self.declaration(node, selector, media)
            elif isinstance(node, ast.QualifiedRule):
                yield from self._rule(node, selector, media)
            elif isinstance(node, ast.AtRule):
                yield from self._at_rule(node, selector, media)

    def declaration(
        self, node: ast.Declaration, selector: str = "", media: str = ""
    ) -> Declaration:
        return Declaration(
            node.lower_name,
            _text(node.value),
            node.value,
            node.important,
            self._offset(node),
            selector,
            media,
        )

    def _rule(self, node: ast.QualifiedRule, around: str, media: str) -> Iterator[Item]:
        selector = _text(node.prelude)
        # in keyframes there are no selectors
        if selector and "keyframes" not in media:
            yield StyleRule(selector, node.prelude, self._offset(node), bool(around))
        yield from self.items(_contents(node), selector, media)

    def _at_rule(self, node: ast.AtRule, selector: str, media: str) -> Iterator[Item]:
        prelude = _text(node.prelude)
        yield AtRule(node.lower_at_keyword, prelude, self._offset(node))
        media = f"{media} @{node.lower_at_keyword} {prelude}".strip()[:_MAX_TEXT]
        yield from self.items(_contents(node), selector, media)

    def _offset(self, node: ast.Node) -> int:
        return self._lines[node.source_line - 1] + node.source_column - 1


def _contents(node: ast.QualifiedRule | ast.AtRule) -> Sequence[ast.Node]:
    return tinycss2.parse_blocks_contents(node.content or [], skip_whitespace=True)


def _text(tokens: list[ast.Node]) -> str:
    return tinycss2.serialize(tokens).strip()[:_MAX_TEXT]
