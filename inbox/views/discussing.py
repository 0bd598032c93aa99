"""Comments on a message, and its assignee.

Each works as a plain form; htmx requests the fragment that changes.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from inbox.access import assigning, current
from inbox.errors import Invalid
from inbox.mailbox import discussion, marking, messages
from inbox.mailbox.selection import Selection
from inbox.models import Message


@require_POST
def assign(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Assign a message to the user `assignee`, by name; empty: to nobody."""
    scope = current.scope()
    chosen = Selection((messages.get(scope, id).pk,))
    name = request.POST.get("assignee", "")
    try:
        to = assigning.found(scope, chosen, name)
        message = marking.update(scope, id, assignee=to)
    except Invalid as error:
        message = messages.get(scope, id)
        return _answer(request, "_assignee", message, error)
    return _answer(request, "_assignee", message)


@require_POST
def comment(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Add the comment `text` to a message."""
    message = messages.get(current.scope(), id)
    text = request.POST.get("text", "")
    try:
        assigning.comment(current.identity(), message, text)
    except Invalid as error:
        return _answer(request, "_comments", message, error, text)
    return _answer(request, "_comments", message)


@require_POST
def remove(request: HttpRequest, id: UUID | str, comment: UUID) -> HttpResponse:
    """Remove a comment."""
    message = messages.get(current.scope(), id)
    found = discussion.comment(message, comment)
    assigning.remove_comment(current.identity(), found, message.inbox_id)
    return _answer(request, "_comments", message)


def _answer(
    request: HttpRequest,
    part: str,
    message: Message,
    error: Invalid | None = None,
    given: str = "",
) -> HttpResponse:
    """Show the changed part, or the error; without htmx, redirect to the message's page."""
    if "HX-Target" not in request.headers:
        if error:
            raise error
        return redirect(message)
    wrong = str(error) if error else ""
    context = {"message": message, "wrong": wrong, "given": given}
    status = Invalid.status if wrong else 200
    return render(request, f"message/{part}.html", context, status=status)
