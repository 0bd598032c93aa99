"""Links to the rule that a transcript names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.mailbox import inboxes
from inbox.models.inbox import DEFAULT_SLUG

# The names from inbox.rules.rule_decisions; several if several rules acted.
_NUMBER = re.compile(r"(?:^|, )#([0-9]{1,18})(?=[ ,]|$)")


@dataclass(frozen=True, slots=True)
class RuleLink:
    """A link to the rule or setting that decided a reply."""

    url: str
    words: str


def settings_of(inbox_id: int | None) -> str:
    """Return the URL of an inbox's settings; the default inbox's if it is unknown."""
    slug = inboxes.slug(inbox_id) or DEFAULT_SLUG
    return pages.path("settings", inbox="" if slug == DEFAULT_SLUG else slug)


def links(rule: str, inbox_id: int | None = None) -> list[RuleLink]:
    """Return links to the places where an exchange's rule can be changed.

    inbox_id: of its session, or None
    """
    numbers = _NUMBER.findall(rule)
    if not rule or numbers:
        return [
            RuleLink(pages.path("rule", each), _("Rule %(number)s") % {"number": each})
            for each in numbers
        ]
    return [RuleLink(settings_of(inbox_id), _("Settings of the inbox"))]
