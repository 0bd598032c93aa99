"""Two messages side by side, with a tab for each aspect that can differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from inbox import pages
from inbox.access.current import scope
from inbox.errors import BadRequest
from inbox.insight import compare
from inbox.insight.compare import ASPECTS, Side
from inbox.mailbox import messages
from inbox.models import Message
from mailsink.bidi import isolated
from mailsink.diff import Difference, DiffRow
from mailsink.mime import elements

_AROUND = 3  # equal lines shown before and after a difference
_FOLDED = 8  # the fewest equal lines that are folded
_SHOWN = 3000  # rows on a page
_OFFERED = 50  # messages offered for the comparison

# Guesses at the height of a frame, in pixels
_LINE, _NARROW, _PICTURE = 40, 45, 240  # of a line; characters in a line; of a picture
_STEP, _STEPS = 800, 20  # the heights in compare.css

_WIDTHS = {
    "375": gettext_noop("375 px"),
    "768": gettext_noop("768 px"),
    "full": gettext_noop("Full width"),
}
_SCHEMES = {"light": gettext_noop("Light"), "dark": gettext_noop("Dark")}

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
    count: int | None  # rows that differ; None: only the eye can see


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message to compare with. reason: why it is offered first, or """ ""

    message: Message
    url: str
    recipient: str
    more: int  # recipients
    reason: str


@dataclass(frozen=True, slots=True)
class RenderedChoice:
    """A way to show both messages as HTML, and its URL."""

    label: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """Equal rows that are not shown."""

    count: int
    id: str  # of the first of them, for the URL that shows all
    kind: str = "fold"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The messages `a` and `b`; with `a` only, the messages to compare it with."""
    left = Side(scope(), request.GET.get("a", ""))
    if "b" not in request.GET:
        return _choose(request, left.message)
    right = Side(scope(), request.GET["b"])
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
    if chosen.key == "rendered":
        context |= _rendered(left, right, request.GET)
    if chosen.key in found:
        whole = request.GET.get("all") == "yes"
        context |= _rows(found[chosen.key], whole)
        context |= {"whole": whole, "whole_url": f"{chosen.url}&all=yes"}
    return render(request, "compare/index.html", context)


@require_GET
def with_previous(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Compare a message with an earlier similar one, or let the user choose one."""
    message = messages.get(scope(), id)
    previous = compare.previous(scope(), message)
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
    # Unless one is requested, the first tab with differences.
    differing = next(
        (key for key in keys if key in found and found[key].count), keys[0]
    )
    chosen = asked if asked in keys else differing
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
        "words_cut": difference.words_cut,
        "numbered": any(row.left_at or row.right_at for row in difference.rows),
    }


def _folded(rows: list[DiffRow]) -> Iterator[DiffRow | Fold]:
    """Yield rows, with a fold in place of many equal ones."""
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
    query, cursor = request.GET.get("q", ""), request.GET.get("cursor")
    context: dict[str, object] = {
        "section": "inbox",
        "message": message,
        "query": query,
        "none_before": request.GET.get("none") == "before",
    }
    try:
        found = messages.find(scope(), query, cursor, _OFFERED)
    except BadRequest as error:
        context["wrong"] = str(error)
        return render(request, "compare/choose.html", context, status=400)
    first = [] if query or cursor else list(_likely(message))
    known = {message.pk, *(each.message.pk for each in first)}
    rest = (_other(each, message) for each in found.items if each.pk not in known)
    context |= {"others": [*first, *rest], "next": found.next}
    return render(request, "compare/choose.html", context)


def _likely(message: Message) -> Iterator[OtherMessage]:
    """Yield the messages most worth comparing with, each with the reason."""
    of_sender = compare.last_of_sender(scope(), message)
    if of_sender is not None:
        name = message.from_name or message.from_address
        reason = _("Last from %(name)s") % {"name": isolated(name)}
        yield _other(messages.get(scope(), of_sender.pk), message, reason)
    same = compare.last_of_subject(scope(), message)
    if same is not None and same != of_sender:
        yield _other(
            messages.get(scope(), same.pk), message, _("Last with this subject")
        )


def _other(other: Message, message: Message, reason: str = "") -> OtherMessage:
    """Return a message to compare with; the older one of two is on the left."""
    older, newer = sorted((other, message), key=lambda each: each.pk)
    transaction = other.transaction
    count = transaction.recipients_accepted + transaction.recipients_refused
    recipient = transaction.first_recipient or next(
        (each["address"] for each in other.to), ""
    )
    return OtherMessage(
        other,
        _url(older, newer),
        recipient,
        max(0, count - 1),
        reason,
    )


def _rendered(left: Side, right: Side, asked: QueryDict) -> dict[str, object]:
    """Return the context for showing both as HTML. asked: width, scheme

    Their scripts cannot run, so the page cannot ask for their height: both get the
    height that the longer one may need, and scroll together. An even longer message
    scrolls separately.
    """
    width = asked.get("width", "full")
    scheme = asked.get("scheme", "light")
    chosen = {
        "width": width if width in _WIDTHS else "full",
        "scheme": scheme if scheme in _SCHEMES else "light",
    }

    def choices(name: str, labels: dict[str, str]) -> list[RenderedChoice]:
        return [
            RenderedChoice(
                _(label),
                pages.path(
                    "compare", a=left.message.pk, b=right.message.pk,
                    **{"tab": "rendered", **chosen, name: value},
                ),
                chosen[name] == value,
            )
            for value, label in labels.items()
        ]  # fmt: skip

    groups = [
        (_("Width"), choices("width", _WIDTHS)),
        (_("Colours of the mail"), choices("scheme", _SCHEMES)),
    ]
    return {**chosen, "groups": groups, "height": max(map(_height, (left, right)))}


def _height(side: Side) -> int:
    """Return a generous guess at the height of a message's HTML, in steps of CSS."""
    page = elements.read(side.html[: compare.MAX_TEXT])
    texts = (each.text.strip() for each in page.texts)
    text = sum(1 + len(each) // _NARROW for each in texts if each) * _LINE
    pictures = sum(each.name == "img" for each in page.elements) * _PICTURE
    return min(_STEPS, max(1, -(-(text + pictures) // _STEP)))
