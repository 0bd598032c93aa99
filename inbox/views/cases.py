"""Case files, for saving and attaching to a ticket."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.http import files
from inbox.insight import case_file


@require_GET
def of_message(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """The case file of a message."""
    return files.case(case_file.of_message(scope(), id))


@require_GET
def of_transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """The case file of a transaction, whatever its outcome."""
    return files.case(case_file.of_transaction(scope(), id))


@require_GET
def of_session(request: HttpRequest, id: UUID) -> HttpResponse:
    """The case file of a session."""
    return files.case(case_file.of_session(scope(), id))
