"""The stages, conditions, actions and limits that a rule can have, with a check for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from django.utils.translation import gettext as _

from inbox.errors import Invalid, InvalidMember
from inbox.rules.address_words import EXTENSIONS, LONGEST_DELAY
from inbox.rules.text_patterns import (
    TextPattern,
    anywhere,
    steps_at_a_name,
    steps_in_a_body,
)
from mailsink.ports import Stage

STAGES: tuple[Stage, ...] = (
    "connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "bdat", "body",
    "rset", "vrfy", "etrn", "quit", "any",
)  # fmt: skip
PER = ("", "client", "sender", "recipient", "session", "triplet")
CLOSES = ("", "before", "half", "after")
TLS_FAILURES = ("", "wrong_name", "expired", "no_cipher")
TEXT_CONDITIONS = ("helo", "user", "reverse_path", "forward_path")
_MOST_LINES = 20
_LONGEST_LINE = 450  # characters of a reply, leaving room for its code and link
_WEEK = 7 * 24 * 3600
FASTEST = 1000  # the fastest speed of a rule's waits
_ENHANCED = re.compile(r"([245])\.[0-9]{1,3}\.[0-9]{1,3}")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,100}")
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

Fields = dict[str, Any]


def stage(value: str) -> str:
    """Return a stage. Raises Invalid."""
    return _one_of(STAGES, "stage")(value)


def conditions(given: Mapping[str, Any]) -> Fields:
    """Return conditions in their stored form; those without a value are left out."""
    checked = _checked("conditions", given)
    if ("header" in checked) != ("header_value" in checked):
        missing = "header" if "header_value" in checked else "header_value"
        raise InvalidMember(
            f"conditions.{missing}",
            _("a header condition has a field name and a pattern"),
        )
    return checked


def actions(given: Mapping[str, Any]) -> Fields:
    """Return actions in their stored form. Raises Invalid."""
    checked = _checked("actions", given)
    if not checked:
        raise Invalid(_("a rule needs an action"))
    code, enhanced = checked.get("code"), checked.get("enhanced")
    if code is None and ("text" in checked or enhanced is not None):
        raise InvalidMember("actions.code", _("a reply needs a code"))
    if enhanced and int(enhanced[0]) != (code or 0) // 100:
        raise InvalidMember(
            "actions.enhanced",
            _("the enhanced code must begin with the same digit as the code"),
        )
    if checked.get("discard") and (code or 0) >= 400:
        raise InvalidMember(
            "actions.discard", _("a message is refused or discarded: not both")
        )
    if checked.get("reset") and not checked.get("close"):
        raise InvalidMember(
            "actions.close",
            _("say when the connection is reset: before, half or after"),
        )
    return checked


def limits(given: Mapping[str, Any]) -> Fields:
    """Return limits in their stored form. Raises Invalid."""
    checked = _checked("limits", given)
    if ("rate" in checked) and "seconds" not in checked:
        checked["seconds"] = 60
    if ("from_time" in checked) != ("until_time" in checked):
        missing = "from_time" if "until_time" in checked else "until_time"
        raise InvalidMember(
            f"limits.{missing}", _("a time of day needs a beginning and an end")
        )
    return checked


def speed(value: Any) -> int:
    """Return the speed of a rule's waits, 1 being normal. Raises Invalid."""
    return int(_LIMITS["speed"](value))


def members(group: str) -> tuple[str, ...]:
    """Return the names of the members of "conditions", "actions" or "limits"."""
    return tuple(_CHECKS[group])


def check_member(group: str, name: str, value: Any) -> None:
    """Raise Invalid if a member cannot have this value."""
    if value not in _NOTHING.get(name, _LEFT_OUT):
        _CHECKS[group][name](value)


def _checked(group: str, given: Mapping[str, Any]) -> Fields:
    checks = _CHECKS[group]
    if unknown := given.keys() - checks.keys():
        name = min(unknown)[:40]
        words = _('there is no member "%(name)s"') % {"name": name}
        raise InvalidMember(f"{group}.{name}", words)
    return {
        name: _check(f"{group}.{name}", check, given[name])
        for name, check in checks.items()
        if given.get(name) not in _NOTHING.get(name, _LEFT_OUT)
    }


def _check(member: str, check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except Invalid as error:
        raise InvalidMember(member, str(error)) from None


# Values without meaning, which are not stored; an empty enhanced code means that none
# is sent. A limit of 0 has a meaning that no rule implements: leaving it out would mean
# the opposite.
_LEFT_OUT: tuple[Any, ...] = (None, "", [], 0, False)
_LIMITING = ("first", "every", "probability", "rate", "seconds", "lasts")
_NOTHING: dict[str, tuple[Any, ...]] = {
    "tls": (None, ""),
    "errors": (None, ""),
    "enhanced": (None,),
    **dict.fromkeys(_LIMITING, (None, "")),
    "speed": (None, "", 1),
}


def _pattern(text: str) -> str:
    TextPattern(text)
    return text


def steps(conditions: Mapping[str, Any]) -> int:
    """Return the steps of a rule's patterns at each character, in total."""
    names = (*TEXT_CONDITIONS, "header_value")
    given = (conditions[each] for each in names if each in conditions)
    body = conditions.get("body")
    return sum(map(steps_at_a_name, given)) + (steps_in_a_body(body) if body else 0)


def _pattern_anywhere(text: str) -> str:
    anywhere(text)
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        raise Invalid(
            _('"%(text)s" is not an address or a network') % {"text": text[:60]}
        ) from None


def _number(name: str, least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, int) and least <= value <= most:
            return value
        raise Invalid(
            _("%(name)s is a number from %(least)s to %(most)s")
            % {"name": name, "least": least, "most": most}
        )

    return check


def _one_of(values: tuple[str, ...], name: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value in values:
            return str(value)
        listed = ", ".join(each for each in values if each)
        raise Invalid(_("%(name)s is one of %(values)s") % {"name": name, "values": listed})  # fmt: skip

    return check


def _matching(pattern: re.Pattern[str], words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise Invalid(_('"%(value)s" is not a valid %(what)s') % {"value": str(value)[:60], "what": words})  # fmt: skip

    return check


def _code(value: Any) -> int:
    code = _number("code", 200, 559)(value)
    if code // 10 % 10 > 5:
        raise Invalid(
            _("%(code)s is not a reply code (RFC 5321 §4.2)") % {"code": code}
        )
    return code


def _enhanced(value: str) -> str:
    return _matching(_ENHANCED, _("enhanced code"))(value) if value else ""


def _lines(given: list[str]) -> list[str]:
    lines = [each.strip() for each in given]
    if len(lines) > _MOST_LINES or not all(
        len(each) <= _LONGEST_LINE and each.isascii() and (not each or each.isprintable())
        for each in lines
    ):  # fmt: skip
        raise Invalid(
            _("a reply has at most %(lines)s lines of %(most)s characters in ASCII")
            % {"lines": _MOST_LINES, "most": _LONGEST_LINE}
        )
    return lines


def _extensions(given: list[str]) -> list[str]:
    check = _one_of(EXTENSIONS, "without")
    return list(dict.fromkeys(check(each.strip().upper()) for each in given))


def _tags(given: list[str]) -> list[str]:
    tags = list(dict.fromkeys(each.strip() for each in given))
    if len(tags) > 10 or not all(
        0 < len(each) <= 64 and each.isprintable() for each in tags
    ):
        raise Invalid(_("a rule gives at most 10 tags of 1 to 64 characters"))
    return tags


def _probability(value: Any) -> float:
    if isinstance(value, int | float) and 0 < value <= 1:
        return float(value)
    raise Invalid(_("a probability is above 0, and at most 1"))


def _seed(value: str) -> str:
    if len(value) <= 100:
        return value
    raise Invalid(_("a seed has at most 100 characters"))


_CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "client": _network,
    **dict.fromkeys(TEXT_CONDITIONS, _pattern),
    "header": _matching(_FIELD_NAME, "field name"),
    "header_value": _pattern,
    "body": _pattern_anywhere,
    "size_over": _number("size_over", 1, 2**53),
    "tls": bool,
    "errors": bool,
    "transaction": _number("transaction", 1, 10**6),
    "session": _number("session", 1, 10**6),
    "attempt": _number("attempt", 1, 10**6),
    "verb": _matching(re.compile(r"[A-Z]{1,16}"), "verb"),
}
_ACTIONS: dict[str, Callable[[Any], Any]] = {
    "code": _code,
    "enhanced": _enhanced,
    "text": _lines,
    "delay_ms": _number("delay_ms", 1, int(LONGEST_DELAY * 1000)),
    "drip": _number("drip", 1, 10**6),
    "stall": bool,
    "close": _one_of(CLOSES, "close"),
    "reset": bool,
    "keep": _number("keep", 1, 510),
    "garble": bool,
    "without": _extensions,
    "size": _number("size", 1, 2**53),
    "tls_failure": _one_of(TLS_FAILURES, "tls_failure"),
    "tags": _tags,
    "pin": bool,
    "inbox": _matching(_SLUG, "slug of an inbox"),
    "discard": bool,
}
_LIMITS: dict[str, Callable[[Any], Any]] = {
    "first": _number("first", 1, 10**9),
    "every": _number("every", 1, 10**9),
    "probability": _probability,
    "seed": _seed,
    "rate": _number("rate", 1, 10**9),
    "seconds": _number("seconds", 1, _WEEK),
    "lasts": _number("lasts", 1, _WEEK),
    "speed": _number("speed", 1, FASTEST),
    "per": _one_of(PER, "per"),
    "from_time": _matching(_TIME, "time of day"),
    "until_time": _matching(_TIME, "time of day"),
}
_CHECKS = {"conditions": _CONDITIONS, "actions": _ACTIONS, "limits": _LIMITS}
