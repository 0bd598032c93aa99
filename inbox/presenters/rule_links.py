"""Where the rule that a transcript names is to be found."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages

# As inbox.rules.rule_decisions names them; more than one where several acted.
_NUMBER = re.compile(r"(?:^|, )#([0-9]{1,18})(?=[ ,]|$)")


@dataclass(frozen=True, slots=True)
class RuleLink:
    """A link to what decided a reply."""

    url: str
    words: str


def links(rule: str) -> list[RuleLink]:
    """Return where what an exchange names as its rule can be changed."""
    numbers = _NUMBER.findall(rule)
    if not rule or numbers:
        return [
            RuleLink(pages.path("rule", each), _("Rule %(number)s") % {"number": each})
            for each in numbers
        ]
    return [RuleLink(pages.path("settings"), _("Settings of the inbox"))]
