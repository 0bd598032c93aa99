"""The page of the audit log, and its exports."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access import accounts, audit_export, audit_search
from inbox.access.audit_search import AuditFilter
from inbox.access.current import scope
from inbox.access.roles import Role
from inbox.errors import BadRequest
from inbox.mailbox import inboxes
from inbox.presenters import audit_rows

_ROWS = 50


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The entries that the reader may see, newest first."""
    by, wrong, found = _filter(request), "", None
    seen = scope(Role.MANAGER)
    try:
        found = audit_search.find(seen, by, request.GET.get("cursor"), _ROWS)
    except BadRequest as error:
        wrong = str(error)
    context = {
        "section": "audit",
        "are_accounts_on": accounts.are_on(),
        "by": by,
        "wrong": wrong,
        "rows": [audit_rows.audit_row(each) for each in found.items] if found else [],
        "older": audit_rows.query(by, found.next) if found and found.next else "",
        "asked": audit_rows.query(by),
        "inboxes": inboxes.find(seen),
    }
    return render(request, "account/audit.html", context, status=400 if wrong else 200)


@require_GET
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The entries as CSV."""
    found = audit_search.every(scope(Role.MANAGER), _filter(request))
    return _file(audit_export.as_csv(found), "text/csv; charset=utf-8", "csv")


@require_GET
def as_lines(request: HttpRequest) -> StreamingHttpResponse:
    """The entries as lines of JSON."""
    found = audit_search.every(scope(Role.MANAGER), _filter(request))
    return _file(audit_export.as_lines(found), "application/jsonl", "jsonl")


def _filter(request: HttpRequest) -> AuditFilter:
    names = ("user", "inbox", "kind", "since", "until")
    given = {each: request.GET.get(each, "").strip()[:150] for each in names}
    return AuditFilter(
        **{each: text.replace("\x00", "") for each, text in given.items()}
    )


def _file(content: Iterable[str], kind: str, ending: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="audit.{ending}"'
    return answer
