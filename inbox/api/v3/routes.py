"""API v3: routes, through which mail can leave."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import StrictBool, StrictInt

from inbox import serializers
from inbox.api.v3.common import ANY_ID, answer, path
from inbox.api.v3.schemas import Page, Strict, member
from inbox.http.preconditions import if_match, of_view
from inbox.models import Route
from inbox.outgoing import route_trials, routes
from inbox.serializers import Shape

router = Router()

RouteName = Annotated[str, path("The name of a route.", "staging")]
TlsPolicy = Literal["off", "opportunistic", "required", "implicit"]

_TLS = (
    "off: never; opportunistic: STARTTLS if the server offers it; required: STARTTLS, or "
    "nothing is sent; implicit: from the first octet (SMTPS)."
)
_ALLOW = (
    "The recipients that mail may go to, as addresses, domains, or patterns with * and ?. "
    "An empty list allows nobody."
)
_DENY = "The recipients that mail may not go to, even if allow has them."
_INBOXES = "The slugs of the inboxes whose messages may use it; none: all."
_ADD_RECEIVED = "Whether a Received field precedes the message, which otherwise leaves octet for octet."
_REVERSE_PATH = (
    "Replaces the reverse-path; empty leaves it as the client gave it. The null "
    "reverse-path of a report stays."
)
_BOUNCES = (
    "Whether reports that Mailsink makes go out by it, to recipients that it allows; of "
    "several such routes by the first, by name."
)


class RouteTrial(Strict):
    session: UUID | None = member(
        "The id of the outward session; null if there was none.", ANY_ID
    )
    began_at: datetime = member("When it began.")
    worked: bool | None = member(
        "Whether mail could go out; null while it goes on, and if it broke off.", True
    )
    outcome: str = member(
        "The outcome in a sentence.", "It works: the server answered with TLSv1.3."
    )


class RouteObject(Strict):
    name: str = member("The name.", "staging")
    host: str = member(
        "The host name or the address of the server.", "smtp.example.com"
    )
    port: int = member("The port.", 587)
    tls: TlsPolicy = member(_TLS, "required")
    verify: bool = member("Whether the certificate of the server is checked.", True)
    username: str = member("The user name of the login; empty for none.", "mailsink")
    has_password: bool = member(
        "Whether a password is stored. It is never shown.", True
    )
    allow: list[str] = member(_ALLOW, ["ann@example.com", "*.test"])
    deny: list[str] = member(_DENY, [])
    reverse_path: str = member(_REVERSE_PATH, "")
    add_received: bool = member(_ADD_RECEIVED, False)
    bounces: bool = member(_BOUNCES, False)
    inboxes: list[str] = member(_INBOXES, [])
    from_settings: bool = member(
        "Whether MAILSINK_ROUTES has the route: then only that setting can change it.",
        False,
    )
    created_at: datetime = member("When the route was added.")
    last_trial: RouteTrial | None = member(
        "The latest trial; null if there was none.", None
    )


class RouteToAdd(Strict):
    name: str = member("The name.", "staging")
    host: str = member(
        "The host name or the address of the server.", "smtp.example.com"
    )
    port: StrictInt = member("The port.", 587, 25)
    tls: TlsPolicy = member(_TLS, "required", "required")
    verify: StrictBool = member(
        "Whether the certificate of the server is checked.", True, True
    )
    username: str = member("The user name of a login.", "mailsink", "")
    password: str = member("Its password. It is stored encrypted.", "secret", "")
    allow: list[str] = member(_ALLOW, ["ann@example.com", "*.test"], [])
    deny: list[str] = member(_DENY, [], [])
    reverse_path: str = member(_REVERSE_PATH, "", "")
    add_received: StrictBool = member(_ADD_RECEIVED, False, False)
    bounces: StrictBool = member(_BOUNCES, False, False)
    inboxes: list[str] = member(_INBOXES, [], [])


class RouteChanges(Strict):
    """Members that you leave out stay unchanged."""

    name: str | None = member("The new name.", "staging", None)
    host: str | None = member("The host name or the address.", "smtp.example.com", None)
    port: StrictInt | None = member("The port.", 587, None)
    tls: TlsPolicy | None = member(_TLS, "required", None)
    verify: StrictBool | None = member(
        "Whether the certificate is checked.", True, None
    )
    username: str | None = member(
        "The user name; empty for no login.", "mailsink", None
    )
    password: str | None = member("The new password.", "secret", None)
    allow: list[str] | None = member(_ALLOW, ["*@example.com"], None)
    deny: list[str] | None = member(_DENY, [], None)
    reverse_path: str | None = member(_REVERSE_PATH, "", None)
    add_received: StrictBool | None = member(_ADD_RECEIVED, False, None)
    bounces: StrictBool | None = member(_BOUNCES, False, None)
    inboxes: list[str] | None = member(_INBOXES, [], None)


@router.get("", response=Page[RouteObject], summary="List routes")
def find(request: HttpRequest) -> HttpResponse:
    """The routes by name. Without a route no mail can leave."""
    return answer(serializers.page(map(_shape, routes.find()), None))


@router.post("", response={201: RouteObject}, summary="Add a route")
def add(request: HttpRequest, given: RouteToAdd) -> HttpResponse:
    """Adds a server to which messages can be released."""
    return answer(_shape(routes.add(given.dict())), 201)


@router.get("/{name}", response=RouteObject, summary="Get a route")
def one(request: HttpRequest, name: RouteName) -> HttpResponse:
    """One route, without its password."""
    return answer(_shape(routes.get(name)))


@router.patch("/{name}", response=RouteObject, summary="Change a route")
@decorate_view(if_match(of_view(one)))
def change(
    request: HttpRequest, name: RouteName, changes: RouteChanges
) -> HttpResponse:
    """Changes a route. Its waiting releases use the new values."""
    return answer(_shape(routes.change(name, changes.dict(exclude_none=True))))


@router.delete("/{name}", response={204: None}, summary="Delete a route")
@decorate_view(if_match(of_view(one)))
def delete(request: HttpRequest, name: RouteName) -> HttpResponse:
    """Removes a route. Its waiting releases fail; held mail waits again."""
    routes.delete(name)
    return HttpResponse(status=204)


@router.post("/{name}/try", response={202: RouteObject}, summary="Try a route")
def try_(request: HttpRequest, name: RouteName) -> HttpResponse:
    """Begins a session with the server: hello, STARTTLS, a login, QUIT, but no mail.

    Get the route again until `last_trial` shows whether it worked.
    """
    return answer(_shape(route_trials.begin(name)), 202)


def _trial(route: Route) -> Shape | None:
    if route.tried_at is None:
        return None
    return {
        "session": str(route.trial_session) if route.trial_session else None,
        "began_at": serializers.stamp(route.tried_at),
        "worked": route.trial_worked,
        "outcome": route.trial_outcome,
    }


def _shape(route: Route) -> Shape:
    return {
        "name": route.name,
        "host": route.host,
        "port": route.port,
        "tls": route.tls,
        "verify": route.verify,
        "username": route.username,
        "has_password": bool(route.password),
        "allow": route.allow,
        "deny": route.deny,
        "reverse_path": route.reverse_path,
        "add_received": route.add_received,
        "bounces": route.bounces,
        "inboxes": route.inboxes,
        "from_settings": route.from_settings,
        "created_at": serializers.stamp(route.created_at),
        "last_trial": _trial(route),
    }
