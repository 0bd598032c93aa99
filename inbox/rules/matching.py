"""Which rules fit what a client said: an index of all, and the conditions of each. Pure.

A thousand rules that do not fit cost little: exact values are looked up, and the other
patterns of a stage are one set for RE2, which goes through a text once for all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import re2

from inbox.errors import Invalid
from inbox.rules.message_conditions import MessageConditions
from inbox.rules.rule_fields import STAGES, TEXT_CONDITIONS
from inbox.rules.text_patterns import TextPattern, options
from mailsink.ports import Consult, Stage
from mailsink.wildcards import fold

log = logging.getLogger(__name__)

_SET_MEMORY = 64 << 20  # octets for the patterns of a stage
_MOST_RECIPIENTS = 100  # that are looked at behind RCPT
_LONGEST_NAME = 512  # characters of a name or an address that are looked at
NO_COMMAND = ("connect", "body")
NUMBERS = ("session", "attempt")  # conditions of inbox.rules.ordinals


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a rule, ready to be tried."""

    rule: Any  # what is found: a model instance, or anything in tests
    texts: dict[str, TextPattern]
    network: IPv4Network | IPv6Network | None
    message: MessageConditions | None  # tried by who can wait for the octets
    numbers: dict[str, int]  # of a session or an attempt; likewise for the database
    errors: bool | None  # whether the message has some; likewise for its judge
    rest: dict[str, Any]

    @classmethod
    def of(cls, rule: Any) -> Conditions:
        """Take a rule's stored conditions."""
        given = dict(rule.conditions)
        network = given.pop("client", None)
        texts = {
            name: TextPattern(given.pop(name))
            for name in TEXT_CONDITIONS
            if name in given
        }
        asked = "header" in given or "body" in given
        message = MessageConditions(given) if asked else None
        numbers = {name: given.pop(name) for name in NUMBERS if name in given}
        within = ip_network(network) if network else None
        errors = given.pop("errors", None)
        return cls(rule, texts, within, message, numbers, errors, given)

    def hold(self, consult: Consult) -> bool:
        """Whether all of them hold, but for those that have to be waited for."""
        facts = consult.facts
        if self.rule.stage == "any" and _is_asked_twice(consult):
            return False
        if _is_handshake(consult) and "tls_failure" not in self.rule.actions:
            return False
        if self.network is not None and not _within(
            str(facts.get("client_address", "")), self.network
        ):
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
    """Whether the command is asked about at another stage too: the first BDAT as DATA is."""
    return consult.stage == "data" and consult.facts.get("verb") == "BDAT"


def _is_handshake(consult: Consult) -> bool:
    """Whether TLS begins before any command: no reply can be given then."""
    return consult.stage == "starttls" and "verb" not in consult.facts


def values(consult: Consult, name: str) -> Sequence[str]:
    """Return the texts that a condition is about; many recipients behind RCPT."""
    facts = consult.facts
    if name == "forward_path" and consult.stage != "rcpt":
        paths = consult.recipients[:_MOST_RECIPIENTS]
        return [each[:_LONGEST_NAME] for each in paths]
    if name == "helo" and consult.stage == "helo":
        name = "argument"
    found = facts.get(name)
    return () if found is None else (str(found)[:_LONGEST_NAME],)


def _size(consult: Consult) -> int:
    """Return the size of the message as far as it is known: MAIL may declare it."""
    facts = consult.facts
    if "size" in facts:
        return int(facts["size"])
    for each in str(facts.get("parameters", "")).split():
        name, _, value = each.partition("=")
        if name.upper() == "SIZE" and value.isascii() and value.isdigit():
            return int(value[:20])
    return 0


def _within(address: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(address) in network
    except ValueError:
        return False


@dataclass(slots=True)
class _StageIndex:
    """The rules of one stage, found by one of their conditions each."""

    always: list[int] = field(default_factory=list)
    exact: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    found_by: dict[str, list[int]] = field(
        default_factory=dict
    )  # by field, for its set
    sets: dict[str, Any] = field(default_factory=dict)

    def add(self, place: int, conditions: Conditions) -> None:
        for name, pattern in conditions.texts.items():
            if pattern.exact:
                known = self.exact.setdefault(name, {})
                known.setdefault(pattern.exact, []).append(place)
                return
        for name, pattern in conditions.texts.items():
            if pattern.expression:
                if name not in self.sets:
                    self.sets[name] = re2.Set.SearchSet(options(_SET_MEMORY))
                self.sets[name].Add(pattern.expression)
                self.found_by.setdefault(name, []).append(place)
                return
        self.always.append(place)

    def complete(self) -> None:
        for each in self.sets.values():
            each.Compile()

    def places(self, consult: Consult) -> list[int]:
        """Return the places of rules that may fit, in order."""
        found = set(self.always)
        for name, known in self.exact.items():
            for text in values(consult, name):
                found.update(known.get(fold(text), ()))
        for name, patterns in self.sets.items():
            for text in values(consult, name):
                places = self.found_by[name]
                found.update(places[at] for at in patterns.Match(text) or ())
        return sorted(found)


def _readable(rules: Iterable[Any]) -> Iterator[Conditions]:
    """Yield the conditions of rules; one that cannot be read does not act."""
    for each in rules:
        try:
            yield Conditions.of(each)
        except Invalid as error:  # it was stored by another version
            log.error("rule %s cannot be read: %s", each.pk, error)


class RuleIndex:
    """All rules of an inbox that are on, in order."""

    def __init__(self, rules: Iterable[Any]) -> None:
        """rules: with stage and conditions, as inbox.models.Rule has them."""
        self._conditions = list(_readable(rules))
        self._stages: dict[Stage, _StageIndex] = {}
        for place, each in enumerate(self._conditions):
            wanted = each.rule.stage
            for stage in STAGES:
                if stage == wanted or (wanted == "any" and stage not in NO_COMMAND):
                    index = self._stages.setdefault(stage, _StageIndex())
                    index.add(place, each)
        for index in self._stages.values():
            index.complete()

    @property
    def stages(self) -> frozenset[Stage]:
        """The stages at which some rule may have a say."""
        return frozenset(self._stages)

    def fitting(self, consult: Consult) -> list[Conditions]:
        """Return the rules whose conditions hold, those about the message not tried yet."""
        index = self._stages.get(consult.stage)
        if index is None:
            return []
        candidates = (self._conditions[place] for place in index.places(consult))
        return [each for each in candidates if each.hold(consult)]
