"""The reports that Mailsink made about a message: a fragment, renewed after new reports."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.mailbox import messages
from inbox.presenters import made_report_rows


@require_GET
def of_message(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """A fragment: the reports about a message."""
    rows = made_report_rows.of_message(scope(), messages.get(scope(), id).pk)
    return render(request, "message/_made_reports.html", {"made_reports": rows})
