"""Held domains, for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.models import HeldDomain


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A domain whose mail is held."""

    domain: str
    number: int  # of waiting messages
    waiting: str  # the same in words
    users: list[str]
    route: str  # the name; "" for none


def held_row(held: HeldDomain, counts: Mapping[int, int]) -> HeldRow:
    """Return a held domain for its row. counts: messages by key"""
    number = counts.get(held.pk, 0)
    words = ngettext("%(n)s message waits", "%(n)s messages wait", number)
    return HeldRow(
        domain=held.domain,
        number=number,
        waiting=words % {"n": number} if number else _("Nothing waits"),
        users=held.users,
        route=held.route.name if held.route else "",
    )
