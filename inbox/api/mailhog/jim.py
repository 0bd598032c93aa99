"""MailHog's monkey Jim, as seven rules: it refuses, disconnects and slows down at random."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from inbox.api.mailhog.messages import empty
from inbox.api.plain_answers import GoObject, PlainError, body, go_json
from inbox.api.v3.common import scope
from inbox.errors import Conflict
from inbox.models import Rule
from inbox.models.inbox import DEFAULT_SLUG
from inbox.rules import rulebook
from inbox.serializers import Shape

SCENARIO = "mailhog-jim"
_CHANCES = (
    "DisconnectChance", "AcceptChance", "LinkSpeedAffect",
    "RejectSenderChance", "RejectRecipientChance", "RejectAuthChance",
)  # fmt: skip
_SPEEDS = ("LinkSpeedMin", "LinkSpeedMax")  # octets a second
_FASTEST = 10**6
_REFUSALS = {
    "RejectSenderChance": ("mail", 550, "Invalid sender"),
    "RejectRecipientChance": ("rcpt", 550, "Invalid recipient"),
    "RejectAuthChance": ("auth", 500, "Unrecognised command"),
}


def find(request: HttpRequest) -> HttpResponse:
    """Answer with Jim; 404 if it is absent."""
    return go_json(_shape(_here()))


def invite(request: HttpRequest) -> HttpResponse:
    """Add Jim, as described by the body; 400 if it is present already."""
    try:
        asked = body(request)
    except PlainError:
        asked = GoObject({})  # MailHog accepts a body that is not JSON
    try:
        rulebook.add_all(scope(), DEFAULT_SLUG, _rules(asked), scenario=SCENARIO)
    except Conflict:
        raise PlainError("") from None
    return empty(201)


def change(request: HttpRequest) -> HttpResponse:
    """Replace Jim's settings; 404 if it is absent."""
    _here()
    rules = _rules(body(request))
    rulebook.put_scenario(scope(), DEFAULT_SLUG, rules, SCENARIO)
    return empty()


def dismiss(request: HttpRequest) -> HttpResponse:
    """Remove Jim; 404 if it is absent."""
    _here()
    rulebook.delete_scenario(scope(), DEFAULT_SLUG, SCENARIO)
    return empty()


def _here() -> dict[str, Rule]:
    """Return Jim's rules by their names. Raises PlainError if there are none."""
    found = {
        each.name.removeprefix("Jim: "): each
        for each in rulebook.find(scope(), DEFAULT_SLUG)
        if each.scenario == SCENARIO
    }
    if not found:
        raise PlainError("", 404)
    return found


def _rules(asked: GoObject) -> list[dict[str, Any]]:
    """Return the rules. Omitted values are 0, so that no connection is accepted."""
    chance = {name: _chance(asked, name) for name in _CHANCES}
    # each of the two speeds has half of the chance
    slow = chance["LinkSpeedAffect"] / 2
    refusals = [
        _rule(
            name, stage, chance[name], {"code": code, "enhanced": "", "text": [words]}
        )
        for name, (stage, code, words) in _REFUSALS.items()
    ]
    lost = {"close": "before"}
    return [
        _rule("AcceptChance", "connect", 1 - chance["AcceptChance"], lost),
        _rule("DisconnectChance", "any", chance["DisconnectChance"], lost),
        *refusals,
        _rule("LinkSpeedMin", "any", slow, _drip(asked, "LinkSpeedMin")),
        _rule("LinkSpeedMax", "any", slow / (1 - slow), _drip(asked, "LinkSpeedMax")),
    ]


def _rule(
    name: str, stage: str, chance: float, actions: dict[str, Any]
) -> dict[str, Any]:
    chance = round(chance, 6)
    return {
        "name": f"Jim: {name}",
        "scenario": SCENARIO,
        "stage": stage,
        "is_on": chance > 0,
        "actions": actions,
        "limits": {"probability": chance or 1},
    }


def _chance(asked: GoObject, name: str) -> float:
    return min(max(asked.decimal(name), 0), 1)


def _drip(asked: GoObject, name: str) -> dict[str, int]:
    return {"drip": min(max(round(asked.decimal(name)), 1), _FASTEST)}


def _shape(rules: dict[str, Rule]) -> Shape:
    """Return Jim's settings from the rules, which users may have changed since."""
    chances = {
        name: float(rule.limits.get("probability", 1)) if rule.is_on else 0.0
        for name, rule in rules.items()
    }
    chances["AcceptChance"] = 1 - chances.get("AcceptChance", 0)
    chances["LinkSpeedAffect"] = 2 * chances.get("LinkSpeedMin", 0)
    shape: Shape = {name: round(chances.get(name, 0), 6) for name in _CHANCES}
    for name in _SPEEDS:
        rule = rules.get(name)
        shape[name] = float(rule.actions.get("drip", 0)) if rule else 0.0
    return shape
