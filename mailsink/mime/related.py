"""The parts that a mail's HTML shows: by Content-ID (RFC 2392) or Content-Location (RFC 2557).

Never raises; linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urljoin

from mailsink.mime import bodies, charsets, markup
from mailsink.mime.preview import references
from mailsink.mime.structure import Part, Structure

# RFC 2557 §5 (c): the base of relative URLs without another base. urljoin needs a
# scheme that it knows, and no host has this name (RFC 6761 §6.4).
_NOWHERE = "http://thismessage.invalid/"
_BASE = re.compile(
    r"<base\s[^<>]{0,500}?href\s{0,9}=\s{0,9}[\"']?([^\"'\s<>]{1,2000})", re.IGNORECASE
)
_BASE_WITHIN = 64 * 1024  # octets of HTML that are searched for <base>
_LONGEST = 2000  # characters of a URL
_MOST_BASES = 4
_MOST_URLS = 5000  # different URLs that are compared with locations


def is_named(part: Part) -> bool:
    """Whether HTML can name a part."""
    return bool(part.content_id or part.get("content-location"))


class Related:
    """The parts that HTML can name, and their names."""

    def __init__(
        self, octets: bytes, structure: Structure, pages: Sequence[Part]
    ) -> None:
        """pages: the parts with the HTML, in the same message as all that they name."""
        within = _message_of(pages[0]) if pages else None
        self._ids: dict[str, Part] = {}
        self._locations: dict[str, Part] = {}
        self._base_known: dict[int, str] = {}  # by the index of a part
        self._looked_up: dict[str, Part | None] = {}
        around = {each.index for page in pages for each in _above(page)}
        # Of two parts with the same name, the one next to the HTML comes first.
        for part in sorted(
            structure.parts,
            key=lambda p: p.parent is None or p.parent.index not in around,
        ):
            if not part.children and is_named(part) and _message_of(part) is within:
                self._name(part)
        named = pages[:_MOST_BASES] if self._locations else ()
        self._bases = {self._base_in(octets, page): None for page in named}

    @property
    def has_locations(self) -> bool:
        """Whether URLs other than cid: can name parts."""
        return bool(self._locations)

    def find(self, url: str) -> Part | None:
        """Return the part that a URL in the HTML names; None if it names none."""
        url = url.strip()
        if url[:4].lower() == "cid:":
            return self._by_id(url[4:])
        if not self._locations or not 0 < len(url) <= _LONGEST or url[0] == "#":
            return None
        if url not in self._looked_up and len(self._looked_up) < _MOST_URLS:
            joined = (_join(base, url) for base in self._bases)
            found = filter(None, map(self._locations.get, joined))
            self._looked_up[url] = next(found, None)
        return self._looked_up.get(url)

    def shown_by(self, html: str) -> frozenset[int]:
        """Return the indexes of the parts that HTML shows inline."""
        found = (self.find(url) for url in references(html, self.has_locations))
        return frozenset(part.index for part in found if part)

    def _by_id(self, name: str) -> Part | None:
        known = (_plain(name), _plain(unquote(name, errors="replace")))
        return next((self._ids[each] for each in known if each in self._ids), None)

    def _name(self, part: Part) -> None:
        """Register a part under its names; the first part keeps a shared name."""
        if part.content_id:
            self._ids.setdefault(_plain(part.content_id), part)
            self._ids.setdefault(_plain(unquote(part.content_id)), part)
        if location := _value(part, "content-location"):
            self._locations.setdefault(
                _join(self._base_of(part.parent), location), part
            )

    def _base_in(self, octets: bytes, page: Part) -> str:
        """Return the base of the relative URLs in HTML (RFC 2557 §5)."""
        base = self._base_of(page)
        if named := _BASE.search(bodies.beginning_of(octets, page, _BASE_WITHIN)):
            return _join(base, markup.unescape(named[1]))
        return base

    def _base_of(self, part: Part | None) -> str:
        """Return the base from the headers of a part and of the parts around it.

        Content-Base is from the older RFC 2110 §4.2.
        """
        if part is None:
            return _NOWHERE
        if part.index not in self._base_known:
            above = self._base_of(part.parent)
            base = _value(part, "content-base") or _value(part, "content-location")
            self._base_known[part.index] = _join(above, base) if base else above
        return self._base_known[part.index]


def _plain(name: str) -> str:
    return charsets.line(name).strip("<> ")


def _above(part: Part) -> Iterator[Part]:
    """Yield the parts around a part, the nearest first."""
    while part.parent is not None:
        part = part.parent
        yield part


def _message_of(part: Part) -> Part | None:
    """Return the enclosed message around a part; None if it is in no enclosed one."""
    return next((each for each in _above(part) if each.encloses), None)


def _value(part: Part, name: str) -> str:
    """Return a field without white space, which is from folding (RFC 2557 §4.4.2)."""
    field = part.get(name)
    value = "".join(field.value.split()).strip('"<>') if field else ""
    return value if len(value) <= _LONGEST else ""


def _join(base: str, url: str) -> str:
    try:
        return urljoin(base, url)[:_LONGEST]
    except ValueError:  # brackets that hold no address
        return url
