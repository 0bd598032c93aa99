"""The pages that sign in and out, change one's password, and make the first administrator."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pages
from inbox.access import (
    accounts,
    attempts_counted,
    first_visit,
    identity_provider,
    passkeys,
    second_factors,
    signing_in,
)
from inbox.access.recognising import identity_of
from inbox.errors import Invalid, UserError
from inbox.http.origins import passkey_site
from inbox.models import User
from inbox.views.errors import answer as error_answer

_CHALLENGE = "passkey"  # in the session, until the browser answers it


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form of the login; it leads back to `next`, if that is one of our pages."""
    given = request.POST if request.method == "POST" else request.GET
    back = _back(request)
    if _is_over(request):
        return redirect(back)
    context: dict[str, Any] = {"back": back, "name": given.get("name", "")}
    if request.method == "POST":
        try:
            password = given.get("password", "")
            if signing_in.sign_in(request, context["name"], password):
                return redirect(back)
            return redirect(pages.path("login-second", next=back))
        except UserError as error:
            return _login(request, context, error)
    return _login(request, context)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The form of the second factor, after the right password."""
    back = _back(request)
    if _is_over(request):
        return redirect(back)
    user = second_factors.asked(request)
    if user is None:
        return redirect(pages.path("login", next=back))
    if request.method == "POST":
        try:
            by = second_factors.check(request, user, request.POST.get("code", ""))
            signing_in.enter(request, user, f"password and {by}")
            return redirect(back)
        except UserError as error:
            return _second(request, user, back, error)
    return _second(request, user, back)


@never_cache
@require_POST
def challenge(request: HttpRequest) -> HttpResponse:
    """Answer with the challenge for a passkey, in JSON."""
    if _is_over(request):
        return JsonResponse({})
    try:
        attempts_counted.count(request, attempts_counted.BEGUN)
    except UserError as error:
        return error_answer(request, error)
    made = passkeys.ask(passkey_site(request))
    request.session[_CHALLENGE] = made.state
    request.session.set_expiry(second_factors.SECONDS)
    return JsonResponse(made.options)


@never_cache
@require_POST
def by_passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a challenge that a passkey has signed."""
    back = _back(request)
    if _is_over(request):
        return redirect(back)
    try:
        user = _by_passkey(request)
    except UserError as error:
        return _login(request, {"back": back, "name": ""}, error)
    signing_in.enter(request, user, "passkey")
    return redirect(back)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and show the login; without accounts, there is no session."""
    if accounts.are_on():
        signing_in.sign_out(request)
    return redirect("login")


@never_cache
@sensitive_post_parameters("old", "new")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: name, password, and signing out."""
    if not accounts.are_on():
        return redirect("inbox")
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "section": "account",
        "identity": identity_of(request),
        "saved": "saved" in request.GET,
        "has_password": isinstance(user, User) and user.has_usable_password(),
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
    """The page of the one-time link, which makes the first administrator."""
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


def _by_passkey(request: HttpRequest) -> User:
    """Return the user whose passkey has signed. Raises Invalid, TriedTooOften.

    Only answers to a challenge, and a limited number of them, enter the audit log: else
    a stranger could fill it, since entries stay.
    """
    state = request.session.pop(_CHALLENGE, None)  # valid for one answer
    if state is None:
        raise Invalid(_("The time for the passkey has expired: try again."))
    attempts_counted.count(request, attempts_counted.PASSKEY)
    try:
        given = request.POST.get("answer", "")
        return passkeys.user_of(passkey_site(request), state, given)
    except UserError:
        signing_in.note_failure(request)
        raise


def _back(request: HttpRequest) -> str:
    """Return the path to go to after the login."""
    given = request.POST if request.method == "POST" else request.GET
    return signing_in.way_back(given.get("next", ""), get_script_prefix())


def _is_over(request: HttpRequest) -> bool:
    """Whether a login is not needed: there are no accounts, or the caller has signed in."""
    return not accounts.look_if_due() or identity_of(request).is_known


def _login(
    request: HttpRequest, context: dict[str, Any], error: UserError | None = None
) -> HttpResponse:
    more = {
        # the same for all: no user's passkeys are looked up
        "has_passkeys": passkey_site(request).has_passkeys,
        "provider": identity_provider.label(),
    }
    return _show(request, "login", context | more, error)


def _second(
    request: HttpRequest, user: User, back: str, error: UserError | None = None
) -> HttpResponse:
    site, factors = passkey_site(request), second_factors.of_user(user)
    context = {
        "back": back,
        "user": user,
        "has_app": factors.has_app,
        "has_passkeys": any(each.host == site.host for each in factors.passkeys),
    }
    return _show(request, "second", context, error)


def _show(
    request: HttpRequest,
    page: str,
    context: dict[str, Any],
    error: UserError | None = None,
) -> HttpResponse:
    wrong = {"wrong": str(error) if error else ""}
    status = error.status if error else 200
    return render(request, f"account/{page}.html", context | wrong, status=status)
