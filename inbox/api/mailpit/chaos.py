"""Mailpit's Chaos, as three rules: it refuses senders, recipients and logins at random."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

from inbox.api.plain_answers import GoObject, PlainError, body, go_json
from inbox.api.v3.common import scope
from inbox.models import Rule
from inbox.models.inbox import DEFAULT_SLUG
from inbox.rules import rulebook
from inbox.serializers import Shape

SCENARIO = "mailpit-chaos"


class ChaosTrigger(NamedTuple):
    """A kind of refusal: the stage of its rule, its usual code and words."""

    stage: str
    code: int
    words: str


_TRIGGERS = {
    "Sender": ChaosTrigger("mail", 451, "Chaos sender error"),
    "Recipient": ChaosTrigger("rcpt", 451, "Chaos recipient error"),
    "Authentication": ChaosTrigger("auth", 535, "Chaos authentication error"),
}


def find(request: HttpRequest) -> HttpResponse:
    """Answer with the triggers, from the current rules."""
    return go_json(_shape())


def put(request: HttpRequest) -> HttpResponse:
    """Replace the triggers; an omitted one is off, with its usual code."""
    asked = body(request)
    rules = [_rule(name, asked.struct(name)) for name in _TRIGGERS]
    rulebook.put_scenario(scope(), DEFAULT_SLUG, rules, SCENARIO)
    return go_json(_shape())


def _shape() -> Shape:
    rules = rulebook.find(scope(), DEFAULT_SLUG)
    by_stage = {each.stage: each for each in rules if each.scenario == SCENARIO}
    return {
        name: _trigger(usual, by_stage.get(usual.stage))
        for name, usual in _TRIGGERS.items()
    }


def _trigger(usual: ChaosTrigger, rule: Rule | None) -> Shape:
    if rule is None:
        return {"ErrorCode": usual.code, "Probability": 0}
    # A user may have changed it since, like any other rule.
    chance = float(rule.limits.get("probability", 1)) if rule.is_on else 0
    code = rule.actions.get("code", usual.code)
    return {"ErrorCode": code, "Probability": round(100 * chance)}


def _rule(name: str, asked: GoObject) -> dict[str, Any]:
    usual = _TRIGGERS[name]
    code = asked.whole("ErrorCode") if asked else usual.code
    percent = asked.whole("Probability")
    if not 400 <= code <= 599:
        raise PlainError("error code must be between 400 and 599")
    if not 0 <= percent <= 100:
        raise PlainError("probability must be between 0 and 100")
    return {
        "name": "Chaos",
        "scenario": SCENARIO,
        "stage": usual.stage,
        "is_on": percent > 0,
        "actions": {"code": code, "enhanced": "", "text": [usual.words]},
        "limits": {"probability": percent / 100 or 1},
    }
