"""Scenarios: named sets of rules, stored as data, which are switched on and off together."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from inbox.errors import NotFound
from inbox.mailbox.scope import Scope
from inbox.models import Rule
from inbox.providers.provider_replies import provider_replies
from inbox.rules import rule_fields, rulebook
from inbox.rules.rule_limits import now
from inbox.rules.scenario_words import SCENARIO_WORDS

_FILE = Path(__file__).with_name("scenarios.toml")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named set of rules."""

    name: str
    title: str  # in English, like the description
    description: str
    rules: tuple[dict[str, Any], ...]  # fields for rulebook.add
    of_provider: bool = False  # whether its replies are those of a provider


@lru_cache(maxsize=1)
def scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios."""
    with _FILE.open("rb") as octets:
        found = tomllib.load(octets)
    return tuple(_scenario(name, each) for name, each in found.items())


def scenario(name: str) -> Scenario:
    """Return one scenario. Raises NotFound."""
    for each in scenarios():
        if each.name == name:
            return each
    raise NotFound(_('there is no scenario "%(name)s"') % {"name": name[:40]})


def switched_on(scope: Scope, slug: str) -> dict[str, int]:
    """Return the active (not expired) scenarios of an inbox, with their speeds.

    Raises NotFound.
    """
    at = now()
    return {
        each.scenario: each.limits.get("speed", 1)
        for each in rulebook.find(scope, slug)
        if each.scenario and (each.expires_at is None or each.expires_at > at)
    }


def rules_of(scope: Scope, slug: str, name: str) -> list[Rule]:
    """Return the rules of a scenario in an inbox; none if it is off. Raises NotFound."""
    wanted = scenario(name).name
    return [each for each in rulebook.find(scope, slug) if each.scenario == wanted]


def switch_on(scope: Scope, slug: str, name: str, speed: int = 1) -> list[Rule]:
    """Add the rules of a scenario after the others.

    speed: the factor for its waits, and for its expiry. Raises NotFound, Conflict,
    Invalid.
    """
    wanted = scenario(name)
    faster = rule_fields.speed(speed)
    rules = [_at(faster, each) for each in wanted.rules]
    return rulebook.add_all(scope, slug, rules, scenario=name)


def switch_off(scope: Scope, slug: str, name: str) -> None:
    """Remove the rules of a scenario. Raises NotFound."""
    rulebook.delete_scenario(scope, slug, scenario(name).name)


def _at(speed: int, fields: dict[str, Any]) -> dict[str, Any]:
    """Return a rule of a scenario for a speed. Raises Invalid."""
    if speed == 1:
        return fields
    faster = {**fields, "limits": {**fields.get("limits", {}), "speed": speed}}
    if fields["expires_in"]:
        faster["expires_in"] = max(1, round(fields["expires_in"] / speed))
    return faster


def _scenario(name: str, given: dict[str, Any]) -> Scenario:
    title, description = SCENARIO_WORDS[name]
    same = {
        "name": title,
        "scenario": name,
        "expires_in": given.get("expires_in"),
    }
    rules = tuple({**same, **_fields(each)} for each in given["rules"])
    of_provider = any("reply" in each for each in given["rules"])
    return Scenario(name, title, description, rules, of_provider)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Return a rule with the reply of a provider as its actions."""
    if "reply" not in given:
        return given
    reply = next(each for each in provider_replies() if each.id == given["reply"])
    actions = {
        "code": reply.code,
        "enhanced": reply.enhanced,
        "text": [reply.said],
    }
    rest = {name: each for name, each in given.items() if name != "reply"}
    return {**rest, "actions": actions}
