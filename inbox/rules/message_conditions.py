"""Conditions of rules about the message itself: a header field, or a text in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inbox.rules.text_patterns import LONGEST_TEXT, TextPattern, anywhere
from mailsink.mime import headers
from mailsink.smtp.protocol.events import Body

LOOKED_AT = 256 * 1024  # octets of a message
_HEADER = 64 * 1024  # octets that its Message-ID is looked for in


class MessageConditions:
    """The conditions of a rule about the octets of a message."""

    def __init__(self, conditions: Mapping[str, Any]) -> None:
        """conditions: of a rule, as they are stored."""
        self._field = str(conditions.get("header", "")).lower()
        value = conditions.get("header_value")
        self._value = TextPattern(value) if value else None
        body = conditions.get("body")
        self._body = anywhere(body) if body else None

    def hold(self, body: Body) -> bool:
        """Whether they hold; blocks where the message is in a file."""
        octets = _beginning(body)
        text = octets.decode("utf-8", "replace")
        if self._body is not None and self._body.search(text) is None:
            return False
        if self._value is None:
            return True
        return any(
            self._value.fits(each.value[:LONGEST_TEXT])
            for each in headers.split(octets)[0]
            if each.name.lower() == self._field
        )


def message_id(body: Body) -> str:
    """Return the Message-ID; "" where there is none. Blocks as `hold` does."""
    return headers.summary(_beginning(body)[:_HEADER]).message_id


def _beginning(body: Body) -> bytes:
    """Return the octets that are looked at."""
    if body.content is not None:
        return body.content[:LOOKED_AT]
    assert body.path is not None  # exactly one of them is set
    with body.path.open("rb") as file:
        return file.read(LOOKED_AT)
