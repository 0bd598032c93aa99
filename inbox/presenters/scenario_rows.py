"""Scenarios, for the page Rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox.explain.speeds import times
from inbox.rules.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """A scenario in the list."""

    name: str
    title: str  # in English, like the description
    description: str
    state: str  # "On", with its speed; "" if it is off


def row(scenario: Scenario, on: Mapping[str, int]) -> ScenarioRow:
    """Return a scenario as a row. on: the speeds of active ones, by name"""
    return ScenarioRow(
        name=scenario.name,
        title=scenario.title,
        description=scenario.description,
        state=_state(on.get(scenario.name)),
    )


def _state(speed: int | None) -> str:
    if speed is None:
        return ""
    if speed == 1:
        return _("On")
    return _("On, at speed %(times)s") % {"times": times(speed)}
