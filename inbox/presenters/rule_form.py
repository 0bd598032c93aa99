"""The form of a rule: its values as typed, and as the fields of a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from inbox.errors import Invalid, InvalidMember
from inbox.rules import rule_fields
from inbox.rules.field_table import OWN, TABLE, RuleField
from inbox.rules.rulebook import draft
from inbox.rules.stage_checks import check_together

Given = dict[str, Any]
_FIELDS = {each.name: each for fields in (*TABLE.values(), OWN) for each in fields}
# the fields of members that are typed in another unit
_AS_TYPED = {"expires_in": "minutes"}
_LONGEST_VALUE = 10_000  # characters that are shown again


class WrongForm(Invalid):
    """The typed values make no valid rule."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """problems: by field; "" for problems of no single field"""
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the page."""

    row: RuleField
    value: Any
    problem: str
    stages: str  # in which it makes sense, separated by spaces

    @property
    def numeric(self) -> bool:
        """Whether a phone shows a numeric keyboard."""
        return self.row.kind == "number"


@dataclass(frozen=True, slots=True)
class FormGroup:
    """The fields of a group: the usual ones, and the folded ones."""

    usual: list[FormField]
    rare: list[FormField]

    @property
    def is_open(self) -> bool:
        """Whether a folded field has a value."""
        return any(each.value or each.problem for each in self.rare)


def groups(given: Given, problems: Mapping[str, str]) -> dict[str, FormGroup]:
    """Return the fields by group, with the input and its problems."""
    return {
        group: _group(group, fields, given, problems)
        for group, fields in (*TABLE.items(), ("own", OWN))
    }


def _group(
    group: str,
    fields: tuple[RuleField, ...],
    given: Given,
    problems: Mapping[str, str],
) -> FormGroup:
    made = [
        FormField(
            each,
            given.get(each.name, ""),
            problems.get(each.name, ""),
            _stages(group, each.name),
        )
        for each in fields
    ]
    return FormGroup(
        [each for each in made if not each.row.rare],
        [each for each in made if each.row.rare],
    )


@lru_cache(maxsize=128)
def _stages(group: str, name: str) -> str:
    """Return the stages at which a member makes sense, separated by spaces."""
    return " ".join(each for each in rule_fields.STAGES if _fits(each, group, name))


def _fits(stage: str, group: str, name: str) -> bool:
    given: dict[str, Given] = {"conditions": {}, "actions": {}, group: {name: 1}}
    try:
        check_together(stage, given["conditions"], given["actions"])
    except Invalid:
        return False
    return True


def new(stage: str = "rcpt", **values: Any) -> Given:
    """Return the values of an empty form, except for the given ones."""
    empty = dict.fromkeys((*_FIELDS, "name"), "")
    return empty | {"stage": stage} | values


def given(rule: Any) -> Given:
    """Return the form values of a rule, or of a part of one."""
    stored = rule.conditions | rule.actions | rule.limits
    shown = {name: _as_typed(_FIELDS[name], each) for name, each in stored.items()}
    return new(rule.stage, name=rule.name, max_hits=rule.max_hits or "", **shown)


def _as_typed(row: RuleField, value: Any) -> Any:
    if row.kind == "yesno":
        return "yes" if value else "no"
    if row.kind == "list":
        return ", ".join(value)
    if row.kind == "lines":
        return "\n".join(value)
    if row.name == "enhanced" and value == "":
        return "-"
    return value


def labelled(problems: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the problems, each with the label of its field; "" for none."""
    return [
        (_(_FIELDS[name].label) if name in _FIELDS else "", words)
        for name, words in problems.items()
    ]


def typed(post: Mapping[str, str]) -> Given:
    """Return the input for showing the form again."""
    names = (*_FIELDS, "name", "stage")
    return {name: post.get(name, "")[:_LONGEST_VALUE] for name in names}


def fields(given: Given) -> Given:
    """Return the input as the fields of a rule. Raises WrongForm."""
    problems: dict[str, str] = {}
    found: Given = {"name": given["name"], "stage": given["stage"]}
    for group, rows in TABLE.items():
        found[group] = dict(_read(group, rows, given, problems))
    own = dict(_read("", OWN, given, problems))
    found["max_hits"] = own["max_hits"]
    if own["minutes"] is not None:
        found["expires_in"] = own["minutes"] * 60 or None
    if problems:
        raise WrongForm(problems)
    try:
        draft(found)
    except Invalid as error:
        member = error.member if isinstance(error, InvalidMember) else ""
        name = member.rpartition(".")[2]
        raise WrongForm({_AS_TYPED.get(name, name): str(error)}) from None
    return found


def speed(post: Mapping[str, str]) -> int:
    """Return the typed speed; 1 if it is empty. Raises Invalid."""
    typed_speed = _number(post.get("speed", "").strip())
    return 1 if typed_speed is None else rule_fields.speed(typed_speed)


def _read(
    group: str, rows: tuple[RuleField, ...], given: Given, problems: dict[str, str]
) -> Iterator[tuple[str, Any]]:
    """Yield the values of fields; add errors to problems."""
    for row in rows:
        value = None
        try:
            value = _value(row, given.get(row.name, ""))
            if group:
                rule_fields.check_member(group, row.name, value)
        except Invalid as error:
            problems[row.name] = str(error)
        yield row.name, value


def _value(row: RuleField, typed: Any) -> Any:
    """Return the value of a field's input. Raises Invalid."""
    text = str(typed).strip()
    if row.kind == "number":
        return _number(text)
    if row.kind == "percent":
        return _percent(text)
    if row.kind == "switch":
        return bool(text)
    if row.kind == "yesno":
        return {"yes": True, "no": False}.get(text)
    if row.kind == "list":
        return [each.strip() for each in text.split(",") if each.strip()]
    if row.kind == "lines":
        return text.splitlines()
    if row.name == "enhanced":
        return {"": None, "-": ""}.get(text, text)
    return text.upper() if row.name == "verb" else text


def _number(text: str) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    raise Invalid(_('"%(text)s" is not a whole number') % {"text": text[:40]})


def _percent(text: str) -> float | None:
    """Return a probability, typed as a number up to 1 or in percent."""
    number = text.removesuffix("%").strip()
    if not number:
        return None
    digits = number.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise Invalid(_("a probability is above 0, and at most 1"))
    return float(number) / (100 if "%" in text else 1)
