"""The form of a release rule, and the actions of the list of rules."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pages
from inbox.access.current import scope
from inbox.errors import Conflict, Invalid, NotFound
from inbox.mailbox import inboxes
from inbox.models import ReleaseRule
from inbox.outgoing import release_rules, routes

_TEXTS = ("name", "action", "inbox", "route", "copy_to")
_LISTS = ("senders", "recipients")
_NEW = {"enabled": True, "action": "release"}


@require_http_methods(["GET", "POST"])
def add_rule(request: HttpRequest) -> HttpResponse:
    """The form of a new rule; POST adds it."""
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def change_rule(request: HttpRequest, id: UUID) -> HttpResponse:
    """The form of a rule; POST changes it."""
    return _form(request, release_rules.get(id))


@require_POST
def move_rule(request: HttpRequest, id: UUID) -> HttpResponse:
    """Move a rule up by one place."""
    rule = release_rules.get(id)
    release_rules.change(id, {"position": max(1, rule.position - 1)})
    return _to_rules()


@require_POST
def remove_rule(request: HttpRequest, id: UUID) -> HttpResponse:
    """Remove a rule."""
    release_rules.delete(id)
    return _to_rules()


def _form(request: HttpRequest, rule: ReleaseRule | None) -> HttpResponse:
    given: dict[str, Any] = _given(rule) if rule else _NEW
    wrong, status = "", 200
    if request.method == "POST":
        given = _typed(request)
        fields = given | {name: given[name].splitlines() for name in _LISTS}
        try:
            if rule is None:
                release_rules.add(fields)
            else:
                release_rules.change(rule.pk, fields)
            return _to_rules()
        except (Conflict, Invalid, NotFound) as error:
            wrong = str(error)
            status = 422 if isinstance(error, NotFound) else error.status
    context = {
        "section": "outgoing",
        "rule": rule,
        "given": given,
        "wrong": wrong,
        "routes": routes.find(),
        "inboxes": inboxes.find(scope()),
    }
    return render(request, "outgoing/rule.html", context, status=status)


def _given(rule: ReleaseRule) -> dict[str, Any]:
    """Return the fields of a rule for its form."""
    lists = {name: getattr(rule, name) for name in _LISTS}
    return {
        "name": rule.name,
        "enabled": rule.enabled,
        "action": rule.action,
        "inbox": rule.inbox.slug if rule.inbox else "",
        "route": rule.route.name if rule.route else "",
        "copy_to": rule.copy_to,
        **{n: "\n".join(v) if isinstance(v, list) else "" for n, v in lists.items()},
    }


def _typed(request: HttpRequest) -> dict[str, Any]:
    post = request.POST
    texts = {name: post.get(name, "") for name in (*_TEXTS, *_LISTS)}
    return texts | {"enabled": "enabled" in post}


def _to_rules() -> HttpResponse:
    return redirect(f"{pages.path('outgoing')}#rules")
