"""What the pages that help to get started ask for: where SMTP can be reached."""

from __future__ import annotations

from django import template

from inbox.services import servers
from inbox.services.reach import Reach
from inbox.services.reach import reach as to_reach

register = template.Library()


@register.simple_tag
def reach() -> Reach | None:
    """Return where an application reaches SMTP; None where it is off."""
    return to_reach(servers.current_smtp())
