"""The place of the mail for an address.

These are the page, its answer only, and a summary for a search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.access.current import scope
from inbox.errors import Invalid, NotFound
from inbox.explain import traces
from inbox.explain.evidence import Evidence, EvidenceKind, Near
from inbox.explain.quantities import ago, shortened
from inbox.insight.trace import MAX_LENGTH, AddressSummary, Trace, summaries, trace
from inbox.insight.trace.parts import with_part
from inbox.mailbox import inboxes
from inbox.search import language
from inbox.search.language import BadQuery, Term

_ADDRESS = re.compile(r"[^\s@<>\":]+@[^\s@<>\"]+")
_PART = re.compile(r"[^\s<>\":/*?]{2,}")
_PEOPLE = ("", "from", "to", "cc", "bcc")
_SUGGESTED = 5  # addresses

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
_RETRIED: tuple[EvidenceKind, ...] = ("refused", "rejected", "cut_off", "abandoned")


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A piece of evidence. tone: ok, warning, error or "". opens: the words of its link"""

    at: datetime
    label: str
    tone: str
    words: str
    spelt: str  # the client's spelling of the address, if different
    url: str
    opens: str
    session_url: str
    report_url: str  # of the attempts at the failed message; "" for none


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """An address in the summary above a search, with its numbers in words; "" for zero."""

    address: str
    url: str
    received: str
    received_ago: str
    sent: str
    sent_url: str


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The form, and the answer if an address is given."""
    context, status = _context(request)
    return render(request, "trace/index.html", context, status=status)


@require_GET
def answer(request: HttpRequest) -> HttpResponse:
    """A fragment: the current answer."""
    context, status = _context(request)
    return render(request, "trace/_answer.html", context, status=status)


@require_GET
def summary(request: HttpRequest) -> HttpResponse:
    """A fragment: the numbers of mail for the addresses that the search `q` may mean."""
    query = request.GET.get("q", "")
    asked = offered(query)
    now = datetime.now(UTC)
    found = summaries(scope(), asked.text) if asked else []
    rows = [_summary_row(each, asked.filter if asked else "", now) for each in found]
    return render(request, "trace/_summary.html", {"rows": rows, "asked": asked})


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """A fragment: links that trace the known addresses with the text `part` in them."""
    near = with_part(scope(), request.GET.get("part", "")[:MAX_LENGTH])[:_SUGGESTED]
    return render(request, "trace/_suggested.html", {"near": _linked(near)})


def link(address: str, q: str = "") -> str:
    """Return the URL of the page that shows where an address's mail is."""
    return pages.path("trace", address=address, q=q)


@dataclass(frozen=True, slots=True)
class Offer:
    """An address that a search may mean, or (whole: false) a part of one."""

    text: str
    whole: bool
    filter: str  # the search, if its other terms may hide a message

    @property
    def url(self) -> str:
        return link(self.text, self.filter)


def offered(query: str) -> Offer | None:
    """Return the address that a search may mean: a whole one, a part, or its only word."""
    with suppress(BadQuery):
        groups = language.parse(query).groups
        for term in (each for group in groups for each in group):
            about = term.field in _PEOPLE and not term.negated
            if about and _ADDRESS.fullmatch(term.value):
                more = len(groups) > 1  # other terms may hide messages
                return Offer(term.value, True, query if more else "")
            if about and _PART.fullmatch(term.value) and query.split() == [query]:
                return Offer(term.value, False, "")
    return None


def _context(request: HttpRequest) -> tuple[Context, int]:
    given = {name: request.GET.get(name, "") for name in ("address", "q", "inbox")}
    context: Context = {"section": "trace", "given": given}
    if not given["address"].strip():
        return context, 200
    try:
        inbox = (
            inboxes.by_slug(scope(), given["inbox"]).slug if given["inbox"] else None
        )
        found = trace(scope(), given["address"], given["q"], inbox)
    except (Invalid, NotFound) as error:
        return context | {"wrong": str(error)}, 400
    except BadQuery as error:
        wrong = _("The filter %(given)s is not valid: %(error)s") % {
            "given": given["q"],
            "error": error,
        }
        return context | {"wrong": wrong, "given": given | {"q": ""}}, 400
    return context | _answer(found), 200


def _answer(found: Trace) -> Context:
    maybe = [each for each in found.evidence if each.kind == "unnamed"]
    rows = [_row(each, found) for each in found.evidence if each.kind != "unnamed"]
    return {
        "trace": found,
        "rows": rows,
        "maybe": [_row(each, found) for each in maybe],
        "newest": rows[0] if rows else None,
        "near": _linked(found.near),
        "sent": traces.sent_by(found.sent),
        "as_recipient": _search("to", found.address),
        "as_sender": _search("from", found.address),
    }


def _summary_row(one: AddressSummary, filter: str, now: datetime) -> SummaryRow:
    received, sent = one.received, one.sent
    return SummaryRow(
        address=shortened(one.address, 80),
        url=link(one.address, filter),
        received=traces.numbers(received),
        received_ago=ago(received.last, now) if received.last else "",
        sent=traces.sent_by(sent) if sent.last else "",
        sent_url=_search("from", one.address),
    )


def _linked(near: Sequence[Near]) -> list[tuple[Near, str]]:
    """Return addresses with links that trace their mail."""
    return [(each, link(each.address)) for each in near]


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
        report_url=_report_url(one),
    )


def _report_url(one: Evidence) -> str:
    """Return the retry report of a failed attempt; "" if there can be no retry."""
    if one.kind not in _RETRIED or one.transaction is None:
        return ""
    return pages.path("transaction-retries", one.transaction)


def _opens(one: Evidence) -> str:
    if one.kind in ("accepted", "hidden"):
        return _("Open the message")
    if one.kind == "trash":
        return _("Open the trash")
    return _("Open the reply") if one.seq else _("Open the SMTP session")


def _search(field: str, address: str) -> str:
    """Return the URL of the inbox with the results of a term."""
    return pages.path("inbox", q=str(Term(field, address, negated=False)))
