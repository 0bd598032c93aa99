"""The redirects to the OpenID Connect provider and back."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.access import (
    account_links,
    accounts,
    attempts_counted,
    identity_provider,
    provider_users,
    second_factors,
    signing_in,
)
from inbox.access.recognising import identity_of
from inbox.errors import UserError
from inbox.http.origins import origin
from inbox.models import User

_BEGUN = "provider"  # in the session: the page to go to afterwards, and the invitation


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider; `next` and `invitation` are for the way back."""
    if identity_provider.configured() is None:
        raise Http404
    back = signing_in.way_back(request.GET.get("next", ""), get_script_prefix())
    if _is_over(request):
        return redirect(back)
    key = request.GET.get("invitation", "")
    try:
        attempts_counted.count(request, attempts_counted.BEGUN)
        if key:
            account_links.presented(key, _address(request))
        return_url = f"{origin(request)}{pages.path('login-provider-return')}"
        url = identity_provider.begin(request, return_url)
    except UserError as error:
        return _failed(request, error)
    request.session[_BEGUN] = {"back": back, "invitation": key}
    request.session.set_expiry(second_factors.SECONDS)
    return redirect(url)


@never_cache
@require_GET
def end(request: HttpRequest) -> HttpResponse:
    """Sign in the user that the provider sends back."""
    if identity_provider.configured() is None:
        raise Http404
    if _is_over(request):
        return redirect("inbox")
    try:
        attempts_counted.count(request, attempts_counted.ENDED)
        begun = request.session.get(_BEGUN, {})
        user = _user(request, begun.get("invitation", ""))
    except UserError as error:
        return _failed(request, error)
    signing_in.enter(request, user, "provider")
    return redirect(begun.get("back") or "inbox")


def _user(request: HttpRequest, key: str) -> User:
    known = identity_provider.end(request)
    try:
        if key:
            return provider_users.accept(known, key, _address(request))
        return provider_users.sign_in(known, _address(request))
    except UserError:
        signing_in.note_failure(request, known.address)
        raise


def _is_over(request: HttpRequest) -> bool:
    """Whether a login is not needed: there are no accounts, or the caller has signed in."""
    return not accounts.look_if_due() or identity_of(request).is_known


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _failed(request: HttpRequest, error: UserError) -> HttpResponse:
    context = {"words": str(error)}
    return render(request, "account/no_provider.html", context, status=error.status)
