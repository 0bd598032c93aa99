"""Invitations: made by managers and administrators; and the page for the guest."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pages
from inbox.access import account_links, current, identity_provider, signing_in
from inbox.access.account_links import NewLink
from inbox.errors import Conflict, Invalid, UserError
from inbox.mailbox import inboxes
from inbox.models import AccountLink
from inbox.presenters import account_rows
from inbox.views import link_page, mail_inboxes, users

_ADMINISTRATOR = "administrator"


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Make an invitation, and show its link once; `back`: the inbox to return to."""
    back = _back(request)
    try:
        made = _invite(request.POST)
    except UserError as error:
        wrong = {"invitations": str(error)}
        if slug := request.POST.get("back", ""):
            return mail_inboxes.show(request, slug, {"wrong": wrong}, error.status)
        return users.show(request, wrong, error.status)
    return link_page.shown_once(request, made, back)


@require_POST
def revoke(request: HttpRequest, id: UUID) -> HttpResponse:
    """End an invitation."""
    back = _back(request)
    account_links.revoke(current.identity(), id)
    return redirect(back)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def open_link(request: HttpRequest, key: str) -> HttpResponse:
    """The page of a link: the guest chooses a name and a password, and is signed in."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    try:
        link = account_links.presented(key, address)
    except UserError as error:
        context = {"words": str(error)}
        return render(request, "account/no_link.html", context, status=error.status)
    if request.method == "GET":
        return _form(request, key, link)
    post = request.POST
    try:
        user = account_links.accept(
            key, address, post.get("name", ""), post.get("password", "")
        )
    except (Conflict, Invalid) as error:
        return _form(request, key, link, error)
    is_in = signing_in.enter_by_password(request, user)
    return redirect("inbox" if is_in else "login-second")


def _invite(post: QueryDict) -> NewLink:
    days, role = post.get("days", ""), post.get("role", "")
    is_administrator = role == _ADMINISTRATOR
    return account_links.invite(
        current.identity(),
        post.getlist("inboxes"),
        "viewer" if is_administrator else role,
        as_administrator=is_administrator,
        name=post.get("name", ""),
        days=int(days[:4]) if days.isascii() and days.isdigit() else 0,
    )


def _back(request: HttpRequest) -> str:
    """Return the path of the next page: that of an inbox, or of all users."""
    if slug := request.POST.get("back", ""):
        found = inboxes.by_slug(current.identity().scope, slug)
        return f"{pages.path('mail-inbox', found.slug)}#invitations"
    return f"{pages.path('users')}#invitations"


def _form(
    request: HttpRequest, key: str, link: AccountLink, error: UserError | None = None
) -> HttpResponse:
    context = {
        "user": link.user,
        "provider": identity_provider.label(),
        "key": key,
        "name": request.POST.get("name", link.name),
        "host": link.created_by.get_username(),
        "opens": account_rows.link_row(link).opens,
        "wrong": str(error) if error else "",
    }
    status = error.status if error else 200
    return render(request, "account/invitation.html", context, status=status)
