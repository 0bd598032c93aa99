"""Conditions of rules about the message itself: a header field, or a text in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from inbox.rules.text_patterns import LONGEST_TEXT, TextPattern, anywhere, for_a_set
from mailsink.mime import headers
from mailsink.smtp.protocol.events import Body

LOOKED_AT = 256 * 1024  # octets of a message that are read
_HEADER = 64 * 1024  # octets that are searched for its Message-ID


class ReadMessage(NamedTuple):
    """The parts of a message that conditions check: read once for all of them."""

    text: str
    fields: Mapping[str, list[str]]  # values of header fields, by the lower-case name


def read_message(body: Body) -> ReadMessage:
    """Return the parts of a message for conditions. Blocks if the message is in a file."""
    octets = _beginning(body)
    fields: dict[str, list[str]] = {}
    for each in headers.split(octets)[0]:
        fields.setdefault(each.name.lower(), []).append(each.value[:LONGEST_TEXT])
    return ReadMessage(octets.decode("utf-8", "replace"), fields)


class MessageConditions:
    """The conditions of a rule about the octets of a message.

    steps: their approximate number for each octet
    """

    def __init__(self, conditions: Mapping[str, Any]) -> None:
        """conditions: of a rule, as stored"""
        self.field = str(conditions.get("header", "")).lower()
        value = conditions.get("header_value")
        self.value = TextPattern(value) if value else None
        body = conditions.get("body")
        self.body = anywhere(body) if body else None
        self.body_expression = "" if self.body is None else for_a_set(self.body)
        self.steps = self.value.steps if self.value else 0
        if self.body is not None:
            self.steps += int(self.body.programsize)

    def hold(self, body: Body) -> bool:
        """Whether they hold. Blocks if the message is in a file."""
        return self.hold_in(read_message(body))

    def hold_in(self, message: ReadMessage) -> bool:
        """Whether they hold."""
        if self.body is not None and self.body.search(message.text) is None:
            return False
        if self.value is None:
            return True
        return any(map(self.value.fits, message.fields.get(self.field, ())))


def message_id(body: Body) -> str:
    """Return the Message-ID; "" if there is none. Blocks like `hold`."""
    return headers.summary(_beginning(body)[:_HEADER]).message_id


def _beginning(body: Body) -> bytes:
    """Return the octets that conditions read."""
    if body.content is not None:
        return body.content[:LOOKED_AT]
    assert body.path is not None  # a body has either octets or a path
    with body.path.open("rb") as file:
        return file.read(LOOKED_AT)
