"""The page of a message or refused transaction: the whole page, the pane, or one tab.

Each action on a message also works as a plain form; htmx requests a fragment.
"""

from __future__ import annotations

import json
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from inbox import pages
from inbox.access.current import scope
from inbox.access.roles import Role
from inbox.errors import Invalid, NotFound
from inbox.http import cookies, navigation
from inbox.mailbox import image_hosts, inboxes, marking, messages, trash
from inbox.mailbox import selection as choices
from inbox.models import Message
from inbox.outgoing import unsubscribing
from inbox.presenters import (
    attached,
    cards,
    checks,
    fault_rows,
    framed,
    message_page,
    tabs,
)
from inbox.presenters.message_page import MessagePage
from inbox.storage.full_disk import is_full
from inbox.views.inbox import listing

_LAST_VIEW = "mailsink_tab"  # a cookie: the last chosen view of a message
_PEEK = "peek"  # the panel over the mail, with the preview of an attachment
_OF_MARKS = {"message-tools": "_tools", "message-read": "_read"}
_OF_PANEL = {"panel": "message/_panel.html", _PEEK: "message/_peek.html"}
_COUNT_KEPT = 600  # seconds that a browser keeps a count: a message never changes
GONE = gettext_noop(
    "There is no such message. It may be in the trash, or may have been removed to "
    "make room (MAILSINK_RETENTION_MESSAGES, MAILSINK_RETENTION_DAYS)."
)


@require_GET
def page(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """A message; a person who opens it marks it as read."""
    try:
        mail = message_page.of_message(scope(), id)
    except NotFound:
        return _maybe_transaction(id)
    if mail.message and _target(request) not in _OF_PANEL and _is_opened(request):
        mail.message = _read(mail.message)
    return _show(request, mail)


@require_GET
def transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """The page of a transaction that was not accepted."""
    mail = message_page.of_transaction(scope(), id)
    if message_url := message_page.accepted_as(scope(), mail.transaction):
        return redirect(message_url)
    return _show(request, mail)


@require_POST
def mark(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Change the given marks: `read` and `pinned` (yes or no), `status`, `note`, tags.

    `add` and `remove` are one tag each.
    """
    read, add, remove = (
        _asked(request, "read"),
        _given(request, "add"),
        _given(request, "remove"),
    )
    note = request.POST.get("note")
    wrong = ""
    message = messages.get(scope(), id)
    least = Role.TESTER if request.POST.keys() - {"read"} else Role.VIEWER
    try:
        message = marking.update(
            scope(least), id, read=read, pinned=_asked(request, "pinned"), note=note,
            status=request.POST.get("status"), add=add, remove=remove,
        )  # fmt: skip
    except Invalid as error:
        if not _target(request):
            raise
        wrong = str(error)
    if _target(request):
        part = _OF_MARKS.get(_target(request), "_marks")
        context = {
            "message": message,
            "wrong": wrong,
            "given": note if wrong else None,
            "adding": bool(add),  # the user may add another one
        }
        status = 422 if wrong else 200
        return render(request, f"message/{part}.html", context, status=status)
    # A redirect to the message's own page would mark it as read again.
    return redirect("inbox") if read is False else redirect(message)


@require_GET
def marks(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """The parts of a message's page that can change after it was opened, as a fragment."""
    context = {"message": messages.get(scope(), id)}
    return render(request, "message/_live.html", context)


@require_GET
def checks_of_message(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """A fragment: the number of checks of a message that found a fault."""
    response = _check_count(request, message_page.of_message(scope(), id))
    patch_cache_control(response, private=True, max_age=_COUNT_KEPT)
    return response


@require_GET
def checks_of_transaction(request: HttpRequest, id: UUID) -> HttpResponse:
    """A fragment: the same for a transaction that was not accepted."""
    return _check_count(request, message_page.of_transaction(scope(), id))


def _check_count(request: HttpRequest, mail: MessagePage) -> HttpResponse:
    context = {"results": checks.counted(mail)}
    return render(request, "message/_check_count.html", context)


@require_POST
def delete(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Put a message in the trash."""
    if not trash.delete(
        scope(), choices.by_ids([id]), request.META["REMOTE_ADDR"]
    ).count:
        raise NotFound(_(GONE))
    if not request.headers.get("HX-Request"):
        return redirect("trash")
    event = json.dumps({"message-deleted": {"id": str(id)}})
    # After the (empty) swap: only then does the page get the event, since the form is
    # gone.
    return HttpResponse(headers={"HX-Trigger-After-Swap": event})


@require_POST
def restore(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Take a message out of the trash."""
    trash.restore(scope(), id)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("message", id)


@require_POST
def allow_images(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Allow the mail of a message's inbox to load images from `host`, now and later."""
    mail = message_page.of_message(scope(), id)
    inbox = inboxes.by_slug(scope(), inboxes.slug(mail.transaction.inbox_id) or "")
    image_hosts.allow(inbox, request.POST.get("host", ""))
    return redirect(pages.path("message", id, tab="html"))


@require_POST
def unsubscribe(request: HttpRequest, id: UUID | str) -> HttpResponse:
    """Send the request to unsubscribe with one click; the message's page shows the answer."""
    unsubscribing.perform(scope(), id, request.META["REMOTE_ADDR"])
    return redirect("message", id)


@require_GET
def missing(request: HttpRequest, id: str) -> HttpResponse:
    """Treat an invalid message id like one of a missing message."""
    raise NotFound(_(GONE))


def _given(request: HttpRequest, name: str) -> list[str]:
    return [request.POST[name]] if name in request.POST else []


def _asked(request: HttpRequest, name: str) -> bool | None:
    return request.POST[name] == "yes" if name in request.POST else None


def _is_opened(request: HttpRequest) -> bool:
    """Whether a person opens the page, as far as the request shows it.

    Foreign pages, which may embed or prefetch ours, must not mark a mail as read. For
    browsers that do not show it, static/js/inbox/message.js reports it.
    """
    if "HX-Request" in request.headers:  # no other page can send this field here
        return not navigation.is_ahead(request)
    return navigation.is_navigation(request)


def _read(message: Message) -> Message:
    if getattr(message, "read", False):
        return message
    try:
        return marking.update(scope(), message.pk, read=True)
    except DatabaseError as error:
        if not is_full(error):
            raise
        return message  # it can be read all the same


def _maybe_transaction(id: UUID | str) -> HttpResponse:
    """Redirect to a transaction, or answer 404.

    Links in transcripts name refused ones by id.
    """
    try:
        message_page.of_transaction(scope(), id)
    except NotFound:
        raise NotFound(_(GONE)) from None
    return redirect("transaction", id)


def _target(request: HttpRequest) -> str:
    """Return the id of the element that htmx requests; "" for a whole page."""
    return request.headers.get("HX-Target", "")


def _show(request: HttpRequest, mail: MessagePage) -> HttpResponse:
    asked, last = request.GET.get("tab", ""), request.COOKIES.get(_LAST_VIEW, "")
    available = tabs.views(mail)
    chosen = tabs.choose(available, asked, last)
    context = {
        "mail": mail,
        **tabs.panel(mail, available, chosen, framed.asked_for(request)),
    }
    target = _target(request)
    if target in _OF_PANEL:
        response = render(request, _OF_PANEL[target], context)
    else:
        context["tabs"] = tabs.tabs(mail, available, chosen)
        context["cards"] = cards.cards(mail)
        context["faults"] = fault_rows.of_refused(mail)
        context |= attached.view(mail)
        if target == "detail":
            response = render(request, "message/_message.html", context)
        else:
            response = render(request, "inbox/index.html", listing(request) | context)
    # A link to a part requests its tab, without choosing it.
    is_choice = asked and target != _PEEK and "part" not in request.GET
    if is_choice and chosen == tabs.choose(available, asked):
        cookies.keep(response, request, _LAST_VIEW, chosen, days=7)
    patch_vary_headers(response, ["HX-Request", "HX-Target", "Cookie"])
    return response
