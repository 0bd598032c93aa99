"""The form of a rule: its values as they are typed, and as the rule takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.models import Rule
from inbox.rules import rule_fields

_TEXTS = {
    "conditions": ("client", "helo", "user", "reverse_path", "forward_path", "header", "header_value", "body", "verb"),
    "actions": ("close",),
    "limits": ("per", "seed", "from_time", "until_time"),
}  # fmt: skip
_NUMBERS = {
    "conditions": ("size_over", "transaction"),
    "actions": ("code", "delay_ms", "drip", "keep", "size"),
    "limits": ("first", "every", "rate", "seconds", "lasts", "speed"),
}
_SWITCHES = ("stall", "reset", "garble")
_LISTS = ("without", "tags")
_ALL = (
    *(name for names in (*_TEXTS.values(), *_NUMBERS.values()) for name in names),
    *_SWITCHES, *_LISTS, "name", "stage", "tls", "enhanced", "text", "probability", "max_hits", "minutes",
)  # fmt: skip

Given = dict[str, Any]


def new(stage: str, forward_path: str) -> Given:
    """Return the values of an empty form."""
    empty = dict.fromkeys(_ALL, "")
    return empty | {"stage": stage, "forward_path": forward_path}


def given(rule: Rule) -> Given:
    """Return the values of a rule, as its form shows them."""
    values = new(rule.stage, "") | {"name": rule.name, "max_hits": rule.max_hits or ""}
    values |= rule.conditions | rule.actions | rule.limits
    values["text"] = "\n".join(rule.actions.get("text", ()))
    values |= {name: ", ".join(rule.actions.get(name, ())) for name in _LISTS}
    if "tls" in rule.conditions:
        values["tls"] = "yes" if rule.conditions["tls"] else "no"
    if rule.actions.get("enhanced") == "":
        values["enhanced"] = "-"
    return values


def typed(post: Mapping[str, str]) -> Given:
    """Return what was typed, as the form shows it again."""
    return {name: post.get(name, "") for name in _ALL}


def fields(given: Given) -> Given:
    """Return what was typed as the fields of a rule. Raises Invalid."""
    groups: dict[str, Given] = {
        group: {name: given[name].strip() for name in _TEXTS[group]}
        | {name: _number(name, given[name]) for name in _NUMBERS[group]}
        for group in _TEXTS
    }
    conditions, actions, limits = (groups[each] for each in groups)
    conditions["verb"] = conditions["verb"].upper()
    conditions["tls"] = {"yes": True, "no": False}.get(given["tls"])
    actions |= {name: bool(given[name]) for name in _SWITCHES}
    actions |= {name: _listed(given[name]) for name in _LISTS}
    actions["text"] = given["text"].strip().splitlines()
    enhanced = given["enhanced"].strip()
    actions["enhanced"] = {"": None, "-": ""}.get(enhanced, enhanced)
    limits["probability"] = _probability(given["probability"])
    found = {
        **groups,
        "name": given["name"],
        "stage": given["stage"],
        "max_hits": _number("max_hits", given["max_hits"]),
    }
    minutes = _number("minutes", given["minutes"])
    return found if minutes is None else found | {"expires_in": minutes * 60 or None}


def speed(post: Mapping[str, str]) -> int:
    """Return the speed that was typed; 1 for none. Raises Invalid."""
    typed_speed = _number("speed", post.get("speed", ""))
    return 1 if typed_speed is None else rule_fields.speed(typed_speed)


def _number(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    raise Invalid(_('"%(text)s" is no whole number') % {"text": text[:40]})


def _probability(text: str) -> float | None:
    """Return a probability that was typed as a number up to 1, or in percent."""
    number = text.strip().removesuffix("%").strip()
    if not number:
        return None
    digits = number.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise Invalid(_("a probability is above 0, and at most 1"))
    return float(number) / (100 if "%" in text else 1)


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
