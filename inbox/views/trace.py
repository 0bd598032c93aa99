"""Where is my mail? The page, and its answer alone for when something changed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.errors import Invalid, NotFound
from inbox.explain import traces
from inbox.explain.evidence import Evidence, EvidenceKind
from inbox.explain.quantities import counted
from inbox.insight.trace import Trace, trace
from inbox.mailbox import inboxes, messages
from inbox.mailbox.scope import ALL
from inbox.search import language
from inbox.search.language import BadQuery, Term

_ADDRESS = re.compile(r"[^\s@<>\":]+@[^\s@<>\"]+")

Context = dict[str, Any]

_TONES: dict[EvidenceKind, str] = {
    "accepted": "ok",
    "hidden": "warning",
    "refused": "error",
    "rejected": "error",
    "cut_off": "error",
    "abandoned": "warning",
    "open": "warning",
    "unnamed": "warning",
}


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A piece of evidence. tone: ok, warning, error or "". opens: the words of its link."""

    at: datetime
    label: str
    tone: str
    words: str
    spelt: str  # the address, where the client wrote it otherwise
    url: str
    opens: str
    session_url: str


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The form, and the answer where an address is given."""
    context, status = _context(request)
    return render(request, "trace/index.html", context, status=status)


@require_GET
def answer(request: HttpRequest) -> HttpResponse:
    """A fragment: the answer as it is now."""
    context, status = _context(request)
    return render(request, "trace/_answer.html", context, status=status)


@require_GET
def sender(request: HttpRequest) -> HttpResponse:
    """A fragment: how many messages came from the address. It takes its time."""
    address = request.GET.get("address", "")
    try:
        count = messages.count(ALL, str(Term("from", address, negated=False)))
    except BadQuery:
        return HttpResponse(_("As sender"))
    return HttpResponse(
        _("As sender: %(count)s") % {"count": counted(count, "message")}
    )


def link(address: str, q: str = "") -> str:
    """Return the address of the page that tells where mail for someone is."""
    return pages.path("trace", address=address, q=q)


def offered(query: str) -> dict[str, str]:
    """Return the recipient that a search asks for, and the link that traces its mail.

    Nothing where there is none.
    """
    with suppress(BadQuery):
        groups = language.parse(query).groups
        for term in (each for group in groups for each in group):
            about = term.field in ("", "to", "cc", "bcc") and not term.negated
            if about and _ADDRESS.fullmatch(term.value):
                more = len(groups) > 1  # terms that may hide it
                url = link(term.value, query if more else "")
                return {"address": term.value, "url": url}
    return {}


def _context(request: HttpRequest) -> tuple[Context, int]:
    given = {name: request.GET.get(name, "") for name in ("address", "q", "inbox")}
    context: Context = {"section": "trace", "given": given}
    if not given["address"].strip():
        return context, 200
    try:
        inbox = inboxes.by_slug(ALL, given["inbox"]).slug if given["inbox"] else None
        found = trace(ALL, given["address"], given["q"], inbox)
    except (Invalid, NotFound) as error:
        return context | {"wrong": str(error)}, 400
    except BadQuery as error:
        wrong = _("The filter %(given)s cannot be read: %(error)s") % {
            "given": given["q"],
            "error": error,
        }
        return context | {"wrong": wrong, "given": given | {"q": ""}}, 400
    return context | _answer(found), 200


def _answer(found: Trace) -> Context:
    rows = [_row(each, found) for each in found.evidence]
    certain = [each.kind != "unnamed" for each in found.evidence]
    newest = rows[certain.index(True)] if any(certain) else None
    return {
        "trace": found,
        "rows": rows,
        "newest": newest,
        "near": [(each, link(each.address)) for each in found.near],
        "as_recipient": _search("to", found.address),
        "as_sender": _search("from", found.address),
    }


def _row(one: Evidence, found: Trace) -> TraceRow:
    return TraceRow(
        at=one.at,
        label=traces.label(one),
        tone=_TONES.get(one.kind, ""),
        words=traces.words(one, found.at),
        spelt=one.address if one.address != found.address else "",
        url=one.url,
        opens=_opens(one),
        session_url="" if one.seq or one.url == one.session_url else one.session_url,
    )


def _opens(one: Evidence) -> str:
    if one.kind in ("accepted", "hidden"):
        return _("Open the message")
    if one.kind == "trash":
        return _("Open the trash")
    return _("Open the line") if one.seq else _("Open the session")


def _search(field: str, address: str) -> str:
    """Return the inbox that shows what a term finds; "" where no term can say it."""
    if '"' in address:
        return ""
    return pages.path("inbox", q=str(Term(field, address, negated=False)))
