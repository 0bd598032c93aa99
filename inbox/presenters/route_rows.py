"""Routes, for the page Outgoing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox import pages
from inbox.models import Route
from inbox.outgoing import route_trials

TLS_WORDS = {
    "required": gettext_noop("STARTTLS, required"),
    "opportunistic": gettext_noop("STARTTLS, if the server offers it"),
    "implicit": gettext_noop("TLS from the first octet (SMTPS)"),
    "off": gettext_noop("no TLS"),
}


@dataclass(frozen=True, slots=True)
class TrialLine:
    """The latest trial of a route."""

    at: datetime
    url: str  # of its session; "" if there was none
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route in the list."""

    name: str
    address: str
    allow: list[str]
    bounces: bool
    trial: TrialLine | None
    can_try: bool
    from_settings: bool


def route_row(route: Route) -> RouteRow:
    """Return a route for its row."""
    return RouteRow(
        name=route.name,
        address=f"{route.host}:{route.port}",
        allow=route.allow if isinstance(route.allow, list) else [],
        bounces=route.bounces,
        trial=_trial(route),
        can_try=not route_trials.under_way(route),
        from_settings=route.from_settings,
    )


def _trial(route: Route) -> TrialLine | None:
    if route.tried_at is None:
        return None
    url = pages.path("session", route.trial_session) if route.trial_session else ""
    words, tone = route.trial_outcome, "ok" if route.trial_worked else "error"
    if route_trials.under_way(route):
        words, tone = _("It is being tried."), ""
    return TrialLine(
        route.tried_at,
        url,
        words or _("Mailsink stopped before the trial ended."),
        tone,
    )
