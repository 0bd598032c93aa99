"""The page of users and groups, and the actions of administrators on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pages
from inbox.access import (
    account_links,
    accounts,
    current,
    groups,
    second_factors,
    users,
)
from inbox.errors import Invalid, UserError
from inbox.presenters import account_rows
from inbox.views import link_page

_DEEDS: dict[str, dict[str, bool]] = {
    "enable": {"is_active": True},
    "disable": {"is_active": False},
    "promote": {"is_administrator": True},
    "demote": {"is_administrator": False},
}


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The users, invitations and groups; POST makes a user, and shows their link once."""
    if request.method == "GET":
        return show(request)
    post = request.POST
    try:
        made = users.add(post.get("name", ""), "administrator" in post)
        link = account_links.for_password(current.identity(), made)
    except UserError as error:
        return show(request, {"add": str(error)}, error.status)
    return link_page.shown_once(request, link, pages.path("users"))


@require_POST
def change(request: HttpRequest, id: int) -> HttpResponse:
    """Enable or disable a user, make them an administrator or not."""
    deed = _DEEDS.get(request.POST.get("do", ""))

    def save() -> None:
        if deed is None:
            raise Invalid(_("Choose what to do."))
        users.change(id, **deed)

    return _done(request, "users", save)


@require_POST
def delete(request: HttpRequest, id: int) -> HttpResponse:
    """Delete a user."""
    return _done(request, "users", lambda: users.delete(id))


@require_POST
def password_link(request: HttpRequest, id: int) -> HttpResponse:
    """Make a link for a new password, and show it once."""
    try:
        made = account_links.for_password(current.identity(), users.get(id))
    except UserError as error:
        return show(request, {"users": str(error)}, error.status)
    return link_page.shown_once(request, made, pages.path("users"))


@require_POST
def remove_second_factors(request: HttpRequest, id: int) -> HttpResponse:
    """Remove the passkeys, the authenticator app and the recovery codes of a user."""
    return _done(request, "users", lambda: second_factors.remove_all(id))


@require_POST
def add_group(request: HttpRequest) -> HttpResponse:
    """Make a group."""
    name, members = request.POST.get("name", ""), _names(request)
    return _done(request, "groups", lambda: groups.add(name, members))


@require_POST
def change_group(request: HttpRequest, id: int) -> HttpResponse:
    """Rename a group, and replace its users with those typed."""
    name, members = request.POST.get("name", ""), _names(request)
    return _done(
        request, "groups", lambda: groups.change(id, name=name, members=members)
    )


@require_POST
def delete_group(request: HttpRequest, id: int) -> HttpResponse:
    """Delete a group."""
    return _done(request, "groups", lambda: groups.delete(id))


def _names(request: HttpRequest) -> list[str]:
    lines = request.POST.get("users", "").splitlines()
    return [each.strip() for each in lines if each.strip()]


def _done(request: HttpRequest, part: str, save: Callable[[], object]) -> HttpResponse:
    """Save, and return to a part of the page; errors are shown there."""
    try:
        save()
    except UserError as error:
        return show(request, {part: str(error)}, error.status)
    return redirect(f"{pages.path('users')}#{part}")


def show(
    request: HttpRequest, wrong: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """Return the page of users and groups. wrong: the errors, by part of the page"""
    context: dict[str, Any] = {
        "section": "users",
        "are_accounts_on": accounts.are_on(),
        "users": [account_rows.user_row(each) for each in users.find()],
        "groups": [account_rows.group_row(each) for each in groups.find()],
        "wrong": wrong or {},
        "typed": {part: request.POST.dict() for part in wrong or ()},
    }
    context |= link_page.form(current.identity())
    return render(request, "account/users.html", context, status=status)
