"""Which rules fit a message, as far as they ask about it: a thousand in one look at it."""

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

SMALL = 16 * 1024  # octets of a message that is looked at without a thread of its own


class MessageIndex:
    """The conditions of rules about messages, by the places of the rules."""

    def __init__(self) -> None:
        """Without conditions; `complete` ends the adding."""
        self._fields: dict[str, PatternIndex] = {}
        self._text = PatternIndex()
        self._always: list[int] = []
        self._conditions: dict[int, MessageConditions] = {}
        self._alone: set[int] = set()
        self._steps = 0  # of all of them at each octet

    def add(self, place: int, conditions: MessageConditions, alone: bool) -> None:
        """Add the conditions of a rule. alone: it has no others that are tried before."""
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
        """Make all sets ready."""
        for each in (self._text, *self._fields.values()):
            each.complete()

    def cost(self, body: Body) -> int:
        """Return about how many steps it takes to look at a message."""
        return self._steps * min(body.size, LOOKED_AT)

    def holding(self, fitting: Collection[int], body: Body) -> list[int]:
        """Return the places of rules whose conditions hold; blocks for a file.

        fitting: where the other conditions hold, of those that have some
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
