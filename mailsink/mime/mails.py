"""A message's octets, read and taken apart as far as is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from mailsink.mime import bodies, structure


class Mail:
    """A message. read: returns its octets, when something is asked of them."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read

    @cached_property
    def octets(self) -> bytes:
        """The message as sent."""
        return self._read()

    @cached_property
    def parsed(self) -> structure.Structure:
        """Its parts and defects."""
        return structure.parse(self.octets)

    @cached_property
    def html(self) -> str:
        """The HTML body; "" if there is none."""
        return bodies.html(self.octets, self.parsed) or ""

    @property
    def text(self) -> str:
        """The plain text, made from the HTML if there is none."""
        text = bodies.text(self.octets, self.parsed)
        return bodies.html_to_text(self.html) if text is None else text
