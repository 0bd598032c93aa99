"""Releases, for the page Outgoing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox import pages
from inbox.models import Release, ReleaseRecipient
from inbox.models.outgoing import HELD
from inbox.outgoing import releases

_STATES = {
    "queued": (gettext_noop("Waiting"), ""),
    "trying": (gettext_noop("Sending"), "ok"),
    "delivered": (gettext_noop("Delivered"), "ok"),
    "failed": (gettext_noop("Failed"), "error"),
    "cancelled": (gettext_noop("Cancelled"), ""),
    "held": (gettext_noop("Held"), ""),
}


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A recipient of a release."""

    address: str
    state: str
    tone: str
    text: str  # the reply, or our reason


@dataclass(frozen=True, slots=True)
class TryLine:
    """A try of a release, with the page of its session."""

    url: str  # "" if there is none
    began_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release in the list."""

    id: str
    url: str  # of its message
    subject: str
    how: str  # the route, and the requester
    state: str
    tone: str
    requested_at: datetime
    requested_by: str
    instead_of: str  # the recipients of the message, if it goes to others
    next_try_at: datetime | None
    recipients: list[RecipientLine]
    tries: list[TryLine]
    can_cancel: bool
    can_retry: bool
    can_hold: bool


def row(release: Release) -> ReleaseRow:
    """Return a release for its row."""
    rows = releases.details(release)
    label, tone = _STATES[release.state]
    return ReleaseRow(
        id=str(release.pk),
        url=pages.path("message", release.message_id),
        subject=release.subject,
        how=_how(release),
        state=_(label),
        tone=tone,
        requested_at=release.requested_at,
        requested_by=release.requested_by,
        instead_of=release.instead_of,
        next_try_at=release.next_try_at,
        recipients=[_recipient(each) for each in rows["recipients"]],
        tries=[
            TryLine(
                pages.path("session", each.session_id) if each.session_id else "",
                each.began_at,
                each.outcome,
            )
            for each in rows["tries"]
        ],
        can_cancel=release.state in ("queued", HELD),
        can_retry=release.state in ("queued", "failed") and bool(release.route_name),
        can_hold=release.held_by_id is not None
        and release.state not in ("trying", HELD),
    )


def _how(release: Release) -> str:
    names = {
        "route": release.route_name,
        "domain": release.held_for,
        "who": release.requested_by,
    }
    if release.route_name:
        return _("through %(route)s, requested by %(who)s") % names
    if release.state == HELD:
        return _("for the server of %(domain)s") % names
    return _("for the server of %(domain)s, fetched by %(who)s") % names


def _recipient(one: ReleaseRecipient) -> RecipientLine:
    label, tone = _STATES[one.state]
    return RecipientLine(one.forward_path, _(label), tone, one.text)
