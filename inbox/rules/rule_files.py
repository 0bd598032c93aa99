"""Export and import of an inbox's rules: an import takes all rules of a file, or none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from inbox.errors import Invalid, InvalidMember, UserError
from inbox.mailbox.scope import Scope
from inbox.models import Rule
from inbox.rules import rule_fields, rule_texts, rulebook
from inbox.rules.field_table import TABLE, Kind

Format = Literal["json", "yaml"]
WRITERS: dict[str, Callable[[Any], str]] = {
    "json": rule_texts.as_json,
    "yaml": rule_texts.as_yaml,
}
_VERSION = 1
# For the patterns of a file: checking those of 2,000 rules may take a minute.
_MOST_STEPS = 2 * rulebook.MOST_STEPS
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # an expired rule stays expired
_SCENARIO = re.compile(r"[A-Za-z0-9-]{0,32}")
_HEAD = "mailsink_rules"
_MEMBERS = ("name", "stage", "on", "scenario", *TABLE, "max_hits", "expires_at")
_KINDS: dict[Kind, tuple[type, ...]] = {
    "text": (str,), "choice": (str,), "number": (int,), "percent": (int, float),
    "switch": (bool,), "yesno": (bool,), "list": (list,), "lines": (list,),
}  # fmt: skip


def export(scope: Scope, slug: str, form: Format) -> str:
    """Return the rules of an inbox as text. Raises NotFound."""
    rules = [_written(each) for each in rulebook.find(scope, slug)]
    return WRITERS[form]({_HEAD: _VERSION, "rules": rules})


def _written(rule: Rule) -> dict[str, Any]:
    """Return a rule in the form of a file; empty values are left out."""
    expires = rule.expires_at
    found = {
        "name": rule.name,
        "stage": rule.stage,
        "on": None if rule.is_on else False,
        "scenario": rule.scenario,
        "conditions": rule.conditions,
        "actions": rule.actions,
        "limits": rule.limits,
        "max_hits": rule.max_hits,
        "expires_at": expires and expires.astimezone(UTC).isoformat(),
    }
    left_out: tuple[Any, ...] = (None, "", {})
    return {name: each for name, each in found.items() if each not in left_out}


def take(scope: Scope, slug: str, octets: bytes, instead: bool = False) -> list[Rule]:
    """Add the rules of a file after the others, or instead of them; all or none.

    Raises NotFound; raises Invalid with the rule and its member.
    """
    document = rule_texts.read(octets)
    if not isinstance(document, dict) or document.get(_HEAD) != _VERSION:
        raise Invalid(_('the file begins with "%(head)s: %(version)s"') % {"head": _HEAD, "version": _VERSION})  # fmt: skip
    if unknown := set(map(str, document)) - {_HEAD, "rules"}:
        raise Invalid(_('there is no member "%(name)s"') % {"name": min(unknown)[:40]})
    entries = document.get("rules")
    if not isinstance(entries, list) or len(entries) > rulebook.MOST:
        raise Invalid(_("rules is a list of at most %(most)s rules") % {"most": rulebook.MOST})  # fmt: skip
    fields, left = [], _MOST_STEPS
    for place, each in enumerate(entries, 1):
        fields.append(_entry(scope, place, each))
        left -= rule_fields.steps(fields[-1].get("conditions", {}))
        if left < 0:
            words = _(
                "all patterns of a file, those of expired rules too, may take %(most)s steps at a character"
            )
            raise Invalid(words % {"most": f"{_MOST_STEPS:,}"})
    return rulebook.add_all(scope, slug, fields, instead)


def _entry(scope: Scope, place: int, given: Any) -> dict[str, Any]:
    """Return an entry as the fields of a rule. Raises Invalid."""
    try:
        fields = _fields(given)
        rulebook.check(scope, fields)
    except UserError as error:
        member = error.member if isinstance(error, InvalidMember) else ""
        values = {"place": place, "member": member, "words": str(error)}
        if member:
            words = _("rule %(place)s, %(member)s: %(words)s") % values
        else:
            words = _("rule %(place)s: %(words)s") % values
        raise InvalidMember(f"rules.{place}.{member}".rstrip("."), words) from None
    return fields


def _fields(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Invalid(_("a rule is a set of members"))
    if unknown := set(map(str, given)) - set(_MEMBERS):
        name = min(unknown)[:40]
        raise InvalidMember(name, _('there is no member "%(name)s"') % {"name": name})
    fields = {name: each for name, each in given.items() if each is not None}
    _check_types(fields)
    fields["is_on"] = fields.pop("on", True)
    if "expires_at" in fields:
        fields["expires_at"] = _moment(fields["expires_at"])
    if not _SCENARIO.fullmatch(fields.get("scenario", "")):
        words = _("a scenario has up to 32 letters, digits and hyphens")
        raise InvalidMember("scenario", words)
    return fields


def _check_types(fields: dict[str, Any]) -> None:
    for name in ("name", "stage", "scenario", "expires_at"):
        _check_type(name, fields.get(name, ""), "text")
    _check_type("on", fields.get("on", True), "switch")
    _check_type("max_hits", fields.get("max_hits", 1), "number")
    for group, rows in TABLE.items():
        members = fields.get(group, {})
        if not isinstance(members, dict):
            raise InvalidMember(group, _("this is a set of members"))
        kinds = {each.name: each.kind for each in rows}
        for name, value in members.items():
            if name in kinds and value is not None:
                _check_type(f"{group}.{name}", value, kinds[name])


def _check_type(member: str, value: Any, kind: Kind) -> None:
    """Raise InvalidMember if a value has the wrong type."""
    wanted = _KINDS[kind]
    fits = isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
    if isinstance(value, str):
        fits = fits and value.isprintable()
    elif isinstance(value, list):
        fits = fits and all(isinstance(each, str) for each in value)
    if not fits:
        raise InvalidMember(member, _words(kind))


def _words(kind: Kind) -> str:
    if kind in ("number", "percent"):
        return _("this is a number")
    if kind in ("switch", "yesno"):
        return _("this is true or false")
    if kind in ("list", "lines"):
        return _("this is a list of texts")
    return _("this is a text of one line: put it in quotes")


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidMember("expires_at", _("this is a time, as 2026-11-28T09:30:00Z"))
    latest = datetime.now(UTC) + timedelta(seconds=rulebook.LONGEST_LIFE)
    if not _EARLIEST <= found <= latest:  # pages show it, in any time zone
        raise InvalidMember("expires_at", _("a rule must expire within a year"))
    return found
