"""Shows a rule as a sentence, made from the phrases in field_table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from inbox.rules.field_table import (
    ACTIONS,
    BEGINNINGS,
    CONDITIONS,
    LIMITS,
    OWN,
    RuleField,
)
from inbox.rules.usual_replies import usual_reply

_PLACE = re.compile(r"%\((\w+)\)s")
_LONGEST_SHOWN = 120  # characters of a value


class SentencePart(NamedTuple):
    """A part of a sentence; strong: it is emphasised."""

    text: str
    strong: bool = False


def sentence(rule: Any, inbox: str = "") -> list[SentencePart]:
    """Return the effect of a rule, and its conditions.

    inbox: the slug, if the sentence names it. rule: with stage, conditions, actions,
    limits and max_hits, as stored.
    """
    beginning, said = _beginning(rule.stage, rule.conditions)
    parts = filled(beginning, rule.conditions)
    rest = [each for each in CONDITIONS if each.name != said]
    for each in _phrases(rest, rule.conditions):
        parts = linked(_("%(first)s and %(next)s"), parts, each)
    if inbox:
        named = [SentencePart(inbox, strong=True)]
        parts = linked(_("%(first)s in %(next)s"), parts, named)
    for each in (*_actions(rule), *_limits(rule)):
        parts = [*parts, SentencePart(", "), *each]
    if parts[-1].text.endswith("."):
        return parts
    return [*parts, SentencePart(".")]


def plain(parts: Sequence[SentencePart]) -> str:
    """Return a sentence as text."""
    return "".join(each.text for each in parts)


def condition(name: str, conditions: Mapping[str, Any]) -> list[SentencePart]:
    """Return one condition of a rule in words."""
    said = "header_value" if name == "header" else name
    return phrase(CONDITIONS, said, conditions)


def phrase(
    rows: Sequence[RuleField], name: str, values: Mapping[str, Any]
) -> list[SentencePart]:
    """Return one member in words, from its row."""
    found = [each for each in rows if each.name == name]
    return next(_phrases(found, values), [SentencePart(name)])


def deeds(rule: Any) -> list[SentencePart]:
    """Return the effect of a rule, without the sentence's beginning and limits."""
    found: list[SentencePart] = []
    for each in _actions(rule):
        found += [SentencePart(", "), *each] if found else each
    return found


def filled(phrase: str, values: Mapping[str, Any]) -> list[SentencePart]:
    """Return a phrase with its values filled in, and its *parts* emphasised."""
    found = []
    for at, piece in enumerate(phrase.split("*")):
        text = _PLACE.sub(lambda match: _shown(values.get(match[1], "")), piece)
        if text:
            found.append(SentencePart(text, strong=at % 2 == 1))
    return found


def _shown(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, float):
        value = f"{value * 100:g} %"
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _beginning(stage: str, conditions: Mapping[str, Any]) -> tuple[str, str]:
    """Return the beginning of a sentence, and the condition that it includes."""
    bare, matching, about = BEGINNINGS[stage]
    return (_(matching), about) if about in conditions else (_(bare), "")


def _phrases(
    fields: Sequence[RuleField], values: Mapping[str, Any]
) -> Iterator[list[SentencePart]]:
    for each in fields:
        if each.name not in values:
            continue
        value = values[each.name]
        chosen = (
            {True: "yes", False: "no"}.get(value) if each.kind == "yesno" else value
        )
        phrase = each.phrases.get(str(chosen), each.phrase)
        if phrase and value is not None:
            yield filled(_(phrase), values)


def _actions(rule: Any) -> Iterator[list[SentencePart]]:
    given: dict[str, Any] = rule.actions
    delay = given.get("delay_ms")
    if (code := given.get("code")) is None:
        yield from _phrases(ACTIONS, given)
        return
    usual = usual_reply(rule.stage, code)
    enhanced = given.get("enhanced", usual.enhanced)
    text = " / ".join(given.get("text") or usual.texts)
    values = {
        "reply": f"{code} {enhanced} {text}".replace("  ", " "),
        "delay_ms": delay,
    }
    if delay:
        yield filled(_("reply *%(reply)s* after *%(delay_ms)s ms*"), values)
    else:
        yield filled(_("reply *%(reply)s*"), values)
    rest = [each for each in ACTIONS if each.name != "delay_ms"]
    yield from _phrases(rest, given)


def _limits(rule: Any) -> Iterator[list[SentencePart]]:
    found: list[list[SentencePart]] = []
    for each in LIMITS:
        phrases = list(_phrases([each], rule.limits))
        if each.name == "first" and rule.limits.get("first") == 1:
            phrases = [filled(_("the *first* time"), {})]
        if each.name == "per" and found and phrases:  # the counted objects
            found[-1] = [*found[-1], SentencePart(" "), *phrases[0]]
        else:
            found += phrases
    yield from found
    yield from _phrases(OWN, {"max_hits": rule.max_hits})


def linked(
    phrase: str,
    first: Sequence[SentencePart],
    following: Sequence[SentencePart] = (),
) -> list[SentencePart]:
    """Return a phrase with parts in place of "first" and "next"."""
    parts: dict[str, Sequence[SentencePart]] = {"first": first, "next": following}
    found: list[SentencePart] = []
    for at, piece in enumerate(_PLACE.split(phrase)):
        found += parts[piece] if at % 2 else [SentencePart(piece)] if piece else []
    return found
