"""The rules of inboxes, in their order.

Each function that changes rules returns the stored result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max, QuerySet
from django.dispatch import Signal
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, InvalidMember, NotFound
from inbox.given_names import clean_name
from inbox.mailbox import inboxes, label_inboxes
from inbox.mailbox.scope import Scope
from inbox.models import Inbox, Rule, RuleCount
from inbox.rules import rule_fields
from inbox.rules.rule_limits import forget_counts
from inbox.rules.stage_checks import check_together
from inbox.storage.updates import put_fields
from inbox.storage.write_lock import write_turn

MOST = 2000  # rules of an inbox
# An inbox and the inboxes of its labels share this limit: the manager of one can make
# hundreds.
MOST_TOGETHER = 5000  # rules
# Total steps of their patterns at each character: at worst, 20 ms for a recipient.
MOST_STEPS = 20_000
_LONGEST_NAME = 80
LONGEST_LIFE = 366 * 24 * 3600  # seconds

# Sent with inbox_id= after rules were changed, on the thread that changed them.
rules_changed = Signal()


def find(scope: Scope, slug: str | None = None) -> list[Rule]:
    """Return the rules of the scope, or of one inbox, in order. Raises NotFound."""
    found = Rule.objects.filter(scope.q("inbox")).select_related("inbox")
    if slug is not None:
        found = found.filter(inbox=inboxes.by_slug(scope, slug))
    return list(found.order_by("inbox__slug", "position", "pk"))


def number(text: str) -> int:
    """Return the number of a rule from a path. Raises NotFound."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    raise NotFound(_("there is no rule %(id)s") % {"id": text[:40]})


def get(scope: Scope, id: int) -> Rule:
    """Return one rule. Raises NotFound."""
    rows = Rule.objects.filter(scope.q("inbox"), pk=id).select_related("inbox")
    if (found := rows.first()) is not None:
        return found
    raise NotFound(_("there is no rule %(id)s") % {"id": id})


def add(scope: Scope, slug: str, fields: Mapping[str, Any]) -> Rule:
    """Add a rule after the others. fields: with the names of `_CHECKS`.

    Raises NotFound, Invalid.
    """
    return add_all(scope, slug, [fields])[0]


def add_all(
    scope: Scope,
    slug: str,
    given: Sequence[Mapping[str, Any]],
    instead: bool = False,
    scenario: str = "",
) -> list[Rule]:
    """Add rules after the others, in their order, all or none.

    instead: the others are removed. scenario: the scenario that they all belong to; its
    expired rules are removed. If two callers add it at once, in any process, one
    succeeds. Raises NotFound, Invalid, and Conflict if other rules of the scenario
    exist.
    """
    inbox = inboxes.by_slug(scope, slug)
    checked = [check(scope, each) for each in given]
    known = _rules_of([inbox.pk])
    goes = known if instead else known.none()
    if scenario and not instead:
        goes = _expired(known.filter(scenario=scenario))
    return _replace(inbox, goes, checked, scenario)


def _replace(
    inbox: Inbox,
    goes: QuerySet[Rule],
    checked: Sequence[Mapping[str, Any]],
    scenario: str = "",
) -> list[Rule]:
    """Add checked rules after the others of an inbox, all or none.

    goes: the rules of the inbox that they replace; scenario: must be off then. Raises
    Invalid if the limits leave no room, and Conflict.
    """
    family = label_inboxes.family(inbox)
    seen = _check_steps(family, goes, checked)
    _forget_counts_of(_all_going(inbox, family, goes, len(checked), scenario))
    with write_turn():
        label_inboxes.take_turns(family)
        family = label_inboxes.family(inbox)  # read again: there may be a new label
        _check_steps(family, goes, checked, seen)
        _remove(_all_going(inbox, family, goes, len(checked), scenario))
        made = _add_behind(inbox, checked)
    _announce(inbox.pk)
    return made


def _rules_of(family: Sequence[int]) -> QuerySet[Rule]:
    """Return the rules of inboxes, by their keys."""
    return Rule.objects.filter(inbox__in=family)


def _expired(rules: QuerySet[Rule]) -> QuerySet[Rule]:
    return rules.filter(expires_at__lte=datetime.now(UTC))


def _add_behind(inbox: Inbox, checked: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Add checked rules, for which there is room."""
    last = _rules_of([inbox.pk]).aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    now = datetime.now(UTC)
    rules = [
        Rule(inbox=inbox, position=place, created_at=now, changed_at=now, **each)
        for place, each in enumerate(checked, first)
    ]
    return Rule.objects.bulk_create(rules, batch_size=100)


def _check_steps(
    family: Sequence[int],
    goes: QuerySet[Rule],
    given: Sequence[Mapping[str, Any]],
    seen: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """Raise Invalid if the patterns of a family's rules become too much together.

    If they are too much already, since an earlier version allowed it, they must not
    grow. Patterns of expired rules do not count.

    Call it before a write turn, since it may take a second, and again within the turn,
    with its first result as `seen`: it then reads only rules that changed in between.
    goes: the family's rules that are replaced; given: the new rules
    """
    there = _rules_of(family)
    newest = there.aggregate(Max("pk"), Max("changed_at"))
    if newest == seen:
        return newest
    now = datetime.now(UTC)
    asked = sum(
        rule_fields.steps(each.get("conditions", {}))
        for each in given
        if (until := each.get("expires_at")) is None or until > now
    )
    more = asked - _steps_of(goes, now)
    if more > 0 and (taken := more + _steps_of(there, now)) > MOST_STEPS:
        words = _(
            "the patterns of all rules of an inbox, with those that its labels have made, "
            "may take %(most)s steps at a character, and would take %(taken)s: use fewer, "
            "or some with fewer wildcards or repeats"
        )
        raise Invalid(words % {"most": f"{MOST_STEPS:,}", "taken": f"{taken:,}"})
    return newest


def _steps_of(rules: QuerySet[Rule], now: datetime) -> int:
    """Return the total steps of the patterns of rules that have not expired."""
    act = rules.exclude(expires_at__lte=now)
    return sum(map(rule_fields.steps, act.values_list("conditions", flat=True)))


def check(scope: Scope, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new rule in their stored form. Raises NotFound, Invalid."""
    checked = _checked_whole(fields)
    _check_inbox(scope, checked)
    return checked


def _all_going(
    inbox: Inbox, family: Sequence[int], goes: QuerySet[Rule], more: int, scenario: str
) -> QuerySet[Rule]:
    """Return the rules to remove for others.

    These are the replaced ones, and expired ones to make room. more: the number of new
    rules; scenario: must be off then. Raises Invalid, Conflict.
    """
    known = _rules_of([inbox.pk])
    going = list(goes.values_list("pk", flat=True))
    if scenario and known.filter(scenario=scenario).exclude(pk__in=going).exists():
        raise Conflict(_("the scenario is already switched on"))
    words = _("at most %(most)s rules are kept")
    going += _expired_for_room(known, going, more, MOST, words)
    words = _(
        "an inbox, with those that its labels have made, has at most %(most)s rules"
    )
    going += _expired_for_room(_rules_of(family), going, more, MOST_TOGETHER, words)
    return Rule.objects.filter(pk__in=going)


def _expired_for_room(
    known: QuerySet[Rule], going: Sequence[int], more: int, most: int, words: str
) -> list[int]:
    """Return the expired rules, which tests leave behind, to remove for more room.

    If there are more than `most` already, since an earlier version allowed it, their
    number must not grow. going: the rules that are removed anyway. Raises Invalid, with
    `words`, if the expired rules are not enough.
    """
    there = known.count()
    needed = there - len(going) + more - max(most, there)
    if needed <= 0:
        return []
    oldest = _expired(known).exclude(pk__in=going).order_by("expires_at")
    found = list(oldest.values_list("pk", flat=True)[:needed])
    if len(found) < needed:
        raise Invalid(words % {"most": f"{most:,}"})
    return found


def _remove(rules: QuerySet[Rule]) -> None:
    """Remove rules, within a turn. The lock keeps other processes from counting meanwhile."""
    ids = list(rules.select_for_update().order_by("pk").values_list("pk", flat=True))
    Rule.objects.filter(pk__in=ids).delete()


def _forget_counts_of(rules: QuerySet[Rule]) -> None:
    """Remove the counts of rules before the rules: clients may have made thousands."""
    counts = RuleCount.objects.filter(rule__in=rules)
    for key in counts.values_list("rule_id", flat=True).distinct():
        forget_counts(key)


def change(scope: Scope, id: int, fields: Mapping[str, Any]) -> Rule:
    """Change a rule; fields that are not given stay, and the counts start again.

    Raises NotFound, Invalid.
    """
    checked = _checked(fields)
    _check_inbox(scope, checked)
    rule = get(scope, id)
    same = Rule.objects.filter(pk=id)
    family = label_inboxes.family(rule.inbox)
    seen = _check_steps(family, same, [_in_use(rule) | checked])
    with write_turn():
        label_inboxes.take_turns(family)
        rule = get(scope, id)
        family = label_inboxes.family(rule.inbox)
        _check_steps(family, same, [_in_use(rule) | checked], seen)
        for name, value in checked.items():
            setattr(rule, name, value)
        check_together(rule.stage, rule.conditions, rule.actions)
        rule.changed_at = datetime.now(UTC)
        rule.save(update_fields=[*checked, "changed_at"])
    forget_counts(rule.pk)
    _announce(rule.inbox_id)
    return rule


def _in_use(rule: Rule) -> dict[str, Any]:
    """Return the fields of a rule that decide whether its patterns count."""
    return {"conditions": rule.conditions, "expires_at": rule.expires_at}


def delete(scope: Scope, id: int) -> None:
    """Remove a rule. Raises NotFound."""
    forget_counts(get(scope, id).pk)
    with write_turn():
        rule = get(scope, id)
        inbox_id = rule.inbox_id
        _remove(Rule.objects.filter(pk=rule.pk))
    _announce(inbox_id)


def delete_scenario(scope: Scope, slug: str, name: str) -> None:
    """Remove the rules of a scenario from an inbox. Raises NotFound."""
    inbox = inboxes.by_slug(scope, slug)
    known = Rule.objects.filter(inbox=inbox, scenario=name)
    _forget_counts_of(known)
    with write_turn():
        _remove(known)
    _announce(inbox.pk)


def put_scenario(
    scope: Scope, slug: str, given: Sequence[Mapping[str, Any]], name: str
) -> list[Rule]:
    """Replace the rules of a scenario with others, all or none. Raises NotFound, Invalid."""
    inbox = inboxes.by_slug(scope, slug)
    checked = [check(scope, each) for each in given]
    return _replace(inbox, _rules_of([inbox.pk]).filter(scenario=name), checked)


def put_in_order(scope: Scope, slug: str, ids: Sequence[int]) -> list[Rule]:
    """Put all rules of an inbox into this order. Raises NotFound, Invalid."""
    inbox = inboxes.by_slug(scope, slug)
    with write_turn():
        known = {each.pk: each for each in _locked(inbox.pk)}
        if sorted(ids) != sorted(known):
            raise Invalid(_("name each rule of the inbox once"))
        _place([known[each] for each in ids])
    _announce(inbox.pk)
    return find(scope, slug)


def move(scope: Scope, id: int, places: int) -> None:
    """Move a rule down by `places`, or up if that is negative. Raises NotFound."""
    rule = get(scope, id)
    with write_turn():
        locked = _locked(rule.inbox_id)
        rules = sorted(locked, key=lambda each: (each.position, each.pk))
        at = next((n for n, each in enumerate(rules) if each.pk == id), None)
        if at is None:
            raise NotFound(_("there is no rule %(id)s") % {"id": id})
        rules.insert(max(0, at + places), rules.pop(at))
        _place(rules)
    _announce(rule.inbox_id)


def place(scope: Scope, id: int, before: int | None) -> None:
    """Put a rule before another one of its inbox; None: at the end.

    Rules that others move meanwhile keep their new places. Raises NotFound.
    """
    rule = get(scope, id)
    with write_turn():
        locked = _locked(rule.inbox_id)
        rules = sorted(locked, key=lambda each: (each.position, each.pk))
        numbers = [each.pk for each in rules]
        for needed in (id, *([] if before is None else [before])):
            if needed not in numbers:
                raise NotFound(_("there is no rule %(id)s") % {"id": needed})
        moved = rules.pop(numbers.index(id))
        if before != id:
            rest = [each.pk for each in rules]
            rules.insert(len(rest) if before is None else rest.index(before), moved)
            _place(rules)
    _announce(rule.inbox_id)


def set_speed(
    scope: Scope, slug: str, speed: int, scenario: str | None = None
) -> list[Rule]:
    """Set the speed of the waits of all rules of an inbox, or of a scenario.

    Their counts start again; the remaining time of a scenario changes in proportion.
    Raises NotFound, Invalid.
    """
    inbox = inboxes.by_slug(scope, slug)
    wanted = rule_fields.speed(speed)
    with write_turn():
        known = _locked(inbox.pk)
        changed = list(known if scenario is None else known.filter(scenario=scenario))
        for rule in changed:
            _speed_up(rule, wanted)
        names = ["limits", "expires_at", "changed_at"]
        put_fields(changed, names)
    for rule in changed:
        forget_counts(rule.pk)
    _announce(inbox.pk)
    return find(scope, slug)


def _speed_up(rule: Rule, speed: int) -> None:
    """Change the speed of a rule; for a scenario's rule also its remaining time."""
    now = datetime.now(UTC)
    before = rule.limits.get("speed", 1)
    if rule.scenario and rule.expires_at is not None and rule.expires_at > now:
        rule.expires_at = now + (rule.expires_at - now) * before / speed
    rule.limits = rule_fields.limits({**rule.limits, "speed": speed})
    rule.changed_at = now


def _locked(inbox_id: int) -> QuerySet[Rule]:
    """Return the rules of an inbox, locked in the order of their numbers."""
    return Rule.objects.select_for_update().filter(inbox=inbox_id).order_by("pk")


def _place(rules: Sequence[Rule]) -> None:
    moved = []
    now = datetime.now(UTC)
    for position, rule in enumerate(rules):
        if rule.position != position:
            rule.position, rule.changed_at = position, now
            moved.append(rule)
    put_fields(moved, ["position", "changed_at"])


def _announce(inbox_id: int) -> None:
    rules_changed.send_robust(sender=Rule, inbox_id=inbox_id)


def draft(fields: Mapping[str, Any]) -> Rule:
    """Return a rule that is not stored. Raises Invalid."""
    return Rule(**_checked_whole(fields))


def _checked_whole(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new rule in their stored form. Raises Invalid."""
    checked = _checked({"name": "", "conditions": {}, "limits": {}, **fields})
    for needed in ("stage", "actions"):
        if needed not in checked:
            raise Invalid(_("a rule needs %(member)s") % {"member": needed})
    check_together(checked["stage"], checked["conditions"], checked["actions"])
    return checked


def _check_inbox(scope: Scope, checked: Mapping[str, Any]) -> None:
    """Raise NotFound if the inbox for the messages does not exist."""
    if slug := checked.get("actions", {}).get("inbox"):
        inboxes.by_slug(scope, slug)


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in their stored form. Raises Invalid."""
    checked = {name: _CHECKS[name](value) for name, value in fields.items()}
    if "expires_in" in checked:
        seconds = checked.pop("expires_in")
        later = timedelta(seconds=seconds or 0)
        checked["expires_at"] = datetime.now(UTC) + later if seconds else None
    return checked


def _expires_in(seconds: int | None) -> int | None:
    if seconds is None or 0 < seconds <= LONGEST_LIFE:
        return seconds
    raise InvalidMember("expires_in", _("a rule must expire within a year"))


def _max_hits(number: int | None) -> int | None:
    if number is None or 0 < number < 2**31:
        return number
    raise InvalidMember("max_hits", _("max_hits is a number above 0"))


_CHECKS: dict[str, Any] = {
    "name": lambda text: clean_name(text, _LONGEST_NAME, optional=True),
    "scenario": str,
    "is_on": bool,
    "stage": rule_fields.stage,
    "conditions": rule_fields.conditions,
    "actions": rule_fields.actions,
    "limits": rule_fields.limits,
    "max_hits": _max_hits,
    "expires_in": _expires_in,
    "expires_at": lambda moment: moment,
}
