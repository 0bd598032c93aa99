"""The conditions that select mail for an inbox, as people give them and as stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, TypedDict, cast

from django.utils.translation import gettext as _

from inbox.errors import InvalidMember, UserError
from inbox.mailbox import label_inboxes
from inbox.models import Inbox
from inbox.rules.text_patterns import TextPattern, steps_at_a_name

# All inboxes' patterns are tried for a recipient.
MOST = 100  # patterns of a kind
_MOST_STEPS = 5000  # of the patterns of a kind at each character


class SortingConditions(TypedDict):
    """Patterns of each kind, in the order in which the kinds are checked.

    header: whether a message may name the inbox in X-Mailsink-Inbox
    """

    users: list[str]
    recipients: list[str]
    helo: list[str]
    networks: list[str]
    listeners: list[str]
    header: bool


LISTS = ("users", "recipients", "helo", "networks", "listeners")


def complete(stored: Mapping[str, Any]) -> SortingConditions:
    """Return the stored conditions of an inbox, with defaults for missing ones."""
    lists = {name: list(stored.get(name, ())) for name in LISTS}
    return _made(lists, bool(stored.get("header", True)))


def clean(
    given: Mapping[str, Any],
    beside: Collection[Mapping[str, Any]] = (),
    before: Mapping[str, Any] | None = None,
) -> SortingConditions:
    """Return the conditions in their stored form. Raises InvalidMember.

    beside: those of the inboxes that share its limits
    (label_inboxes.conditions_beside). before: those that they replace, which may exceed
    the limits if an earlier version stored them
    """
    known = before or {}
    lists = {
        name: _patterns(name, given.get(name) or (), known.get(name, ()))
        for name in LISTS
    }
    header = given.get("header")
    cleaned = _made(lists, True if header is None else bool(header))
    _check_limits(cleaned, beside, known)
    return cleaned


def replacement(
    inbox: Inbox, given: Mapping[str, Any]
) -> Callable[[Inbox], SortingConditions]:
    """Return a function that makes these the conditions of an inbox, for inboxes.update.

    They are checked before the write turn, since patterns take time, and their limits
    again within it, since others of the family may have got more meanwhile. Both raise
    InvalidMember.
    """
    cleaned = clean(given, label_inboxes.conditions_beside(inbox), inbox.conditions)

    def put(now: Inbox) -> SortingConditions:
        label_inboxes.take_turns(label_inboxes.family(now))
        _check_limits(cleaned, label_inboxes.conditions_beside(now), now.conditions)
        return cleaned

    return put


def _check_limits(
    cleaned: SortingConditions,
    beside: Collection[Mapping[str, Any]],
    before: Mapping[str, Any],
) -> None:
    for name in LISTS:
        others = [each for its in beside for each in its.get(name, ())]
        _check_together(name, cleaned[name], before.get(name, ()), others)  # type: ignore[literal-required]


def _check_together(
    kind: str, patterns: Sequence[str], before: Sequence[str], others: Sequence[str]
) -> None:
    """Raise InvalidMember if they and the others exceed the limits, and they grow."""
    _check_number(kind, patterns, before, others)
    if _steps(patterns) > max(_steps(before), _MOST_STEPS - _steps(others)):
        raise _too_costly(kind)


def _check_number(
    kind: str, patterns: Sequence[str], before: Sequence[str], others: Sequence[str]
) -> None:
    if len(patterns) > max(len(before), MOST - len(others)):
        words = _(
            "an inbox, with those that its labels have made, has at most %(most)s of them"
        )
        raise InvalidMember(f"conditions.{kind}", words % {"most": MOST})


def _too_costly(kind: str) -> InvalidMember:
    words = _("together the patterns have too many wildcards, or repeat too much")
    return InvalidMember(f"conditions.{kind}", words)


def _steps(patterns: Sequence[str]) -> int:
    return sum(map(steps_at_a_name, patterns))


def _made(lists: Mapping[str, list[str]], header: bool) -> SortingConditions:
    return cast(SortingConditions, {**lists, "header": header})


def _patterns(kind: str, given: Iterable[str], before: Sequence[str]) -> list[str]:
    """Return the patterns of a kind, checking no more than the maximum.

    before: those that they replace. Raises InvalidMember.
    """
    kept = list(dict.fromkeys(each.strip() for each in given))
    _check_number(kind, kept, before, ())
    left = max(_steps(before), _MOST_STEPS)
    for each in kept:
        try:
            _check(kind, each)
        except (UserError, ValueError) as error:
            raise InvalidMember(
                f"conditions.{kind}", f"{each[:80]!r}: {error}"
            ) from None
        left -= steps_at_a_name(each)
        if left < 0:
            raise _too_costly(kind)
    return kept


def _check(kind: str, pattern: str) -> None:
    """Raise Invalid or ValueError for an unusable pattern."""
    if kind == "networks":
        ip_network(pattern, strict=False)
    else:
        TextPattern(pattern)
