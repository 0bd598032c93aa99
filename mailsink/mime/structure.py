"""The part tree of a message (RFC 2046), as offsets into its octets.

One pass: lines that begin with "--" are compared with the boundaries open at that
point. A message enclosed in base64 or a similar encoding is decoded, and the offsets of
its parts refer to the decoded octets. Never raises; `defects` lists the errors.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mailsink.mime import headers, transfer, types
from mailsink.mime.defects import Defects, check_message, check_part
from mailsink.mime.part import Part
from mailsink.mime.part_header import describe
from mailsink.translatable import TranslatableText, gettext_noop

__all__ = ["MAX_DEPTH", "MAX_ENCODED_DEPTH", "MAX_PARTS", "Part", "Structure", "parse"]

MAX_DEPTH = 100
MAX_PARTS = 10_000
_MAX_DASH_LINES = 500_000  # lines beginning with "--" that are checked
_MAX_BOUNDARY = 1000  # octets; RFC 2046 §5.1.1 allows 70
MAX_ENCODED_DEPTH = 8  # encoded messages within encoded messages


@dataclass(frozen=True, slots=True)
class Structure:
    """A message's parts: as a tree, and in the order of their beginnings."""

    root: Part
    parts: tuple[Part, ...]
    defects: tuple[TranslatableText, ...]


def parse(octets: bytes, checked: bool = True) -> Structure:
    """Return the part tree of a message with any octets.

    checked: whether to find all defects, which takes a third of the time
    """
    tree = _Tree(Defects())
    _Scanner(octets, tree).run()
    root = tree.parts[0]
    if checked:
        check_message(octets, root, tree.defects)
        for part in tree.parts:
            check_part(octets, part, tree.defects)
    return Structure(root, tuple(tree.parts), tuple(tree.defects.texts))


@dataclass(slots=True)
class _Tree:
    """The parts found so far, and the remaining limits for all parts together.

    The message's own header has separate limits.
    """

    defects: Defects
    parts: list[Part] = field(default_factory=list)
    fields_left: int = 50_000
    octets_left: int = 4 * 1024 * 1024  # of headers
    decoded_left: int = 64 * 1024 * 1024  # octets of messages enclosed in base64


@dataclass(slots=True, eq=False)
class _Open:
    """A part that has not ended yet, with its boundary if it is a multipart."""

    part: Part
    boundary: bytes = b""  # emptied by the closing delimiter


class _Scanner:
    """Walks the delimiters of a message; `path` leads from its root to the last part.

    outer: the part that encloses it encoded; level: the number of such nestings
    """

    def __init__(
        self, octets: bytes, tree: _Tree, outer: Part | None = None, level: int = 0
    ) -> None:
        self.octets = octets
        self.tree = tree
        self.outer = outer
        self.level = level
        self.parts, self.defects = tree.parts, tree.defects
        self.path: list[_Open] = []
        self.boundaries: Counter[bytes] = Counter()  # open on the path

    def run(self) -> None:
        """Find all parts."""
        self._begin(0)
        start = max(self.path[0].part.body_start - 1, 0)
        for number, at in enumerate(_dash_lines(self.octets, start)):
            if number == _MAX_DASH_LINES:
                self.defects.add(
                    gettext_noop(
                        'More than %(number)s lines begin with "--"; the rest belongs to the last part'
                    ),
                    number=number,
                )
                break
            if not self.boundaries or not self._delimiter(at):
                break
        self._end(0, len(self.octets))

    def _delimiter(self, at: int) -> bool:
        """Take the line at an offset; return whether parts may follow it."""
        line, after = _line(self.octets, at + 2)
        closing = line not in self.boundaries
        if closing:
            line = line.removesuffix(b"--")
            if line not in self.boundaries:
                return True
        elif len(self.parts) >= MAX_PARTS:
            self.defects.add(
                gettext_noop(
                    "There are more than %(max_parts)s parts; the rest belongs to the last one"
                ),
                max_parts=MAX_PARTS,
            )
            return False
        level = max(n for n, each in enumerate(self.path) if each.boundary == line)
        self._end(level + 1, _before_line_end(self.octets, at))
        if closing:
            self._forget(self.path[level])
        else:
            self._begin(after)
        return True

    def _begin(self, start: int) -> None:
        """Begin the part at an offset, and the messages enclosed in it."""
        while True:
            part = self._part(start)
            self.parts.append(part)
            self.path.append(_Open(part))
            if part.content_type.startswith("multipart/"):
                return self._open(part)
            if not _encloses(part) or self._full(part):
                return None
            start = part.body_start

    def _part(self, start: int) -> Part:
        """Read the header of the part at an offset."""
        parent = self.path[-1].part if self.path else self.outer
        block = self._header(start) if parent else headers.scan(self.octets)
        if parent:
            number, depth = f"{parent.number}.{len(parent.children) + 1}", parent.depth
        else:
            number, depth = "1", -1
        part = Part(
            len(self.parts), number, depth + 1, block.fields, start, block.body,
            block.body, parent, source=self.octets if self.outer else None,
        )  # fmt: skip
        if block.defect:
            self.defects.add(block.defect, part)
        if parent:
            parent.children.append(part)
        describe(part, self.defects)
        return part

    def _header(self, start: int) -> headers.Block:
        """Return the header of a part inside the message, up to the limits."""
        block = headers.scan_part(
            self.octets,
            start,
            min(headers.MAX_OCTETS, self.tree.octets_left),
            min(headers.MAX_FIELDS, self.tree.fields_left),
        )
        self.tree.octets_left -= block.body - start
        self.tree.fields_left -= len(block.fields)
        if not any(headers.needs_charset(each.octets) for each in block.fields):
            return block
        own = headers.declared_charset(self.octets, start, block.body)
        return block.read_in(own or self.charset)

    @cached_property
    def charset(self) -> str:
        """The charset that the message declares, or its first part that declares one."""
        return headers.declared_charset(self.octets)

    def _open(self, part: Part) -> None:
        """Start to look for the delimiters of a multipart."""
        boundary = part.parameters.get("boundary", "").rstrip().encode()
        if not boundary:
            self.defects.add(
                gettext_noop("%(content_type)s has no boundary parameter"),
                part,
                content_type=part.content_type,
            )
        elif len(boundary) > _MAX_BOUNDARY:
            self.defects.add(
                gettext_noop("The boundary is over %(octets)s bytes"),
                part,
                octets=_MAX_BOUNDARY,
            )
        elif not self._full(part):
            self.path[-1].boundary = boundary
            self.boundaries[boundary] += 1

    def _full(self, part: Part) -> bool:
        """Whether a limit forbids parts inside this one."""
        if part.depth >= MAX_DEPTH:
            self.defects.add(
                gettext_noop(
                    "Parts are nested more than %(max_depth)s levels deep; deeper parts are not split"
                ),
                max_depth=MAX_DEPTH,
            )
        return part.depth >= MAX_DEPTH or len(self.parts) >= MAX_PARTS

    def _end(self, level: int, offset: int) -> None:
        """End all parts on the path from a level down, the innermost first."""
        while len(self.path) > level:
            each = self.path.pop()
            each.part.body_end = offset = max(offset, each.part.body_start)
            if each.boundary:
                self._forget(each)
                missing = gettext_noop("The closing boundary is missing")
                if not each.part.children:
                    missing = gettext_noop("The boundary never appears")
                self.defects.add(missing, each.part)
            elif not each.part.children and _encloses_encoded(each.part):
                self._enclose(each.part)

    def _enclose(self, part: Part) -> None:
        """Parse the message that a part encloses in an encoding."""
        if self.level == MAX_ENCODED_DEPTH or self._full(part):
            return None
        if part.size > self.tree.decoded_left:
            return self.defects.add(
                gettext_noop(
                    "The enclosed message is too large to be split into parts"
                ),
                part,
            )
        decoded = transfer.decode(part.body(self.octets), part.encoding)
        self.tree.decoded_left -= len(decoded)
        if part.content_type in _MESSAGES or headers.split(decoded)[0]:
            _Scanner(decoded, self.tree, part, self.level + 1).run()
        return None

    def _forget(self, closed: _Open) -> None:
        """Stop looking for the delimiters of a multipart."""
        self.boundaries[closed.boundary] -= 1
        self.boundaries += Counter()  # drops those at zero
        closed.boundary = b""


def _dash_lines(octets: bytes, start: int) -> Iterator[int]:
    """Yield the offset of each line that begins with "--", after a line end."""
    lf, cr = octets.find(b"\n--", start), octets.find(b"\r--", start)
    while lf >= 0 or cr >= 0:
        if cr < 0 or 0 <= lf < cr:
            yield lf + 1
            lf = octets.find(b"\n--", lf + 1)
        else:
            yield cr + 1
            cr = octets.find(b"\r--", cr + 1)


_LINE_END = re.compile(rb"\r?\r?\n|\r")


def _line(octets: bytes, start: int) -> tuple[bytes, int]:
    """Return the line at an offset without trailing white space, and the next offset.

    A line that is too long for a boundary is returned empty.
    """
    limit = start + _MAX_BOUNDARY + 100
    if end := _LINE_END.search(octets, start, limit):
        return octets[start : end.start()].rstrip(b" \t"), end.end()
    if limit < len(octets):
        return b"", start
    return octets[start:].rstrip(b" \t"), len(octets)


def _before_line_end(octets: bytes, at: int) -> int:
    """Return the beginning of the line end that ends at an offset."""
    for end in (b"\r\r\n", b"\r\n"):
        if octets.endswith(end, 0, at):
            return at - len(end)
    return at - 1


_MESSAGES = ("message/rfc822", "message/global")
_IN_PLACE = ("", "7bit", "8bit", "binary")


def _encloses(part: Part) -> bool:
    """Whether the body is a message that can be read in place."""
    return part.content_type in _MESSAGES and part.encoding in _IN_PLACE


def _encloses_encoded(part: Part) -> bool:
    """Whether the body may be an encoded message, or one declared as a file.

    RFC 2046 §5.2.1 forbids the encoding, but Exchange and others use it.
    """
    if part.content_type in types.VAGUE:
        return part.parent is not None and part.filename.lower().endswith(".eml")
    return part.content_type in _MESSAGES and part.encoding not in _IN_PLACE
