"""The pages of inboxes: the list, and one with its conditions, credentials and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import pages
from inbox.access import accounts, current, memberships
from inbox.access.current import scope
from inbox.errors import Conflict, Invalid
from inbox.mailbox import inbox_removal, inboxes
from inbox.models import Inbox
from inbox.models.inbox import DEFAULT_SLUG
from inbox.policy import smtp_credentials, sorting_conditions
from inbox.policy.smtp_credentials import NewPassword
from inbox.presenters import account_rows, inbox_rows
from inbox.views import link_page
from mailsink.values import SIZE

Context = dict[str, Any]

_HIGHEST = 2**31 - 1  # of a number of messages or days


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The inboxes, by name, and those in the trash; POST makes one."""
    given, wrong = {"slug": "", "name": ""}, ""
    if request.method == "POST":
        given = {name: request.POST.get(name, "").strip() for name in given}
        try:
            made = inboxes.add(scope(), given["slug"], given["name"])
            return redirect("mail-inbox", made.slug)
        except (Invalid, Conflict) as error:
            wrong = str(error)
    context = {
        "section": "inboxes",
        "rows": [inbox_rows.row(each) for each in inboxes.find(scope())],
        "deleted": inbox_removal.deleted(scope()),
        "given": given,
        "wrong": wrong,
    }
    return render(request, "inboxes/index.html", context, status=422 if wrong else 200)


@require_GET
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """An inbox with its forms."""
    return show(request, slug, {})


@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Save the name, and the limits of retention."""
    post = request.POST

    def save() -> None:
        inboxes.update(
            scope(),
            slug,
            name=post.get("name", ""),
            quota_octets=_octets(post.get("quota", "")) or 0,
            label_days=_number(post.get("label_days", "")) or 0,
            retention={
                "retention_count": _number(post.get("messages", "")),
                "retention_days": _number(post.get("days", "")),
                "retention_octets": _octets(post.get("octets", "")),
            },
        )

    return _saved(request, slug, "keeping", save)


@require_POST
def change_conditions(request: HttpRequest, slug: str) -> HttpResponse:
    """Save the conditions of the inbox."""
    post = request.POST

    def save() -> None:
        typed: Context = {
            name: [each for each in post.get(name, "").splitlines() if each.strip()]
            for name in sorting_conditions.LISTS
        }
        inbox = inboxes.by_slug(scope(), slug)
        given = typed | {"header": "header" in post}
        put = sorting_conditions.replacement(inbox, given)
        inboxes.update(scope(), slug, conditions=put)

    return _saved(request, slug, "conditions", save)


@require_POST
def add_credential(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a credential, and show its password once."""
    name, with_cram_md5 = request.POST.get("username", ""), "cram_md5" in request.POST
    try:
        made = smtp_credentials.add(scope(), slug, name, with_cram_md5)
    except (Invalid, Conflict) as error:
        typed = {"typed": request.POST.dict(), "wrong": {"credentials": str(error)}}
        return show(request, slug, typed, 422)
    return _password(request, slug, made)


@require_POST
def rotate(request: HttpRequest, slug: str, username: str) -> HttpResponse:
    """Make a new password, and show it once; `overlap`: hours that the old one stays valid."""
    try:
        hours = _number(request.POST.get("overlap", "")) or 0
        made = smtp_credentials.rotate(scope(), slug, username, hours * 3600)
    except Invalid as error:
        return show(request, slug, {"wrong": {"credentials": str(error)}}, 422)
    return _password(request, slug, made)


@require_POST
def revoke(request: HttpRequest, slug: str, username: str) -> HttpResponse:
    """Revoke a credential."""
    smtp_credentials.revoke(scope(), slug, username)
    return back(slug, "credentials")


@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete the inbox, after its slug was typed."""
    if request.POST.get("typed", "").strip() != slug:
        wrong = _("Type %(slug)s to delete the inbox.") % {"slug": slug}
        return show(request, slug, {"wrong": {"delete": wrong}}, 422)
    try:
        inbox_removal.delete(scope(), slug)
    except Invalid as error:
        return show(request, slug, {"wrong": {"delete": str(error)}}, 422)
    return redirect("mail-inboxes")


@require_POST
def restore(request: HttpRequest, key: int) -> HttpResponse:
    """Take an inbox out of the trash."""
    return redirect("mail-inbox", inbox_removal.restore(scope(), key).slug)


def _saved(
    request: HttpRequest, slug: str, part: str, save: Callable[[], None]
) -> HttpResponse:
    try:
        save()
    except Invalid as error:
        typed = {"typed": request.POST.dict(), "wrong": {part: str(error)}}
        return show(request, slug, typed, 422)
    return back(slug, part)


def back(slug: str, part: str) -> HttpResponse:
    """Return to a part of the page, which shows what was saved."""
    return redirect(f"{pages.path('mail-inbox', slug, saved=part)}#{part}")


def show(
    request: HttpRequest, slug: str, more: Context, status: int = 200
) -> HttpResponse:
    """Return the page of an inbox. more: the typed input, and its errors"""
    inbox = inboxes.by_slug(scope(), slug)
    given = inbox_rows.given(inbox) | more.pop("typed", {})
    context: Context = {
        "section": "inboxes",
        "inbox": inbox,
        "used": inboxes.used_octets(inbox.pk),
        "is_default": inbox.slug == DEFAULT_SLUG,
        "given": given,
        "kinds": inbox_rows.kinds(given),
        "credentials": _credentials(inbox),
        "saved": request.GET.get("saved"),
        "are_accounts_on": accounts.are_on(),
        "members": _members(inbox),
    }
    context |= link_page.form(current.identity(), slug)
    return render(request, "inboxes/one.html", context | more, status=status)


def _members(inbox: Inbox) -> list[account_rows.MemberRow]:
    found = memberships.find(scope(), inbox.slug)
    return [account_rows.member_row(each) for each in found]


def _credentials(inbox: Inbox) -> list[inbox_rows.CredentialRow]:
    found = smtp_credentials.find(scope(), inbox.slug)
    return [inbox_rows.credential(each) for each in found]


def _password(request: HttpRequest, slug: str, made: NewPassword) -> HttpResponse:
    context = {
        "section": "inboxes",
        "slug": slug,
        "username": made.credential.username,
        "password": made.password,
        "old_until": made.credential.old_until,
    }
    answer = render(request, "inboxes/password.html", context, status=201)
    answer["Cache-Control"] = "no-store"
    return answer


def _number(typed: str) -> int | None:
    """Return a number from 0 on; None if nothing was typed. Raises Invalid."""
    text = typed.strip()
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    if not is_number or int(text) > _HIGHEST:
        raise Invalid(_("Messages, days and hours are whole numbers from 0 on."))
    return int(text)


def _octets(typed: str) -> int | None:
    """Return a size; None if nothing was typed. Raises Invalid."""
    text = typed.strip()
    try:
        octets = SIZE.parse(text) if text else None
    except ValueError:
        octets = inboxes.MAX_QUOTA + 1
    if octets is not None and octets > inboxes.MAX_QUOTA:
        raise Invalid(_("A size is a number of bytes, or a number with K, M or G."))
    return octets
