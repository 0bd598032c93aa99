"""Tags for the pages that help to get started: where SMTP can be reached."""

from __future__ import annotations

from django import template

from inbox.onboarding.endpoints import Reach
from inbox.onboarding.endpoints import reach as to_reach
from inbox.upkeep import servers

register = template.Library()


@register.simple_tag
def reach() -> Reach | None:
    """Return where an application reaches SMTP; None where it is off."""
    return to_reach(servers.current_smtp())
