"""The page of one's own API tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import accounts, api_tokens, current, own_tokens
from inbox.errors import Invalid, NotFound
from inbox.mailbox import inboxes
from inbox.presenters import token_rows

_NEW: dict[str, Any] = {"scopes": ["read"], "days": "90"}
_NEVER = "0"


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The tokens, and the form of a new one; POST makes it, and shows it once."""
    given, wrong = _NEW, ""
    if request.method == "POST":
        given = _typed(request)
        try:
            return _made(request, given)
        except (Invalid, NotFound) as error:
            wrong = str(error)
    context = _listed(given) | {"wrong": wrong}
    status = 422 if wrong else 200
    return render(request, "account/tokens.html", context, status=status)


@require_POST
def revoke(request: HttpRequest, id: UUID) -> HttpResponse:
    """End a token."""
    api_tokens.revoke(current.identity(), id)
    return redirect("tokens")


def _listed(given: dict[str, Any]) -> dict[str, Any]:
    caller = current.identity()
    return {
        "section": "tokens",
        "are_accounts_on": accounts.are_on(),
        "rows": token_rows.rows(api_tokens.find(caller), caller),
        "given": given,
        "scopes": token_rows.scope_choices(given["scopes"]),
        "lifetimes": token_rows.lifetimes(given["days"]),
        "inboxes": inboxes.find(caller.scope),
    }


def _typed(request: HttpRequest) -> dict[str, Any]:
    post = request.POST
    return {
        "name": post.get("name", ""),
        "scopes": post.getlist("scopes"),
        "days": post.get("days", ""),
        "inboxes": post.getlist("inboxes"),
    }


def _days(typed: str) -> int | None:
    """Return the number of days until a token expires: None for never, 0 for invalid input."""
    if typed in ("", _NEVER):
        return None
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 5
    return int(typed) if is_number else 0


def _made(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    made = own_tokens.add(
        given["name"],
        given["scopes"],
        given["inboxes"] or None,
        _days(given["days"]),
    )
    context = {"section": "tokens", "name": made.token.name, "text": made.text}
    answer = render(request, "account/new_token.html", context, status=201)
    answer["Cache-Control"] = "no-store"
    return answer
