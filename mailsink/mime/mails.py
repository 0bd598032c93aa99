"""A message's octets, read and parsed only as far as needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from mailsink.mime import structure
from mailsink.mime.reading import Reading


class ParsedMessage:
    """A message. read: returns its octets, called when they are first needed."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read

    @cached_property
    def octets(self) -> bytes:
        """The message as sent."""
        return self._read()

    @cached_property
    def parsed(self) -> structure.Structure:
        """The parts and defects."""
        return structure.parse(self.octets)

    @cached_property
    def reading(self) -> Reading:
        """The message as email clients show it."""
        return Reading(self.octets, self.parsed)

    @property
    def html(self) -> str:
        """The HTML body; "" if there is none."""
        return self.reading.html

    @property
    def text(self) -> str:
        """The plain text, made from the HTML if there is none."""
        return self.reading.text
