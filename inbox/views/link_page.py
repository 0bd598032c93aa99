"""Account links on pages: the list with its form, and a new link, shown once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox import pages
from inbox.access import account_links, accounts
from inbox.access.account_links import NewLink
from inbox.access.identity import Identity
from inbox.access.roles import Role
from inbox.http.origins import origin
from inbox.mailbox import inboxes
from inbox.presenters import account_rows


def form(caller: Identity, slug: str = "") -> dict[str, Any]:
    """Return the context of the list and form of invitations. slug: of one inbox"""
    if not accounts.are_on():
        return {}
    found = account_links.find(caller, slug, only_open=True)
    return {
        "links": [account_rows.link_row(each) for each in found],
        "roles": account_rows.roles(),
        "managed": [] if slug else inboxes.find(caller.within(Role.MANAGER)),
    }


def shown_once(request: HttpRequest, made: NewLink, back: str) -> HttpResponse:
    """Return the page of a new link. back: the path of the next page"""
    context = {
        "section": "users",
        "url": f"{origin(request)}{pages.path('invitation', made.key)}",
        "user": made.link.name if made.link.user else "",
        "expires_at": made.link.expires_at,
        "back": back,
    }
    answer = render(request, "account/new_link.html", context, status=201)
    answer["Cache-Control"] = "no-store"
    return answer
