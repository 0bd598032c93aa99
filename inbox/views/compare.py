"""Two messages side by side, a tab for each thing that can differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.errors import BadRequest
from inbox.insight import compare
from inbox.insight.compare import ASPECTS, Side
from inbox.mailbox import messages
from inbox.mailbox.scope import ALL
from inbox.models import Message
from mailsink.diff import Difference, DiffRow

_AROUND = 3  # lines alike that are shown before and after one that differs
_FOLDED = 8  # lines alike that are worth a fold
_SHOWN = 3000  # rows in a page
_OFFERED = 50  # messages to choose the other one of

_LABELS = {
    "headers": gettext_noop("Headers"),
    "text": gettext_noop("Text"),
    "markup": gettext_noop("HTML source"),
    "rendered": gettext_noop("Rendered"),
    "envelope": gettext_noop("Envelope"),
    "transcript": gettext_noop("Transcript"),
}


@dataclass(frozen=True, slots=True)
class CompareTab:
    key: str
    label: str
    url: str
    chosen: bool
    count: int | None  # rows that differ; None: it is for the eye to tell


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows alike that are not shown."""

    count: int
    id: str  # of the first of them, where all are shown
    kind: str = "fold"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The messages `a` and `b`; with `a` alone, those that it can be compared with."""
    left = Side(ALL, request.GET.get("a", ""))
    if "b" not in request.GET:
        return _choose(request, left.message)
    right = Side(ALL, request.GET["b"])
    found = {key: differ(left, right) for key, differ in ASPECTS.items()}
    if not (left.html or right.html):
        del found["markup"]
    tabs = list(_tabs(left, right, found, request.GET.get("tab", "")))
    (chosen,) = (tab for tab in tabs if tab.chosen)
    context: dict[str, object] = {
        "section": "inbox",
        "left": left.message,
        "right": right.message,
        "sides": [left, right],
        "tabs": tabs,
        "tab": chosen,
        "swapped": _url(right.message, left.message, chosen.key),
    }
    if chosen.key in found:
        whole = request.GET.get("all") == "yes"
        context |= _rows(found[chosen.key], whole)
        context |= {"whole": whole, "whole_url": f"{chosen.url}&all=yes"}
    return render(request, "compare/index.html", context)


@require_GET
def with_previous(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Compare a message with the one before of its subject, or let choose another."""
    message = messages.get(ALL, id)
    previous = compare.previous(ALL, message)
    if previous is None:
        return redirect(pages.path("compare", a=message.pk, none="before"))
    return redirect(_url(previous, message))


def _url(left: Message, right: Message, tab: str = "") -> str:
    return pages.path("compare", a=left.pk, b=right.pk, tab=tab)


def _tabs(
    left: Side, right: Side, found: dict[str, Difference], asked: str
) -> Iterator[CompareTab]:
    keys = [key for key in _LABELS if key in found or key == "rendered"]
    if "markup" not in found:
        keys.remove("rendered")
    # Unless one is asked for, the first that has something to tell.
    telling = next((key for key in keys if key in found and found[key].count), keys[0])
    chosen = asked if asked in keys else telling
    for key in keys:
        url = _url(left.message, right.message, key)
        count = found[key].count if key in found else None
        yield CompareTab(key, _(_LABELS[key]), url, key == chosen, count)


def _rows(difference: Difference, whole: bool) -> dict[str, object]:
    rows: list[DiffRow | Fold] = (
        list(difference.rows) if whole else list(_folded(difference.rows))
    )
    return {
        "rows": rows[:_SHOWN],
        "count": difference.count,
        "cut": difference.cut or len(rows) > _SHOWN,
        "numbered": any(row.left_at or row.right_at for row in difference.rows),
    }


def _folded(rows: list[DiffRow]) -> Iterator[DiffRow | Fold]:
    """Yield rows, with a fold in the place of many that are alike."""
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end].kind == "same":
            end += 1
        first = start + (_AROUND if start else 0)
        last = end - (_AROUND if end < len(rows) else 0)
        if last - first >= _FOLDED:
            yield from rows[start:first]
            yield Fold(last - first, f"r{first}")
            yield from rows[last:end]
        else:
            yield from rows[start:end]
        if end < len(rows):
            yield rows[end]
        start = end + 1


def _choose(request: HttpRequest, message: Message) -> HttpResponse:
    query = request.GET.get("q", "")
    context: dict[str, object] = {
        "section": "inbox",
        "message": message,
        "query": query,
        "none_before": request.GET.get("none") == "before",
    }
    try:
        found = messages.find(ALL, query, request.GET.get("cursor"), _OFFERED)
    except BadRequest as error:
        context["wrong"] = str(error)
        return render(request, "compare/choose.html", context, status=400)
    context["others"] = [
        # The older one first.
        (each, _url(each, message) if each.pk < message.pk else _url(message, each))
        for each in found.items
        if each.pk != message.pk
    ]
    return render(request, "compare/choose.html", context | {"next": found.next})
