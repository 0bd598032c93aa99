"""The attempts at one message: fragments, which are renewed after each new attempt."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.explain.attempt_history import AttemptHistory
from inbox.insight import attempts
from inbox.mailbox import messages, sessions
from inbox.presenters.attempts import history_panel


@require_GET
def of_message(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """A fragment: the attempts at sending a message."""
    return _shown(request, _of_message(id))


@require_GET
def of_transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """A fragment: the attempts at sending a transaction's message."""
    return _shown(request, attempts.of_transaction(scope(), id))


@require_GET
def of_exchange(request: HttpRequest, id: UUID, seq: int) -> HttpResponse:
    """A fragment: the attempts to which a line of a session belongs."""
    return _shown(request, _of_exchange(id, seq))


def _of_message(id: UUID | str) -> AttemptHistory:
    return attempts.of_transaction(scope(), messages.get(scope(), id).transaction_id)


def _of_exchange(id: UUID, seq: int) -> AttemptHistory | None:
    lines = sessions.exchanges(scope(), id, after=seq - 1, limit=1)
    found = lines and lines[0].seq == seq
    return attempts.of_exchange(scope(), lines[0]) if found else None


def _shown(request: HttpRequest, history: AttemptHistory | None) -> HttpResponse:
    return render(
        request, "attempts/_history.html", {"history": history_panel(history)}
    )
