"""Pages of held mail: a held domain, and the form that adds one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pages
from inbox.access.current import scope
from inbox.errors import BadRequest, Conflict, Invalid, NotFound
from inbox.mailbox import inboxes
from inbox.outgoing import held_domains, held_intake, holding, releases, routes, switch
from inbox.presenters import held_rows, release_rows

_ROWS = 50


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form that holds mail for a domain; POST adds the domain."""
    given: dict[str, Any] = {}
    wrong, status = "", 200
    if request.method == "POST":
        domain = request.POST.get("domain", "")
        earlier = "earlier" in request.POST
        given = {"domain": domain, "earlier": earlier, **_typed(request)}
        try:
            fields = {"domain": domain, **_fields(given)}
            slug = inboxes.usual(scope()).slug
            held = held_domains.add(scope(), slug, fields, earlier)
            return redirect("held", held.domain)
        except (Conflict, Invalid, NotFound) as error:
            wrong, status = str(error), 409 if isinstance(error, Conflict) else 422
    context = {"section": "outgoing", "given": given, "wrong": wrong}
    context |= {"routes": [each.name for each in routes.find()]}
    return render(request, "outgoing/hold.html", context, status=status)


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, domain: str) -> HttpResponse:
    """A held domain, its waiting and taken mail; POST changes its users."""
    held = held_domains.get(scope(), domain)
    route = held.route.name if held.route else ""
    given: dict[str, Any] = {"users": "\n".join(held.users), "route": route}
    wrong, status = "", 200
    if request.method == "POST":
        given = _typed(request)
        try:
            held_domains.change(scope(), domain, _fields(given))
            return redirect("held", held.domain)
        except (Conflict, Invalid, NotFound) as error:
            wrong, status = str(error), 409 if isinstance(error, Conflict) else 422
    held_intake.catch_up()
    try:
        found = releases.find(scope(), request.GET.get("cursor"), _ROWS, held_by=held)
    except BadRequest as error:
        raise NotFound(str(error)) from None
    context = {
        "section": "outgoing",
        "is_on": switch.is_on(),
        "held": held_rows.held_row(held, holding.waiting_by_domain()),
        "given": given,
        "wrong": wrong,
        "routes": [each.name for each in routes.find()],
        "rows": [release_rows.row(each) for each in found.items],
        "next": found.next,
    }
    return render(request, "outgoing/held.html", context, status=status)


@require_POST
def remove(request: HttpRequest, domain: str) -> HttpResponse:
    """Stop holding mail for a domain."""
    held_domains.delete(scope(), domain)
    return redirect(f"{pages.path('outgoing')}#held")


@require_POST
def send(request: HttpRequest, domain: str) -> HttpResponse:
    """Queue all waiting mail for the route of the domain."""
    held = held_domains.get(scope(), domain)
    holding.send_by_hand(held, request.META["REMOTE_ADDR"])
    return redirect("held", held.domain)


@require_POST
def hold_again(request: HttpRequest, id: UUID) -> HttpResponse:
    """Put back a message that was held and then taken."""
    held = releases.hold(scope(), id).held_by
    return redirect("held", held.domain) if held else redirect("outgoing")


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {name: request.POST.get(name, "") for name in ("users", "route")}


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    return {"users": given["users"].splitlines(), "route": given["route"]}
