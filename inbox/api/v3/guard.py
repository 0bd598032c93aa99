"""API v3: the guard, and today's mail that it affects."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool

from inbox import serializers
from inbox.api.v3.common import answer, scope
from inbox.api.v3.schemas import Strict, member
from inbox.http import zone
from inbox.http.preconditions import if_match, of_view
from inbox.outgoing import guarding, todays_mail
from inbox.outgoing.guarding import GuardState
from inbox.outgoing.todays_mail import DomainCount
from inbox.serializers import Shape

router = Router()

_ON = "Whether the guard is on: then only what its list names may leave."
_ALLOW = "The recipients that mail may leave to, as those of routes."
_ROUTE = "The route through which such mail leaves automatically; empty: it waits for a rule or a person."


class GuardObject(Strict):
    on: bool = member(_ON, True)
    always_on: bool = member("Whether MAILSINK_GUARD keeps it on.", False)
    allow: list[str] = member(_ALLOW, ["*@example.com"])
    route: str = member(_ROUTE, "staging")
    fault: str = member("Why no mail at all may leave; empty if some may.", "")


class GuardChanges(Strict):
    """Members that you leave out stay unchanged."""

    on: StrictBool | None = member(_ON, True, None)
    allow: list[str] | None = member(_ALLOW, ["*@example.com"], None)
    route: str | None = member(_ROUTE, "staging", None)


class DomainObject(Strict):
    domain: str = member("The domain, in lower case.", "example.com")
    messages: int = member("Messages to recipients there.", 12)
    recipients: int = member("Recipients there.", 14)
    left: int = member("Recipients that got their message.", 2)
    waiting: int = member("Recipients whose message is in the queue.", 1)
    failed: int = member("Recipients whose message was refused.", 1)
    held_back: int = member("Recipients who got no mail.", 10)


class TodaysMailObject(Strict):
    since: datetime = member("When the day began, in the client's time zone.")
    messages: int = member("Messages that arrived.", 20)
    domains: int = member("Domains that they were for.", 3)
    is_cut: bool = member(
        "Whether more came: then the newest messages are counted.", False
    )
    items: list[DomainObject] = member("The domains with most messages.")


@router.get("", response=GuardObject, summary="Get the guard")
def one(request: HttpRequest) -> HttpResponse:
    """The guard."""
    return answer(_shape(guarding.state()))


@router.patch("", response=GuardObject, summary="Change the guard")
@decorate_view(if_match(of_view(one)))
def change(request: HttpRequest, changes: GuardChanges) -> HttpResponse:
    """Switches the guard on or off, or changes its list or its route.

    A release in the queue is checked against it right before it is sent.
    """
    return answer(_shape(guarding.change(changes.on, changes.allow, changes.route)))


@router.get("/today", response=TodaysMailObject, summary="Get today's mail")
def today(request: HttpRequest) -> HttpResponse:
    """Counts today's recipients by domain: those to whom mail left, and the others."""
    since = zone.midnight(request)
    found = todays_mail.count(scope(), since)
    return answer(
        {
            "since": serializers.stamp(since),
            "messages": found.messages,
            "domains": found.domains,
            "is_cut": found.is_cut,
            "items": list(map(_domain, found.rows)),
        }
    )


def _shape(state: GuardState) -> Shape:
    return {
        "on": state.is_on,
        "always_on": guarding.is_always_on(),
        "allow": list(state.allow) if not state.fault else [],
        "route": state.route.name if state.route else "",
        "fault": state.fault,
    }


def _domain(row: DomainCount) -> Shape:
    return {
        "domain": row.domain,
        "messages": row.messages,
        "recipients": row.recipients,
        "left": row.left,
        "waiting": row.waiting,
        "failed": row.failed,
        "held_back": row.held,
    }
