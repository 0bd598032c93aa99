"""The pages that sign in and out, change one's password, and make the first administrator."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pages
from inbox.access import accounts, first_visit, signing_in
from inbox.access.recognising import identity_of
from inbox.errors import UserError


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form of the login; it leads back to `next`, if that is one of our pages."""
    given = request.POST if request.method == "POST" else request.GET
    back = signing_in.way_back(given.get("next", ""), get_script_prefix())
    if not accounts.look_if_due() or identity_of(request).is_known:
        return redirect(back)
    context: dict[str, Any] = {"back": back, "name": given.get("name", "")}
    if request.method == "POST":
        try:
            signing_in.sign_in(request, context["name"], given.get("password", ""))
            return redirect(back)
        except UserError as error:
            return _show(request, "login", context, error)
    return _show(request, "login", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and show the login; without accounts there is none."""
    if accounts.are_on():
        signing_in.sign_out(request)
    return redirect("login")


@never_cache
@sensitive_post_parameters("old", "new")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: name, password, and the way out."""
    if not accounts.are_on():
        return redirect("inbox")
    context: dict[str, Any] = {
        "section": "account",
        "identity": identity_of(request),
        "saved": "saved" in request.GET,
    }
    if request.method == "POST":
        post = request.POST
        try:
            signing_in.change_password(
                request, post.get("old", ""), post.get("new", "")
            )
            return redirect(pages.path("account", saved="password"))
        except UserError as error:
            return _show(request, "account", context, error)
    return _show(request, "account", context)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, key: str) -> HttpResponse:
    """The page of the one-time link: it makes the first administrator."""
    if not first_visit.is_offered(key):
        raise Http404
    name = request.POST.get("name", "admin")
    if request.method == "POST":
        try:
            password = request.POST.get("password", "")
            first_visit.make_administrator(name, password, only_first=True)
            return redirect("login")
        except UserError as error:
            return _show(request, "setup", {"name": name}, error)
    return _show(request, "setup", {"name": name})


def _show(
    request: HttpRequest,
    page: str,
    context: dict[str, Any],
    error: UserError | None = None,
) -> HttpResponse:
    wrong = {"wrong": str(error) if error else ""}
    status = error.status if error else 200
    return render(request, f"account/{page}.html", context | wrong, status=status)
