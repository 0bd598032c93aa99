"""The pages of webhooks: the list, the form, and the history of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox.access.current import scope
from inbox.errors import BadRequest, Invalid, NotFound
from inbox.mailbox import inboxes
from inbox.models import Webhook
from inbox.outgoing import switch
from inbox.presenters import webhook_rows
from inbox.search.language import BadQuery
from inbox.webhooks import deliveries, hooks
from inbox.webhooks.hooks import NewSecret

_ROWS = 50
_TEXTS = ("url", "name", "query", "shape", "inbox")
_NEW: dict[str, Any] = {"shape": "json", "events": ["message.created"]}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The webhooks, by name."""
    context = {
        "section": "webhooks",
        "is_on": switch.is_on(),
        "rows": [webhook_rows.webhook_row(each) for each in hooks.find(scope())],
    }
    return render(request, "webhooks/index.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new webhook; POST adds it, and shows its secret once."""
    given, wrong = _NEW, ""
    if request.method == "POST":
        given = _typed(request)
        try:
            return _secret(request, hooks.add(scope(), given))
        except (BadQuery, Invalid, NotFound) as error:
            wrong = str(error)
    return _form(request, given, wrong, None)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, id: UUID) -> HttpResponse:
    """The form of a webhook; POST changes it."""
    webhook = hooks.get(scope(), id)
    given = {name: getattr(webhook, name) for name in ("url", "name", "query", "shape")}
    given |= {"events": webhook.events, "inbox": inboxes.slug(webhook.inbox_id)}
    wrong = ""
    if request.method == "POST":
        given = _typed(request)
        try:
            hooks.change(scope(), id, given)
            return redirect("webhook", id)
        except (BadQuery, Invalid, NotFound) as error:
            wrong = str(error)
    return _form(request, given, wrong, webhook)


@require_GET
def history(request: HttpRequest, id: UUID) -> HttpResponse:
    """A webhook and its deliveries, newest first; ?state=failed narrows the list."""
    webhook = hooks.get(scope(), id)
    failed = request.GET.get("state") == "failed"
    try:
        state = "failed" if failed else ""
        found = deliveries.find(scope(), id, request.GET.get("cursor"), _ROWS, state)
    except BadRequest as error:
        raise NotFound(str(error)) from None
    context = {
        "section": "webhooks",
        "is_on": switch.is_on(),
        "row": webhook_rows.webhook_row(webhook),
        "rows": [webhook_rows.delivery_row(webhook, each) for each in found.items],
        "failed": failed,
        "address": request.get_full_path(),
        "next": found.next,
    }
    return render(request, "webhooks/webhook.html", context)


@require_POST
def remove(request: HttpRequest, id: UUID) -> HttpResponse:
    """Remove a webhook."""
    hooks.delete(scope(), id)
    return redirect("webhooks")


@require_POST
def pause(request: HttpRequest, id: UUID) -> HttpResponse:
    """Pause a webhook: events wait."""
    hooks.change(scope(), id, {"paused": True})
    return redirect("webhook", id)


@require_POST
def resume(request: HttpRequest, id: UUID) -> HttpResponse:
    """Resume calls of a webhook that was paused or off."""
    hooks.change(scope(), id, {"paused": False})
    return redirect("webhook", id)


@require_POST
def test(request: HttpRequest, id: UUID) -> HttpResponse:
    """Test a webhook: its history shows the result."""
    deliveries.test(scope(), id)
    return redirect("webhook", id)


@require_POST
def rotate(request: HttpRequest, id: UUID) -> HttpResponse:
    """Make a new secret, and show it once."""
    return _secret(request, hooks.rotate(scope(), id))


@require_POST
def replay(request: HttpRequest, id: UUID, delivery: UUID) -> HttpResponse:
    """Put a delivery at the end of the queue again."""
    deliveries.replay(scope(), id, delivery)
    return redirect("webhook", id)


@require_POST
def replay_failed(request: HttpRequest, id: UUID) -> HttpResponse:
    """Put all failed deliveries at the end of the queue again."""
    deliveries.replay_failed(scope(), id)
    return redirect("webhook", id)


def _form(
    request: HttpRequest, given: dict[str, Any], wrong: str, webhook: Webhook | None
) -> HttpResponse:
    found = inboxes.find(scope())
    context = {
        "section": "webhooks",
        "webhook": webhook,
        "given": given,
        "wrong": wrong,
        "events": webhook_rows.event_choices(given["events"]),
        "shapes": webhook_rows.SHAPE_WORDS,
        "inboxes": found if len(found) > 1 else [],
        "private": settings.CONFIG.webhooks_private,
    }
    status = 422 if wrong else 200
    return render(request, "webhooks/form.html", context, status=status)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """Return a form's input as the fields of a webhook."""
    post = request.POST
    return {name: post.get(name, "") for name in _TEXTS} | {
        "events": post.getlist("events")
    }


def _secret(request: HttpRequest, made: NewSecret) -> HttpResponse:
    context = {
        "section": "webhooks",
        "row": webhook_rows.webhook_row(made.webhook),
        "secret": made.secret,
    }
    answer = render(request, "webhooks/secret.html", context, status=201)
    answer["Cache-Control"] = "no-store"
    return answer
