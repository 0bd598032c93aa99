"""Case files, to be saved and attached to a ticket."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from inbox.http import files
from inbox.insight import case_file
from inbox.mailbox.paging import NotFound
from inbox.mailbox.scope import ALL
from inbox.views.inbox import not_found


@require_GET
def of_message(request: HttpRequest, id: str) -> HttpResponse:
    """The case file of a message."""
    try:
        return files.case(case_file.of_message(ALL, id))
    except NotFound as error:
        return not_found(request, error)


@require_GET
def of_transaction(request: HttpRequest, id: str) -> HttpResponse:
    """The case file of what was tried, whatever came of it."""
    try:
        return files.case(case_file.of_transaction(ALL, id))
    except NotFound as error:
        return not_found(request, error)


@require_GET
def of_session(request: HttpRequest, id: str) -> HttpResponse:
    """The case file of a session."""
    try:
        return files.case(case_file.of_session(ALL, id))
    except NotFound as error:
        return not_found(request, error)
