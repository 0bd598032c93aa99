"""The page of one's own passkeys, authenticator app and recovery codes.

A change needs a recent proof of identity: a session alone is not enough.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import pages
from inbox.access import (
    accounts,
    authenticator_apps,
    passkeys,
    recovery_codes,
    second_factors,
    signing_in,
)
from inbox.errors import Forbidden, Invalid, UserError
from inbox.http.origins import passkey_site
from inbox.models import User
from inbox.presenters import qr_codes
from inbox.views.errors import wants_json

_CHALLENGE = "new_passkey"  # in the session, until the browser answers it
P = ParamSpec("P")


def _of_fresh_user(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Give a view the calling user; redirect a user without a recent proof of identity."""

    @never_cache
    @wraps(view)
    def guarded(
        request: HttpRequest, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not accounts.are_on():
            return redirect("inbox")
        user = _own(request)
        if not signing_in.is_fresh(request):
            if wants_json(request):
                words = _("You signed in a long time ago. Reload the page.")
                raise Forbidden(words)
            back = request.path if request.method == "GET" else ""
            return redirect(pages.path("account-confirm", next=back))
        return view(request, user, *args, **kwargs)

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponse], guarded)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """The form that asks for the password once more; it leads back to `next`."""
    if not accounts.are_on():
        return redirect("inbox")
    user = _own(request)
    given = request.POST if request.method == "POST" else request.GET
    asked = given.get("next") or pages.path("second-factors")
    back = signing_in.way_back(asked, get_script_prefix())
    context = {
        "section": "account",
        "back": back,
        "has_password": user.has_usable_password(),
    }
    if request.method == "POST":
        try:
            signing_in.prove(request, given.get("password", ""))
            return redirect(back)
        except UserError as error:
            return _show(request, "confirm", context, error)
    return _show(request, "confirm", context)


@require_GET
@_of_fresh_user
def page(request: HttpRequest, user: User) -> HttpResponse:
    """The passkeys, whether there is an app, and the number of codes left."""
    return _overview(request, user)


@sensitive_post_parameters("sealed", "code")
@require_http_methods(["GET", "POST"])
@_of_fresh_user
def app(request: HttpRequest, user: User) -> HttpResponse:
    """The secret for an authenticator app, as a QR code; POST takes a code from the app."""
    if request.method == "GET":
        return _offer(request, authenticator_apps.offer(user))
    post = request.POST
    try:
        offer = authenticator_apps.offered(user, post.get("sealed", ""))
    except UserError as error:
        return _offer(request, authenticator_apps.offer(user), error)
    try:
        authenticator_apps.add(user, offer, post.get("code", ""))
    except UserError as error:
        return _offer(request, offer, error)
    return _added(request, user)


@require_POST
@_of_fresh_user
def remove_app(request: HttpRequest, user: User) -> HttpResponse:
    """Remove the authenticator app."""
    authenticator_apps.remove(user)
    second_factors.tidy(user)
    return redirect("second-factors")


@require_POST
@_of_fresh_user
def renew_codes(request: HttpRequest, user: User) -> HttpResponse:
    """Make new recovery codes, and show them once."""
    if not second_factors.of_user(user).are_any:
        words = _("Recovery codes replace a lost passkey or app: add one first.")
        return _overview(request, user, Invalid(words))
    return _codes(request, user)


@require_POST
@_of_fresh_user
def challenge(request: HttpRequest, user: User) -> HttpResponse:
    """The challenge of a new passkey, in JSON."""
    made = passkeys.ask_for_new(passkey_site(request), user)
    request.session[_CHALLENGE] = made.state
    return JsonResponse(made.options)


@require_POST
@_of_fresh_user
def add_passkey(request: HttpRequest, user: User) -> HttpResponse:
    """Store a passkey that the browser has made."""
    state, post = request.session.pop(_CHALLENGE, None), request.POST
    given, name = post.get("answer", ""), post.get("name", "")
    try:
        passkeys.add(passkey_site(request), user, state, given, name)
    except UserError as error:
        return _overview(request, user, error)
    return _added(request, user)


@require_POST
@_of_fresh_user
def remove_passkey(request: HttpRequest, user: User, id: UUID) -> HttpResponse:
    """Remove a passkey."""
    passkeys.remove(user, id)
    second_factors.tidy(user)
    return redirect("second-factors")


def _own(request: HttpRequest) -> User:
    """Return the calling user. Raises Forbidden for a token."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        raise Forbidden(_("This needs a signed-in user; a token is not enough."))
    return user


def _added(request: HttpRequest, user: User) -> HttpResponse:
    """Show the first recovery codes; if the user has some already, show the page of all."""
    if recovery_codes.left(user):
        return redirect("second-factors")
    return _codes(request, user)


def _codes(request: HttpRequest, user: User) -> HttpResponse:
    codes = recovery_codes.renew(user)
    return _show(request, "recovery_codes", {"codes": codes}, status=201)


def _offer(
    request: HttpRequest,
    offer: authenticator_apps.AppOffer,
    error: UserError | None = None,
) -> HttpResponse:
    context = {"offer": offer, "code": qr_codes.path(offer.url)}
    return _show(request, "authenticator_app", context, error)


def _overview(
    request: HttpRequest, user: User, error: UserError | None = None
) -> HttpResponse:
    context = {
        "factors": second_factors.of_user(user),
        "can_have_passkeys": passkey_site(request).has_passkeys,
        "most": passkeys.LONGEST_NAME,
    }
    return _show(request, "second_factors", context, error)


def _show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    context |= {"section": "account", "wrong": str(error) if error else ""}
    status = error.status if error else status
    return render(request, f"account/{template}.html", context, status=status)
