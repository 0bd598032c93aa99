"""Where the rule that a transcript names is to be found."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.mailbox import inboxes
from inbox.models.inbox import DEFAULT_SLUG

# As inbox.rules.rule_decisions names them; more than one where several acted.
_NUMBER = re.compile(r"(?:^|, )#([0-9]{1,18})(?=[ ,]|$)")


@dataclass(frozen=True, slots=True)
class RuleLink:
    """A link to what decided a reply."""

    url: str
    words: str


def settings_of(inbox_id: int | None) -> str:
    """Return the address of an inbox's settings; of the usual one's, where it is not known."""
    slug = inboxes.slug(inbox_id) or DEFAULT_SLUG
    return pages.path("settings", inbox="" if slug == DEFAULT_SLUG else slug)


def links(rule: str, inbox_id: int | None = None) -> list[RuleLink]:
    """Return where what an exchange names as its rule can be changed.

    inbox_id: of its session, where that has one
    """
    numbers = _NUMBER.findall(rule)
    if not rule or numbers:
        return [
            RuleLink(pages.path("rule", each), _("Rule %(number)s") % {"number": each})
            for each in numbers
        ]
    return [RuleLink(settings_of(inbox_id), _("Settings of the inbox"))]
