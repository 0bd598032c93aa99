"""Members of an inbox, which are changed on its page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox.access import memberships
from inbox.access.current import scope
from inbox.errors import UserError
from inbox.views import mail_inboxes

_PART = "members"


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a user or a group a member."""
    post = request.POST
    is_group = post.get("kind") == "group"
    name = post.get("member", "").strip()
    named = {"group" if is_group else "user": name}

    def save() -> None:
        memberships.add(scope(), slug, post.get("role", ""), **named)

    return _done(request, slug, save)


@require_POST
def change(request: HttpRequest, slug: str, id: int) -> HttpResponse:
    """Give a member another role."""
    role = request.POST.get("role", "")
    return _done(request, slug, lambda: memberships.change(scope(), slug, id, role))


@require_POST
def remove(request: HttpRequest, slug: str, id: int) -> HttpResponse:
    """Remove a member from the inbox."""
    return _done(request, slug, lambda: memberships.remove(scope(), slug, id))


def _done(request: HttpRequest, slug: str, save: Callable[[], object]) -> HttpResponse:
    """Save, and return to the members; errors are shown there."""
    try:
        save()
    except UserError as error:
        typed = {"typed": request.POST.dict(), "wrong": {_PART: str(error)}}
        return mail_inboxes.show(request, slug, typed, error.status)
    return mail_inboxes.back(slug, _PART)
