"""Rules that release captured messages automatically: stores, orders and reads them.

A rule applies to messages that arrive after its last change. While a rule is
unreadable, perhaps after an edit by hand, no mail leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, IntegrityError
from django.db.models import Max
from django.utils.translation import gettext as _

from inbox.errors import Invalid, NotFound
from inbox.given_names import clean_name
from inbox.mailbox import inboxes
from inbox.mailbox.paging import as_uuid
from inbox.mailbox.scope import ALL
from inbox.models import ReleaseRule
from inbox.models.outgoing import ACTIONS
from inbox.outgoing import allowing, routes, switch
from inbox.outgoing.due_signal import rules_changed
from inbox.storage.write_lock import write_turn
from mailsink.ids import uuid7

MOST = 100
_LONGEST_NAME = 64  # characters


def find() -> list[ReleaseRule]:
    """Return the rules, in their order."""
    rows = ReleaseRule.objects.select_related("route", "inbox")
    return list(rows.order_by("position", "pk"))


def get(id: str | UUID) -> ReleaseRule:
    """Return one rule. Raises NotFound."""
    key = as_uuid(id)
    rows = ReleaseRule.objects.select_related("route", "inbox")
    if key and (found := rows.filter(pk=key).first()):
        return found
    raise NotFound(_('there is no rule "%(id)s"') % {"id": str(id)[:40]})


def active() -> list[ReleaseRule]:
    """Return the enabled rules, in their order. Raises BrokenRule."""
    try:
        found = find()
    except DatabaseError:
        raise
    except Exception:  # a value has the wrong type for its column
        raise BrokenRule("A rule cannot be read.") from None
    for each in found:
        if each.enabled is not False and not _is_whole(each):
            raise BrokenRule(f'The rule "{each.name}" cannot be read.')
    return [each for each in found if each.enabled]


def fault() -> str:
    """Return why no mail may leave: a rule is unreadable; "" if all are readable."""
    try:
        active()
    except BrokenRule as broken:
        return str(broken)
    return ""


class BrokenRule(Exception):
    """An enabled rule is unreadable."""


def add(fields: Mapping[str, Any]) -> ReleaseRule:
    """Add a rule after the others. Raises Invalid, NotFound, Conflict.

    fields: those of the model; inbox: a slug, or "" for all; route: a name
    """
    switch.check()
    checked = _checked(fields)
    with write_turn():
        if ReleaseRule.objects.count() >= MOST:
            raise Invalid(_("at most %(most)s rules are kept") % {"most": MOST})
        last = ReleaseRule.objects.aggregate(last=Max("position"))["last"] or 0
        rule = ReleaseRule(
            action="release", position=last + 1, created_at=datetime.now(UTC)
        )
        _save(rule, checked)
    rules_changed.send(sender=None)
    return rule


def change(id: str | UUID, fields: Mapping[str, Any]) -> ReleaseRule:
    """Change a rule; fields that are not given stay. Raises the errors of add.

    position: its place among the others, from 1 on
    """
    switch.check()
    position = fields.get("position")
    checked = _checked({n: v for n, v in fields.items() if n != "position"})
    with write_turn():
        rule = get(id)
        if checked:
            _save(rule, checked)
        if position is not None:
            _move(rule, position)
    rules_changed.send(sender=None)
    return get(id)


def delete(id: str | UUID) -> None:
    """Remove a rule. Its releases stay in the queue. Raises NotFound."""
    key = as_uuid(id)
    with write_turn():  # without reading the row, which may be broken
        if not key or not ReleaseRule.objects.filter(pk=key).delete()[0]:
            raise NotFound(_('there is no rule "%(id)s"') % {"id": str(id)[:40]})
    rules_changed.send(sender=None)


def _save(rule: ReleaseRule, checked: Mapping[str, Any]) -> None:
    """Store a complete rule. Raises Invalid."""
    for name, value in checked.items():
        setattr(rule, name, value)
    rule.since = uuid7()
    if not rule.name:
        raise Invalid(_("a rule needs a name"))
    if not rule.recipients:
        raise Invalid(_("a rule needs recipients; * stands for all of them"))
    if rule.route_id is None:
        raise Invalid(_("a rule needs a route"))
    if (rule.action == "copy") != bool(rule.copy_to):
        raise Invalid(
            _(
                "a copy needs the address that it goes to; other actions must not have one"
            )
        )
    try:
        rule.save()
    except IntegrityError:
        raise Invalid(
            _('there is already a rule "%(name)s"') % {"name": rule.name}
        ) from None


def _move(rule: ReleaseRule, position: int) -> None:
    """Move a rule to its place among the others, and number them all."""
    others = [each.pk for each in find() if each.pk != rule.pk]
    others.insert(max(0, position - 1), rule.pk)
    for number, key in enumerate(others, 1):
        ReleaseRule.objects.filter(pk=key).update(position=number)


def _is_whole(rule: ReleaseRule) -> bool:
    """Whether a stored rule has all that it needs."""
    lists = allowing.readable(rule.senders) and allowing.readable(rule.recipients)
    if rule.enabled is not True or rule.action not in ACTIONS or not lists:
        return False
    if not rule.recipients or rule.route is None or not isinstance(rule.since, UUID):
        return False
    try:
        return rule.action == "release" or bool(routes.mailbox(rule.copy_to))
    except Invalid:
        return False


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in their stored form. Raises Invalid, NotFound."""
    return {name: _CHECKS[name](value) for name, value in fields.items()}


def _action(text: str) -> str:
    if text in ACTIONS:
        return text
    raise Invalid(_("action is one of %(actions)s") % {"actions": ", ".join(ACTIONS)})


_CHECKS: dict[str, Any] = {
    "name": lambda text: clean_name(text, _LONGEST_NAME),
    "enabled": bool,
    "action": _action,
    "inbox": lambda slug: inboxes.by_slug(ALL, slug) if slug else None,
    "senders": routes.patterns,
    "recipients": routes.patterns,
    "route": lambda name: routes.get(name) if name else None,
    "copy_to": lambda text: routes.mailbox(text) if text.strip() else "",
}
