"""An index of patterns: finds those that may fit a text, in the time of one.

It can have a thousand patterns. Exact values are looked up; the others form one set for
RE2, which reads a text once for all of them.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import re2

from inbox.rules.text_patterns import options
from mailsink.wildcards import fold

# Octets for a set: while it reads texts, RE2 uses all the memory that it is allowed.
_MEMORY, _MEMORY_OF_A_STEP, _MOST_MEMORY = 64 << 10, 512, 64 << 20


class PatternIndex:
    """Patterns with the places of their rules."""

    __slots__ = ("_exact", "_expressions", "_found_by", "_set", "_size")

    def __init__(self) -> None:
        """Start without patterns; call `complete` after adding them."""
        self._exact: dict[str, list[int]] = {}
        self._expressions: list[str] = []  # until the set is complete
        self._found_by: list[int] = []  # the places of the patterns in the set
        self._size = 0  # of the set, in RE2 steps
        self._set: Any = None

    def add_exact(self, folded: str, place: int) -> None:
        """Add a text that must match exactly, folded by mailsink.wildcards.fold."""
        self._exact.setdefault(folded, []).append(place)

    def add(self, expression: str, size: int, place: int) -> None:
        """Add a regular expression to search for in texts. size: in RE2 steps"""
        self._expressions.append(expression)
        self._found_by.append(place)
        self._size += size

    def complete(self) -> None:
        """Prepare the set."""
        if self._expressions:
            memory = _MEMORY + self._size * _MEMORY_OF_A_STEP
            self._set = re2.Set.SearchSet(options(min(memory, _MOST_MEMORY)))
            for each in self._expressions:
                self._set.Add(each)
            self._set.Compile()
            self._expressions.clear()

    def places(self, text: str) -> list[int]:
        """Return the places of the patterns that fit a text."""
        found = list(self._exact.get(fold(text), ())) if self._exact else []
        if self._set is not None:
            found += (self._found_by[at] for at in self._set.Match(text) or ())
        return found


class NetworkIndex:
    """Networks with the places of their rules: one look-up for each prefix length."""

    __slots__ = ("_by_length",)

    def __init__(self) -> None:
        self._by_length: dict[tuple[int, int], dict[int, list[int]]] = {}

    def add(self, network: IPv4Network | IPv6Network, place: int) -> None:
        """Add a network."""
        rest = network.max_prefixlen - network.prefixlen
        known = self._by_length.setdefault((network.version, rest), {})
        known.setdefault(int(network.network_address) >> rest, []).append(place)

    def places(self, address: IPv4Address | IPv6Address | None) -> list[int]:
        """Return the places of the networks that contain an address."""
        found: list[int] = []
        if address is not None:
            number = int(address)
            for (version, rest), known in self._by_length.items():
                if version == address.version:
                    found += known.get(number >> rest, ())
        return found
