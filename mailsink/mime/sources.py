"""HTML source for display: its lines in coloured pieces, indented on request.

Based on markup.TOKEN, in linear time; only white space between elements changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsink.mime import markup

SourcePiece = tuple[
    str, str
]  # (kind: "tag", "name", "value", "comment", "css" or "", text)

_DEEPEST = 30  # levels that are indented
_BLOCKS = frozenset(
    "html head body title meta link style script table tbody thead tfoot tr td th div p ul ol li "
    "h1 h2 h3 h4 h5 h6 center section article header footer main nav form blockquote hr pre br "
    "img dl dt dd figure base".split()
)
_EMPTY = frozenset("meta link br hr img base".split())
_NESTING = _BLOCKS - _EMPTY - frozenset(("style", "script", "title"))


def lines(html: str, indented: bool) -> list[list[SourcePiece]]:
    """Return the lines of HTML, each as its pieces."""
    found: list[list[SourcePiece]] = [[]]
    for kind, text in _indented(html) if indented else _pieces(html):
        first, *others = text.split("\n")
        if first:
            found[-1].append((kind, first))
        for each in others:
            found.append([(kind, each)] if each else [])
    return found


def _pieces(html: str) -> Iterator[SourcePiece]:
    at = 0
    for token in markup.TOKEN.finditer(html):
        if token.start() > at:
            yield "", html[at : token.start()]
        at = token.end()
        yield from _of_token(token)
    if at < len(html):
        yield "", html[at:]


def _of_token(token: re.Match[str]) -> Iterator[SourcePiece]:
    if token["comment"]:
        yield "comment", token[0]
    elif token["raw"]:
        yield from _of_tag(token["start"], len(token["raw"]) + 1)
        yield "css" if token["raw"].lower() == "style" else "", token["text"]
    else:
        yield from _of_tag(token[0], len(token["name"]) + 1)


def _of_tag(tag: str, start: int) -> Iterator[SourcePiece]:
    yield "tag", tag[:start]
    at = start
    for match in markup.ATTRIBUTE.finditer(
        tag, start, max(start, len(tag.rstrip(">")))
    ):
        if match.start() > at:
            yield "", tag[at : match.start()]
        at = match.end()
        yield "name", match[1]
        if match[2] or match[3]:
            yield "", match[2] or ""
            yield "value", match[3] or ""
    if at < len(tag):
        yield "tag", tag[at:]


def _indented(html: str) -> Iterator[SourcePiece]:
    """Yield the pieces, each block on a separate line, indented by one more level."""
    depth, fresh, at = 0, True, 0  # fresh: the line has only its indentation so far
    for token in markup.TOKEN.finditer(html):
        if text := _text(html[at : token.start()], fresh):
            yield "", text
            fresh = False
        at = token.end()
        name = (token["raw"] or token["name"] or "").lower()
        closing = name[:1] == "/" and name[1:] in _NESTING
        opening = name in _NESTING
        if closing:
            depth = max(0, depth - 1)
        if closing or (not fresh and (token["comment"] or name in _BLOCKS)):
            yield "", _break(depth)
        yield from _of_token(token)
        depth += opening
        fresh = opening
        if fresh:
            yield "", _break(depth)
    yield "", _text(html[at:], fresh)


def _text(between: str, fresh: bool) -> str:
    """Return the text between two tags, with runs of white space as one space."""
    text = " ".join(between.split())
    if not text:
        return "" if fresh or not between else " "
    before = " " if between[0].isspace() and not fresh else ""
    return before + text + (" " if between[-1].isspace() else "")


def _break(depth: int) -> str:
    return "\n" + "  " * min(depth, _DEEPEST)
