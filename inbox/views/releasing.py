"""The page Outgoing: routes, the queue of releases, and the form that releases a message."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import pages
from inbox.access.current import scope
from inbox.errors import BadRequest, Conflict, Invalid, NotFound
from inbox.mailbox import inboxes, messages
from inbox.models import Route
from inbox.outgoing import (
    guarding,
    held_domains,
    held_intake,
    holding,
    leaving,
    release_rules,
    releases,
    route_trials,
    routes,
    switch,
)
from inbox.presenters import held_rows, release_rows, release_rule_rows, route_rows
from inbox.presenters.held_rows import HeldRow

_ROWS = 50
_FIELDS = ("name", "host", "username", "reverse_path")  # of a route, as typed
_CHOICES = ("verify", "add_received", "bounces")
_NEW = {"port": "587", "tls": "required", "verify": True}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The routes, and the releases, newest first."""
    try:
        found = releases.find(scope(), request.GET.get("cursor"), _ROWS)
    except BadRequest as error:
        raise NotFound(str(error)) from None
    context = {
        "section": "outgoing",
        "is_on": switch.is_on(),
        "guard": guarding.state(),
        "rule_fault": release_rules.fault(),
        "rules": [release_rule_rows.rule_row(each) for each in release_rules.find()],
        "routes": [route_rows.route_row(each) for each in routes.find()],
        "held": _held(),
        "rows": [release_rows.row(each) for each in found.items],
        "next": found.next,
    }
    return render(request, "outgoing/index.html", context)


def _held() -> list[HeldRow]:
    held_intake.catch_up()
    counts = holding.waiting_by_domain()
    return [held_rows.held_row(each, counts) for each in held_domains.find(scope())]


@require_http_methods(["GET", "POST"])
def add_route(request: HttpRequest) -> HttpResponse:
    """The form of a new route; POST adds it."""
    return _route_form(request, None)


@require_http_methods(["GET", "POST"])
def change_route(request: HttpRequest, name: str) -> HttpResponse:
    """The form of a route; POST changes it."""
    return _route_form(request, routes.get(name))


@require_POST
def remove_route(request: HttpRequest, name: str) -> HttpResponse:
    """Remove a route."""
    routes.delete(name)
    return _to_routes()


@require_POST
def try_route(request: HttpRequest, name: str) -> HttpResponse:
    """Begin a trial of a route; the page shows its progress."""
    route_trials.begin(name)
    return _to_routes()


@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, id: UUID) -> HttpResponse:
    """The form that releases a message; POST puts it into the queue."""
    message = messages.get(scope(), id)
    typed = "\n".join(releases.original(message))
    found = routes.find()
    context: dict[str, Any] = {
        "section": "outgoing",
        "message": message,
        "has_routes": bool(found),
        "routes": [r for r in found if leaving.serves(r, message.inbox_id)],
    }
    status = 200
    if request.method == "POST":
        route, typed = request.POST.get("route", ""), request.POST.get("recipients", "")
        by = request.META["REMOTE_ADDR"]
        asked = [line.strip() for line in typed.splitlines() if line.strip()]
        same = asked == releases.original(message)
        try:
            releases.request(scope(), id, route, None if same else asked, by)
            return redirect("outgoing")
        except (Conflict, Invalid, NotFound) as error:
            context |= {"wrong": str(error), "chosen": route}
            status = 422 if isinstance(error, NotFound) else error.status
    return render(
        request, "outgoing/release.html", context | {"typed": typed}, status=status
    )


@require_POST
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take a release out of the queue."""
    releases.cancel(scope(), id)
    return redirect("outgoing")


@require_POST
def retry(request: HttpRequest, id: UUID) -> HttpResponse:
    """Try a release now."""
    releases.retry(scope(), id)
    return redirect("outgoing")


def _route_form(request: HttpRequest, route: Route | None) -> HttpResponse:
    given: dict[str, Any] = _given(route) if route else _NEW
    wrong, status = "", 200
    if request.method == "POST":
        given = _typed(request)
        try:
            fields = _fields(given, request.POST.get("password", ""))
            if route is None:
                routes.add(fields)
            else:
                routes.change(route.name, fields)
            return _to_routes()
        except (Conflict, Invalid) as error:
            wrong, status = str(error), error.status
    context = {
        "section": "outgoing",
        "route": route,
        "given": given,
        "wrong": wrong,
        "policies": route_rows.TLS_WORDS,
        "inboxes": inboxes.find(scope()),
    }
    return render(request, "outgoing/route.html", context, status=status)


def _to_routes() -> HttpResponse:
    return redirect(f"{pages.path('outgoing')}#routes")


def _given(route: Route) -> dict[str, Any]:
    """Return the fields of a route for its form."""
    return {
        **{name: getattr(route, name) for name in (*_FIELDS, *_CHOICES, "port", "tls")},
        "allow": "\n".join(route.allow),
        "deny": "\n".join(route.deny),
        "inboxes": route.inboxes,
    }


def _typed(request: HttpRequest) -> dict[str, Any]:
    post = request.POST
    names = (*_FIELDS, "port", "tls", "allow", "deny")
    choices = {name: name in post for name in _CHOICES}
    lists = {"inboxes": post.getlist("inboxes")}
    return {name: post.get(name, "") for name in names} | choices | lists


def _fields(given: dict[str, Any], password: str) -> dict[str, Any]:
    """Return a form's input as the fields of a route. Raises Invalid.

    An empty password keeps the stored one, unless the user name is empty, too.
    """
    port = given["port"].strip()
    if not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise Invalid(_("a port is a number from 1 to 65535"))
    fields = given | {
        "port": int(port),
        "allow": given["allow"].splitlines(),
        "deny": given["deny"].splitlines(),
    }
    if password or not given["username"]:
        fields["password"] = password
    return fields
