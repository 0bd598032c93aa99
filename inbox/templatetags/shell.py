"""Tags for the frame of every page: icons, clock times, the state of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from inbox.http import mine as own
from inbox.http.origins import origins
from inbox.mailbox import saved_searches as kept
from inbox.mailbox import sessions
from inbox.mailbox.scope import ALL
from inbox.models import SavedSearch, Session
from inbox.upkeep import servers
from mailsink.smtp.listener_kinds import LISTENER_KINDS

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Return the glyph of this name from static/icons.svg; it says nothing aloud."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def clock(moment: datetime | None) -> str:
    """Return the time of day as 21:04:31, in UTC."""
    return f"{moment:%H:%M:%S}" if moment else ""


@register.simple_tag
def saved_searches() -> list[SavedSearch]:
    """Return the searches that are kept, for the side bar."""
    return kept.find()


@register.simple_tag(takes_context=True)
def mine(context: Context) -> str:
    """Return the search for mail to who looks; "" where no addresses were given."""
    return own.query(own.patterns(context["request"]))


@register.simple_tag(takes_context=True)
def our_origins(context: Context) -> str:
    """Return the origins that count as ours; a page of any other one is refused much."""
    return " ".join(origins(context["request"]))


@dataclass(frozen=True, slots=True)
class WireStatus:
    """Where mail is taken, and the last connection since the start.

    others: kinds of listeners that there are besides SMTP, with their addresses
    """

    smtp: list[str]
    others: list[tuple[str, list[str]]]
    last: Session | None


@register.simple_tag
def wire_status() -> WireStatus:
    """Return where SMTP listens, and who connected last."""
    running = servers.alive()
    last = sessions.last_connection(ALL)
    started = min((server.started_at for server in running), default=None)
    if last and started and last.opened_at < started:
        last = None
    listening = servers.listening(running)
    smtp = listening.pop("smtp")
    others = [(LISTENER_KINDS[kind].label, at) for kind, at in listening.items() if at]
    return WireStatus(smtp, others, last)
