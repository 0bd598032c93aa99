"""Chooses which parts of a message are its body, and which are files.

Pages, searches and checks share this choice: the best of alternatives (RFC 2046
§5.1.4), the root of multipart/related (RFC 2387), and otherwise all parts, in order.
Never raises; linear time.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsink.mime import bodies
from mailsink.mime.structure import Part, Structure


@dataclass(frozen=True, slots=True)
class Choice:
    """The leaves of a message by their purpose, each list in order.

    html: the body as HTML, empty if there is none; text: the body as plain text, with
    HTML where there is no other; files: all else, also pictures for the HTML.
    """

    html: tuple[Part, ...]
    text: tuple[Part, ...]
    files: tuple[Part, ...]


def choose(octets: bytes, structure: Structure) -> Choice:
    """Return the choice for a message. structure: of its octets."""
    return _Chooser(octets, structure).choice()


def is_html(part: Part) -> bool:
    """Whether a leaf of the body is HTML; otherwise it is plain text."""
    return part.content_type == "text/html"


class _Chooser:
    """Finds the leaves of the body from the bottom of the tree up."""

    def __init__(self, octets: bytes, structure: Structure) -> None:
        self.octets = octets
        self.parts = structure.parts
        self.html: dict[int, list[Part]] = {}  # leaves of each part, by its index
        self.text: dict[int, list[Part]] = {}
        self.taken: dict[int, set[int]] = {}  # of alternatives: the children chosen

    def choice(self) -> Choice:
        for part in reversed(self.parts):  # children before their parents
            self._leaves(part)
        html, text = self.html[0], self.text[0]
        if not any(map(is_html, html)):
            html = []
        body = {part.index for part in (*html, *text)}
        return Choice(tuple(html), tuple(text), tuple(self._files(body)))

    def _leaves(self, part: Part) -> None:
        """Fill in the shown leaves of a part, from those of its children."""
        index = part.index
        self.html[index], self.text[index] = [], []
        if _is_file(part):
            return
        if not part.children:
            if _is_text(part) and not bodies.is_blank(self.octets, part):
                self.html[index], self.text[index] = [part], [part]
        elif part.content_type == "multipart/alternative":
            self._alternative(part)
        elif part.content_type == "multipart/related":
            root = self._root(part)
            self.html[index], self.text[index] = self.html[root], self.text[root]
        else:
            for child in part.children:
                self.html[index] += self.html[child.index]
                self.text[index] += self.text[child.index]

    def _alternative(self, part: Part) -> None:
        """Choose the last child with HTML, and the last with plain text.

        A child without readable content is never chosen.
        """
        indexes = [child.index for child in reversed(part.children)]
        filled = [n for n in indexes if self.html[n]]
        if not filled:
            return
        best = next((n for n in filled if any(map(is_html, self.html[n]))), filled[0])
        plain = next((n for n in filled if not any(map(is_html, self.text[n]))), best)
        self.html[part.index] = self.html[best]
        self.text[part.index] = self.text[plain]
        self.taken[part.index] = {best, plain}

    def _root(self, related: Part) -> int:
        """Return the root of a multipart/related (RFC 2387 §3.1, §3.2).

        It is the part that `start` names, else the first. If that has no readable
        content, it is the first part that has.
        """
        start = related.parameters.get("start", "").strip("<> ")
        named = [c for c in related.children if start and c.content_id == start]
        root = [*named, *related.children][0].index
        filled = (c.index for c in related.children if self.html[c.index])
        return root if self.html[root] else next(filled, root)

    def _files(self, body: set[int]) -> list[Part]:
        """Return the files of the message, each enclosed message as one."""
        files: list[Part] = []
        inside: Part | None = None  # the enclosed message that is skipped
        passed: set[int] = set()  # within alternatives that were not chosen
        for part in self.parts:
            if inside and part.depth > inside.depth:
                continue
            inside = part if _is_message(part) else None
            if self._is_passed(part, passed):
                passed.add(part.index)
            if part.index in body or (part.children and not inside):
                continue
            if part.index not in passed or _is_attached(part):
                listed = self._is_listed(part)
            else:
                listed = _is_more_than_wording(part)
            if listed:
                files.append(part)
        return files

    def _is_passed(self, part: Part, passed: set[int]) -> bool:
        """Whether a part belongs to an alternative that was not chosen."""
        if part.parent is None:
            return False
        taken = self.taken.get(part.parent.index)
        return part.parent.index in passed or bool(taken and part.index not in taken)

    def _is_listed(self, part: Part) -> bool:
        """Whether a leaf outside the body is a file, and not just empty."""
        if part.content_type.startswith("multipart/"):
            return False
        named = part.filename or part.disposition == "attachment"
        text = part.content_type in ("text/plain", "text/html")
        return bool(named) or not text or not bodies.is_blank(self.octets, part)


def _is_more_than_wording(part: Part) -> bool:
    """Whether a leaf of an unshown alternative is not just another form of the text."""
    related = part.parent and part.parent.content_type == "multipart/related"
    return not part.content_type.startswith(("text/", "multipart/")) and not related


def _is_text(leaf: Part) -> bool:
    """Whether a part without parts can be shown as text.

    That includes a multipart that could not be split, and any text that is the whole
    message.
    """
    if leaf.content_type.startswith("multipart/"):
        return True
    if leaf.parent is None and leaf.content_type.startswith("text/"):
        return True
    return leaf.content_type in ("text/plain", "text/html")


def _is_message(part: Part) -> bool:
    enclosing = part.encloses or part.content_type.startswith("message/")
    return part.parent is not None and enclosing


def _is_attached(part: Part) -> bool:
    """Whether a part is declared as an attachment (RFC 2183 §2.2)."""
    return part.disposition == "attachment" and bool(part.parent or not part.children)


def _is_file(part: Part) -> bool:
    """Whether a part is a file of the message, and not its text."""
    parent = part.parent
    if _is_attached(part) or _is_message(part):
        return True
    if not part.filename or part.children:
        return False
    if parent is None:
        return part.content_type not in ("text/plain", "text/html")
    if parent.content_type == "multipart/alternative":
        return False
    return part is not parent.children[0]
