"""The pages for sharing: the links, and the form of a new one."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox.access import current, share_links
from inbox.access.share_links import DAYS, NewShareLink, SharedKind
from inbox.errors import Invalid
from inbox.http.origins import origin
from inbox.mailbox import messages, sessions
from inbox.presenters import share_rows


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The caller's links, and those of the inboxes that they manage."""
    caller = current.identity()
    found = share_rows.rows(share_links.find(caller), caller)
    context = {"section": "shares", "rows": found}
    return render(request, "shares/index.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a link to a `message` or `session`; POST makes it, and shows it once."""
    given = request.POST if request.method == "POST" else request.GET
    kind: SharedKind = "session" if given.get("session") else "message"
    id, days, wrong = given.get(kind, ""), given.get("days", str(DAYS)), ""
    scope = current.scope()
    shared = messages.get(scope, id) if kind == "message" else sessions.get(scope, id)
    context: dict[str, object] = {"section": "shares", "kind": kind, "shared": shared}
    if request.method == "POST":
        number = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
        try:
            made = share_links.add(current.identity(), kind, shared.pk, number)
            return _shown_once(request, made)
        except Invalid as error:
            wrong = str(error)
    context |= {"lifetimes": share_rows.lifetimes(days), "wrong": wrong}
    return render(request, "shares/new.html", context, status=422 if wrong else 200)


@require_POST
def revoke(request: HttpRequest, id: UUID) -> HttpResponse:
    """End a link."""
    share_links.revoke(current.identity(), id)
    return redirect("shares")


def _shown_once(request: HttpRequest, made: NewShareLink) -> HttpResponse:
    url = f"{origin(request)}{reverse('shared', args=[made.text])}"
    context = {"section": "shares", "url": url, "link": made.link}
    answer = render(request, "shares/made.html", context, status=201)
    answer["Cache-Control"] = "no-store"
    return answer
