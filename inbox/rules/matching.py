"""Finds the rules that fit a client's line: an index of all, the conditions of each. Pure.

A thousand rules that do not fit cost little: the index of a stage finds each rule by
one of its conditions.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

from inbox.errors import Invalid
from inbox.rules.message_conditions import MessageConditions
from inbox.rules.message_index import MessageIndex
from inbox.rules.pattern_index import NetworkIndex, PatternIndex
from inbox.rules.rule_fields import STAGES, TEXT_CONDITIONS
from inbox.rules.text_patterns import TextPattern
from mailsink.ports import Consult, Stage
from mailsink.wildcards import fold

log = logging.getLogger(__name__)

_MOST_RECIPIENTS = 100  # recipients that are checked after RCPT
_LONGEST_NAME = 512  # checked characters of a name or an address
NO_COMMAND = ("connect", "body")
NUMBERS = ("session", "attempt")  # conditions of inbox.rules.ordinals


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a rule, prepared for checks."""

    rule: Any  # the result: a model instance, or anything in tests
    place: int  # in the order of the rules
    texts: dict[str, TextPattern]
    network: IPv4Network | IPv6Network | None
    message: MessageConditions | None  # checked by code that can wait for the octets
    numbers: dict[str, int]  # of a session or an attempt; likewise need the database
    errors: bool | None  # whether the message has errors; likewise needs its judge
    rest: dict[str, Any]
    unconditional: bool  # apart from conditions about the message, or that need waiting

    @classmethod
    def of(cls, rule: Any, place: int = 0) -> Conditions:
        """Take a rule's stored conditions. Raises Invalid."""
        given = dict(rule.conditions)
        network = given.pop("client", None)
        texts = {
            name: TextPattern(given.pop(name))
            for name in TEXT_CONDITIONS
            if name in given
        }
        asked = "header" in given or "body" in given
        message = MessageConditions(given) if asked else None
        for name in ("header", "header_value", "body"):
            given.pop(name, None)
        numbers = {name: given.pop(name) for name in NUMBERS if name in given}
        within = ip_network(network) if network else None
        errors = given.pop("errors", None)
        free = not (texts or network or given) and rule.stage == "body"
        return cls(rule, place, texts, within, message, numbers, errors, given, free)

    def hold(self, consult: Consult) -> bool:
        """Whether all conditions hold, except those that need waiting."""
        facts = consult.facts
        if self.rule.stage == "any" and _is_asked_twice(consult):
            return False
        if _is_handshake(consult) and "tls_failure" not in self.rule.actions:
            return False
        if self.network is not None:
            address = client_ip(str(facts.get("client_address", "")))
            if address is None or address not in self.network:
                return False
        if not all(
            any(pattern.fits(each) for each in values(consult, name))
            for name, pattern in self.texts.items()
        ):
            return False
        rest = self.rest
        if "tls" in rest and rest["tls"] != ("tls" in facts):
            return False
        if "size_over" in rest and _size(consult) <= rest["size_over"]:
            return False
        return all(
            rest[name] == facts.get(name)
            for name in ("transaction", "verb")
            if name in rest
        )


def _is_asked_twice(consult: Consult) -> bool:
    """Whether rules are consulted at another stage, too: the first BDAT counts as DATA."""
    return consult.stage == "data" and consult.facts.get("verb") == "BDAT"


def _is_handshake(consult: Consult) -> bool:
    """Whether TLS begins before any command: no reply is possible then."""
    return consult.stage == "starttls" and "verb" not in consult.facts


def values(consult: Consult, name: str) -> Sequence[str]:
    """Return the texts that a condition is about; after RCPT there may be many recipients."""
    facts = consult.facts
    if name == "forward_path" and consult.stage != "rcpt":
        paths = consult.recipients[:_MOST_RECIPIENTS]
        return [each[:_LONGEST_NAME] for each in paths]
    if name == "helo" and consult.stage == "helo":
        name = "argument"
    found = facts.get(name)
    return () if found is None else (str(found)[:_LONGEST_NAME],)


def octets(consult: Consult, names: Iterable[str]) -> int:
    """Return the total length of the texts that some conditions are about."""
    return sum(len(each) for name in names for each in values(consult, name))


def _size(consult: Consult) -> int:
    """Return the size of the message, as far as known: MAIL may declare it."""
    facts = consult.facts
    if "size" in facts:
        return int(facts["size"])
    for each in str(facts.get("parameters", "")).split():
        name, _, value = each.partition("=")
        if name.upper() == "SIZE" and value.isascii() and value.isdigit():
            return int(value[:20])
    return 0


@lru_cache(maxsize=1024)
def client_ip(address: str) -> IPv4Address | IPv6Address | None:
    """Return an IP address; None if it is none, such as for a client that left at once."""
    try:
        return ip_address(address)
    except ValueError:
        return None


class _StageIndex:
    """The rules of one stage, each found by one of its conditions."""

    __slots__ = ("_always", "_networks", "_patterns", "_steps", "message")

    def __init__(self) -> None:
        self._always: list[int] = []
        self._patterns: dict[str, PatternIndex] = {}
        self._networks = NetworkIndex()
        self._steps = 0  # for all patterns at each character
        self.message: MessageIndex | None = None

    def add(self, place: int, conditions: Conditions) -> None:
        """Add a rule, with its place."""
        self._steps += sum(each.steps for each in conditions.texts.values())
        if conditions.message is not None:
            self.message = self.message or MessageIndex()
            self.message.add(place, conditions.message, conditions.unconditional)
            if conditions.unconditional:
                return
        if self._added_by_text(place, conditions):
            return
        if conditions.network is not None:
            self._networks.add(conditions.network, place)
        elif verb := conditions.rest.get("verb"):
            self._pattern("verb").add_exact(fold(verb), place)
        else:
            self._always.append(place)

    def _added_by_text(self, place: int, conditions: Conditions) -> bool:
        for name, pattern in conditions.texts.items():
            if pattern.exact:
                self._pattern(name).add_exact(pattern.exact, place)
                return True
        for name, pattern in conditions.texts.items():
            if pattern.expression:
                index = self._pattern(name)
                index.add(pattern.expression, pattern.size, place)
                return True
        return False

    def _pattern(self, name: str) -> PatternIndex:
        return self._patterns.setdefault(name, PatternIndex())

    def complete(self) -> None:
        """Prepare all sets."""
        for each in self._patterns.values():
            each.complete()
        if self.message is not None:
            self.message.complete()

    def cost(self, consult: Consult) -> int:
        """Return the approximate number of steps to find the rules that fit."""
        found = 0
        if self._steps:
            found = self._steps * octets(consult, TEXT_CONDITIONS)
        if self.message is not None and consult.body is not None:
            found += self.message.cost(consult.body)
        return found

    def places(self, consult: Consult) -> set[int]:
        """Return the places of the rules that may fit."""
        found = set(self._always)
        for name, known in self._patterns.items():
            for text in values(consult, name):
                found.update(known.places(text))
        address = client_ip(str(consult.facts.get("client_address", "")))
        found.update(self._networks.places(address))
        return found


def _stages_asked(stage: Stage) -> tuple[Stage, ...]:
    """Return the stages whose rules apply at a stage."""
    return (stage,) if stage in (*NO_COMMAND, "any") else (stage, "any")


def _readable(rules: Iterable[Any]) -> Iterator[Conditions]:
    """Yield the conditions of rules; unreadable rules do not act."""
    place = 0
    for each in rules:
        try:
            yield Conditions.of(each, place)
            place += 1
        except Invalid as error:  # stored by another version
            log.error("rule %s cannot be read: %s", each.pk, error)


class RuleIndex:
    """All active rules of an inbox, in order.

    The rules for any stage have one index, which all stages use: one for each stage
    would take a dozen times the memory.
    """

    def __init__(self, rules: Iterable[Any]) -> None:
        """rules: with stage and conditions, in the form of inbox.models.Rule"""
        self._conditions = list(_readable(rules))
        indexes: dict[Stage, _StageIndex] = {}
        for place, each in enumerate(self._conditions):
            indexes.setdefault(each.rule.stage, _StageIndex()).add(place, each)
        for index in indexes.values():
            index.complete()
        self._asked: dict[Stage, list[_StageIndex]] = {
            stage: found
            for stage in STAGES
            if (
                found := [
                    indexes[each] for each in _stages_asked(stage) if each in indexes
                ]
            )
        }

    @property
    def stages(self) -> frozenset[Stage]:
        """The stages at which some rule can apply."""
        return frozenset(self._asked)

    def cost(self, consult: Consult) -> int:
        """Return the approximate number of RE2 steps to find the rules that fit."""
        return sum(each.cost(consult) for each in self._indexes_at(consult.stage))

    def _indexes_at(self, stage: Stage) -> Sequence[_StageIndex]:
        return self._asked.get(stage, ())

    def fitting(self, consult: Consult) -> list[Conditions]:
        """Return the rules whose conditions hold so far.

        Conditions about the message are not checked yet; rules with such conditions
        only are left out.
        """
        indexes = self._indexes_at(consult.stage)
        places = sorted(place for each in indexes for place in each.places(consult))
        candidates = (self._conditions[place] for place in places)
        return [each for each in candidates if each.hold(consult)]

    def asks_about_message(self, stage: Stage) -> bool:
        """Whether rules of a stage ask about the message, so that `of_message` decides."""
        return any(each.message is not None for each in self._indexes_at(stage))

    def of_message(
        self, fitting: Sequence[Conditions], consult: Consult
    ) -> list[Conditions]:
        """Return the rules that fit the message, too. Blocks if the message is in a file."""
        found = {each.place for each in fitting if each.message is None}
        asking = {each.place for each in fitting if each.message is not None}
        for index in self._indexes_at(consult.stage):
            if index.message is not None and consult.body is not None:
                found.update(index.message.holding(asking, consult.body))
        return [self._conditions[place] for place in sorted(found)]
