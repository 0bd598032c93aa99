"""Tags for the pages that help to get started: the addresses of SMTP."""

from __future__ import annotations

from django import template

from inbox.onboarding.endpoints import Reach
from inbox.onboarding.endpoints import reach as to_reach
from inbox.upkeep import servers

register = template.Library()


@register.simple_tag
def reach() -> Reach | None:
    """Return how an application reaches SMTP; None if it is off."""
    return to_reach(servers.current_smtp())
