"""Finds the rules that fit a message, a thousand in one pass over it."""

from __future__ import annotations

from collections.abc import Collection

from inbox.rules.message_conditions import (
    LOOKED_AT,
    MessageConditions,
    ReadMessage,
    read_message,
)
from inbox.rules.pattern_index import PatternIndex
from mailsink.smtp.protocol.events import Body

SMALL = 16 * 1024  # octets of a message that is read without a separate thread


class MessageIndex:
    """The conditions of rules about messages, by the places of the rules."""

    def __init__(self) -> None:
        """Start without conditions; call `complete` after adding them."""
        self._fields: dict[str, PatternIndex] = {}
        self._text = PatternIndex()
        self._always: list[int] = []
        self._conditions: dict[int, MessageConditions] = {}
        self._alone: set[int] = set()
        self._steps = 0  # for all of them at each octet

    def add(self, place: int, conditions: MessageConditions, alone: bool) -> None:
        """Add the conditions of a rule.

        alone: it has no other conditions, which would be checked first
        """
        self._conditions[place] = conditions
        self._steps += conditions.steps
        if alone:
            self._alone.add(place)
        value = conditions.value
        if value is not None and (value.exact or value.expression):
            known = self._fields.setdefault(conditions.field, PatternIndex())
            if value.exact:
                known.add_exact(value.exact, place)
            else:
                known.add(value.expression, value.size, place)
        elif conditions.body is not None and conditions.body_expression:
            size = int(conditions.body.programsize)
            self._text.add(conditions.body_expression, size, place)
        else:
            self._always.append(place)

    def complete(self) -> None:
        """Prepare all sets."""
        for each in (self._text, *self._fields.values()):
            each.complete()

    def cost(self, body: Body) -> int:
        """Return the approximate number of steps to check a message."""
        return self._steps * min(body.size, LOOKED_AT)

    def holding(self, fitting: Collection[int], body: Body) -> list[int]:
        """Return the places of the rules whose conditions hold.

        Blocks if the message is in a file.

        fitting: the places where other conditions exist, and hold
        """
        message = read_message(body)
        return [
            each
            for each in self._likely(message)
            if (each in self._alone or each in fitting)
            and self._conditions[each].hold_in(message)
        ]

    def _likely(self, message: ReadMessage) -> Collection[int]:
        found = {*self._always, *self._text.places(message.text)}
        for name, known in self._fields.items():
            for value in message.fields.get(name, ()):
                found.update(known.places(value))
        return found
