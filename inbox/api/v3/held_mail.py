"""API v3: held mail, which waits until its receiver requests it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool

from inbox import serializers
from inbox.api.v3 import releases as releases_api
from inbox.api.v3.common import LIMIT, Cursor, Limit, answer, path, scope
from inbox.api.v3.releases import ReleaseObject
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.mailbox import inboxes
from inbox.models import HeldDomain
from inbox.models.inbox import DEFAULT_SLUG
from inbox.outgoing import held_domains, held_intake, holding, releases
from inbox.serializers import Shape

router = Router()

DomainName = Annotated[str, path("A domain that is held.", "example.com")]

_USERS = (
    "The users that may take the mail with ATRN, or with TURN after a login; * is any user who logs "
    "in. Only they may use ETRN, too, unless the list is empty."
)
_ROUTE = "The route through which ETRN sends the mail; empty for none."


class HeldDomainObject(Strict):
    domain: str = member(
        "The domain; *.example.com stands for subdomains.", "example.com"
    )
    inbox: str = member("The slug of the inbox whose mail is held.", "default")
    users: list[str] = member(_USERS, ["ann"])
    route: str = member(_ROUTE, "staging")
    waiting: int = member("How many messages wait.", 3)
    created_at: datetime = member("Since when mail is held.")


class DomainToHold(Strict):
    domain: str = member(
        "The domain; *.example.com stands for subdomains.", "example.com"
    )
    inbox: str = member("The slug of an inbox.", DEFAULT_SLUG, DEFAULT_SLUG)
    users: list[str] = member(_USERS, ["ann"], [])
    route: str = member(_ROUTE, "staging", "")
    earlier: StrictBool = member(
        "Whether the messages that are here already wait, too.", False, False
    )


class HeldDomainChanges(Strict):
    """Members that you leave out stay unchanged."""

    users: list[str] | None = member(_USERS, ["ann"], None)
    route: str | None = member(_ROUTE, "staging", None)


class Started(Strict):
    started: int = member("How many messages were queued for the route.", 3)


@router.get("", response=Page[HeldDomainObject], summary="List held domains")
def find(request: HttpRequest) -> HttpResponse:
    """The domains whose mail is held, by name."""
    held_intake.catch_up()
    counts = holding.waiting_by_domain()
    shapes = [_shape(each, counts) for each in held_domains.find(scope())]
    return answer(serializers.page(shapes, None))


@router.post("", response={201: HeldDomainObject}, summary="Hold mail for a domain")
def add(request: HttpRequest, given: DomainToHold) -> HttpResponse:
    """Holds the mail for a domain from now on."""
    fields = given.dict(exclude={"inbox", "earlier"})
    held = held_domains.add(scope(), given.inbox, fields, given.earlier)
    return answer(_counted(held), 201)


@router.get("/{domain}", response=HeldDomainObject, summary="Get a held domain")
def one(request: HttpRequest, domain: DomainName) -> HttpResponse:
    """One held domain, with the number of messages that wait for it."""
    return answer(_counted(held_domains.get(scope(), domain)))


@router.patch("/{domain}", response=HeldDomainObject, summary="Change a held domain")
@decorate_view(if_match(of_view(one)))
def change(
    request: HttpRequest, domain: DomainName, changes: HeldDomainChanges
) -> HttpResponse:
    """Changes the users that may take the mail, or its route."""
    fields = changes.dict(exclude_none=True)
    return answer(_counted(held_domains.change(scope(), domain, fields)))


@router.delete("/{domain}", response={204: None}, summary="Hold no mail for a domain")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, domain: DomainName) -> HttpResponse:
    """Stops holding mail for the domain. The messages stay, but wait no longer."""
    held_domains.delete(scope(), domain)
    return HttpResponse(status=204)


@router.get(
    "/{domain}/releases", response=Page[ReleaseObject], summary="List held messages"
)
def list_of(
    request: HttpRequest,
    domain: DomainName,
    cursor: Cursor = None,
    limit: Limit = LIMIT,
) -> HttpResponse:
    """The messages that wait for a domain, and those that were taken, newest first."""
    held = held_domains.get(scope(), domain)
    held_intake.catch_up()
    page = releases.find(scope(), cursor, limit, held_by=held)
    return answer(serializers.page(map(releases_api.shape, page.items), page.next))


@router.post("/{domain}/send", response=Started, summary="Send held messages")
def send(request: HttpRequest, domain: DomainName) -> HttpResponse:
    """Queues all waiting mail for the route of the domain, like ETRN."""
    held = held_domains.get(scope(), domain)
    by = request.META["REMOTE_ADDR"]
    return answer({"started": holding.send_by_hand(held, by)})


def _counted(held: HeldDomain) -> Shape:
    held_intake.catch_up()
    return _shape(held, holding.waiting_by_domain())


def _shape(held: HeldDomain, counts: dict[int, int]) -> Shape:
    return {
        "domain": held.domain,
        "inbox": inboxes.slug(held.inbox_id),
        "users": held.users,
        "route": held.route.name if held.route else "",
        "waiting": counts.get(held.pk, 0),
        "created_at": serializers.stamp(held.created_at),
    }
