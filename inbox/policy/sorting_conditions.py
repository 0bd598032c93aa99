"""The conditions by which mail goes to an inbox, as people give them and as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any, TypedDict, cast

from django.utils.translation import gettext as _

from inbox.errors import InvalidMember, UserError
from inbox.rules.text_patterns import TextPattern, steps_at_a_name

MOST = 100  # patterns of a kind
# Steps that the regular expressions of a kind take at each character: those of every
# inbox are tried at a recipient, on the event loop.
_MOST_STEPS = 5000


class SortingConditions(TypedDict):
    """Patterns of each kind, in the order in which the kinds are asked.

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
    """Return the stored conditions of an inbox, with those that it does not have."""
    lists = {name: list(stored.get(name, ())) for name in LISTS}
    return _made(lists, bool(stored.get("header", True)))


def clean(given: Mapping[str, Any]) -> SortingConditions:
    """Return the conditions as they are stored. Raises InvalidMember."""
    lists = {name: _patterns(name, given.get(name) or ()) for name in LISTS}
    for name, patterns in lists.items():
        if sum(map(steps_at_a_name, patterns)) > _MOST_STEPS:
            words = _("together the regular expressions repeat too much")
            raise InvalidMember(f"conditions.{name}", words)
    header = given.get("header")
    return _made(lists, True if header is None else bool(header))


def _made(lists: Mapping[str, list[str]], header: bool) -> SortingConditions:
    return cast(SortingConditions, {**lists, "header": header})


def _patterns(kind: str, given: Iterable[str]) -> list[str]:
    kept = list(dict.fromkeys(each.strip() for each in given))
    if len(kept) > MOST:
        words = _("an inbox has at most %(most)s of them") % {"most": MOST}
        raise InvalidMember(f"conditions.{kind}", words)
    for each in kept:
        try:
            _check(kind, each)
        except (UserError, ValueError) as error:
            raise InvalidMember(
                f"conditions.{kind}", f"{each[:80]!r}: {error}"
            ) from None
    return kept


def _check(kind: str, pattern: str) -> None:
    """Raises Invalid or ValueError for what cannot be used."""
    if kind == "networks":
        ip_network(pattern, strict=False)
    else:
        TextPattern(pattern)
