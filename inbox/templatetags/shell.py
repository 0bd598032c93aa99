"""Tags for the frame of every page: icons, clock times, the state of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString

from inbox.access import accounts, current
from inbox.access.current import scope
from inbox.access.identity import Identity
from inbox.http import mine as own
from inbox.http.origins import origins
from inbox.mailbox import inboxes, sessions
from inbox.mailbox import saved_searches as kept
from inbox.models import SavedSearch, Session
from inbox.presenters import side_bar
from inbox.presenters.search_terms import fields, list_of
from inbox.presenters.side_bar import Place
from inbox.upkeep import servers
from mailsink import __version__
from mailsink.conf import CONFIG
from mailsink.smtp.listener_kinds import LISTENER_KINDS

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return the icon with this name from static/icons.svg, hidden from screen readers."""
    return _glyph(get_script_prefix(), name)


@lru_cache(maxsize=1024)
def _glyph(prefix: str, name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.inclusion_tag("partials/text_field.html")
def text_field(
    name: str,
    label: str,
    value: object,
    placeholder: str = "",
    required: bool = False,
    mode: str = "",
) -> dict[str, object]:
    """Return a one-line field with its label. mode: the keyboard of a phone"""
    return {
        "name": name,
        "label": label,
        "value": value,
        "placeholder": placeholder,
        "required": required,
        "mode": mode,
    }


@register.inclusion_tag("partials/icon_button.html")
def icon_button(
    name: str, words: str, do: str, key: str = "", shown: str = ""
) -> dict[str, str]:
    """Return a button that shows an icon; it sends its form with do.

    key: its shortcut. shown: the words next to the icon
    """
    title = f"{words} ({key})" if key else words
    return {
        "icon_name": name,
        "words": words,
        "do": do,
        "title": title,
        "shown": shown,
    }


@register.filter
def clock(moment: datetime | None) -> str:
    """Return the time of day as 21:04:31, in UTC."""
    return f"{moment:%H:%M:%S}" if moment else ""


@register.simple_tag(takes_context=True)
def saved_searches(context: Context) -> list[SavedSearch]:
    """Return the saved searches for the side bar; those of the view, if it has them."""
    found: list[SavedSearch] | None = context.get("searches")
    return kept.find(current.user()) if found is None else found


@register.simple_tag
def search_fields() -> list[tuple[str, str]]:
    """Return examples of searches, with their results."""
    users = ["assignee"] * accounts.are_on()
    return fields([*inboxes.features(scope()), *users])


@register.filter
def search_url(query: str) -> str:
    """Return the URL of the list of a query's matches."""
    return list_of(query)


@register.simple_tag(takes_context=True)
def mine(context: Context) -> str:
    """Return the search for the reader's own mail; "" if no addresses were given.

    It uses the patterns of the view, if it has them.
    """
    found: list[str] | None = context.get("mine")
    return own.query(own.patterns(context["request"]) if found is None else found)


@register.simple_tag(takes_context=True)
def side_lists(context: Context, mine: str) -> list[Place]:
    """Return the lists of mail, for the side bar."""
    section, query, show = (_text(context, n) for n in ("section", "query", "show"))
    return side_bar.lists(section, query, show, mine)


@register.simple_tag(takes_context=True)
def side_inboxes(context: Context) -> list[Place]:
    """Return the mail of each inbox, for the side bar, with the view's names, if any."""
    section, query = _text(context, "section"), _text(context, "query")
    names: list[tuple[str, str]] | None = context.get("inbox_names")
    if names is None:
        names = inboxes.names(scope())
    return side_bar.inbox_lists(names, section, query)


@register.simple_tag(takes_context=True)
def side_tools(context: Context) -> list[Place]:
    """Return the other pages, for the side bar."""
    return side_bar.tools(_text(context, "section"))


@register.simple_tag
def account_places() -> list[Place]:
    """Return the pages for accounts, for the palette."""
    return side_bar.of_accounts("")


def _text(context: Context, name: str) -> str:
    """Return the view's text under this name; "" if there is none."""
    return str(context.get(name) or "")


@register.simple_tag
def version() -> str:
    """Return the version of Mailsink as "v0.1.0"."""
    return f"v{__version__}"


@register.simple_tag
def caller() -> Identity:
    """Return the caller of the page."""
    return current.identity()


@register.simple_tag
def is_insecure() -> bool:
    """Whether others can reach the pages although there are no accounts."""
    return CONFIG.insecure and not accounts.are_on()


@register.simple_tag
def paused_since() -> datetime | None:
    """Return the time since which receiving is paused, or None."""
    return inboxes.paused_since(scope())


@register.simple_tag(takes_context=True)
def our_origins(context: Context) -> str:
    """Return our own origins; pages of any other origin are refused most requests."""
    return " ".join(origins(context["request"]))


@dataclass(frozen=True, slots=True)
class WireStatus:
    """The listeners, and the last connection since the start.

    others: the other kinds of listeners, with their addresses. before: whether the last
    connection was before the start
    """

    smtp: list[str]
    others: list[tuple[str, list[str]]]
    last: Session | None
    before: bool


@register.simple_tag
def wire_status() -> WireStatus:
    """Return the SMTP listeners, and the last connection."""
    running = servers.alive()
    last = sessions.last_connection(scope())
    started = min((server.started_at for server in running), default=None)
    before = bool(last and started and last.opened_at < started)
    listening = servers.listening(running)
    smtp = listening.pop("smtp")
    others = [(LISTENER_KINDS[kind].label, at) for kind, at in listening.items() if at]
    return WireStatus(smtp, others, None if before else last, before)
