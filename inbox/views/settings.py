"""The page Settings: the replies to clients, and settings of this browser and of images.

Forms work without JavaScript; htmx takes its part from the whole page of the answer. A
form shows its errors, and keeps the input.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast, get_args

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inbox import pages
from inbox.access import accounts
from inbox.access.current import scope
from inbox.errors import Invalid, NotFound
from inbox.explain import KIND_WORDS
from inbox.explain.address_kinds import AddressKind
from inbox.http import mine
from inbox.http.chosen_inbox import choice, chosen, is_managed, kept
from inbox.insight import mail_faults
from inbox.mailbox import image_hosts, inboxes
from inbox.mailbox.known_addresses import AddressInput, typed_targets
from inbox.policy import starttls, strict_setting
from inbox.policy.strict_setting import StrictChoice
from mailsink.conf import CONFIG
from mailsink.values import SIZE

Context = dict[str, Any]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The forms; `edit` in the query names the address whose row is a form."""
    return _show(request, {"editing": request.GET.get("edit")})


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Save the part Receiving."""
    quota = request.POST.get("quota", "").strip()
    post = request.POST
    known_only, paused = "known_only" in post, "paused" in post
    address_words = "address_words" in post
    try:
        octets = SIZE.parse(quota) if quota else 0
        if octets > inboxes.MAX_QUOTA:
            raise ValueError(quota)
    except ValueError:
        given = {
            "known_only": known_only,
            "paused": paused,
            "quota": quota,
            "address_words": address_words,
        }
        wrong = _(
            "The quota is a number of bytes, or a number with K, M or G, as in 50M. Leave it "
            "empty for no limit."
        )
        return _show(request, {"given": given, "wrong": wrong}, 422)
    slug = chosen(request).slug
    inboxes.update(
        scope(), slug, known_only, octets, paused, address_words=address_words
    )
    return _back(request, "receiving", saved="receiving")


@require_POST
def change_strict(request: HttpRequest) -> HttpResponse:
    """Save the part Strict mode: `strict`, and the kinds that are `ignored`."""
    mode, typed = request.POST.get("strict", ""), request.POST.get("ignored", "")
    try:
        if mode not in get_args(StrictChoice):
            raise Invalid(_("Strict mode is one of the modes in the list."))
        kinds = strict_setting.clean(typed.replace(",", " ").split())
    except Invalid as error:
        given = {"strict": mode, "ignored": typed}
        return _show(request, {"strict": given, "wrong_strict": str(error)}, 422)
    slug = chosen(request).slug
    inboxes.update(scope(), slug, strict=mode, strict_ignored=kinds)
    return _back(request, "strict", saved="strict")


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """End all pauses of the caller's inboxes: the button in the banner of every page."""
    inboxes.resume(scope())
    return redirect("inbox")


@require_POST
def put_address(request: HttpRequest) -> HttpResponse:
    """Add an address, or replace the one that `instead_of` names."""
    instead_of = request.POST.get("instead_of")
    given = _address(request)
    try:
        one = given | {"target": typed_targets(given["target"][0])}
        inboxes.put_address(scope(), chosen(request).slug, one, instead_of)
    except (Invalid, NotFound) as error:
        context = {"editing": instead_of, "one": given, "wrong_address": str(error)}
        return _show(request, context, 422)
    return _back(request, "addresses", saved="address", edit="")


@require_POST
def remove_address(request: HttpRequest) -> HttpResponse:
    """Remove a known address; an unknown one is no error."""
    with suppress(NotFound):  # another user was faster
        slug, address = chosen(request).slug, request.POST.get("address", "")
        inboxes.remove_address(scope(), slug, address)
    return _back(request, "addresses", saved="address")


@require_POST
def allow_host(request: HttpRequest) -> HttpResponse:
    """Allow mail to load images from a host."""
    try:
        image_hosts.allow(chosen(request), request.POST.get("host", ""))
    except Invalid as error:
        return _show(request, {"wrong_host": str(error)}, 422)
    return _back(request, "images")


@require_POST
def forbid_host(request: HttpRequest) -> HttpResponse:
    """Stop allowing mail to load images from a host; an unknown host is no error."""
    image_hosts.forbid(chosen(request), request.POST.get("host", ""))
    return _back(request, "images")


def _edited(request: HttpRequest) -> str:
    """Return the address whose row is a form; with htmx, each form of the page names it."""
    return request.POST.get("instead_of", "")


def _back(
    request: HttpRequest, section: str, saved: str = "", edit: str | None = None
) -> HttpResponse:
    """Return to a section of the page, which shows what was saved. edit: default: unchanged"""
    edit = _edited(request) if edit is None else edit
    path = pages.path("settings", inbox=kept(request), saved=saved, edit=edit)
    return redirect(f"{path}#{section}")


def _address(request: HttpRequest) -> AddressInput:
    post = request.POST
    return {
        "address": post.get("address", ""),
        "name": post.get("name", ""),
        "kind": cast(
            AddressKind, post.get("kind", "mailbox")
        ),  # checked by the code that stores it
        "target": [post.get("target", "")],  # as typed
    }


@require_POST
def save_mine(request: HttpRequest) -> HttpResponse:
    """Store the `patterns` of one's own addresses; none: no Mine."""
    typed = request.POST.get("patterns", "")
    try:
        patterns = mine.read(typed)
    except Invalid as error:
        return _show(request, {"typed": typed, "wrong_mine": str(error)}, 422)
    response = _back(request, "browser", saved="mine")
    mine.keep(response, request, patterns)
    return response


def _show(request: HttpRequest, more: Context, status: int = 200) -> HttpResponse:
    inbox = chosen(request)
    addresses: list[AddressInput] = inbox.addresses
    patterns = mine.patterns(request)
    context: Context = {
        "section": "settings",
        "inbox": inbox,
        "choice": choice(inbox),
        "is_managed": is_managed(inbox),
        "used": inboxes.used_octets(inbox.pk),
        "given": {
            "known_only": inbox.known_only,
            "paused": inbox.paused,
            "quota": _as_typed(inbox.quota_octets),
            "address_words": inbox.address_words,
        },
        "strict": {
            "strict": inbox.strict,
            "ignored": ", ".join(inbox.strict_ignored),
        },
        "strict_choices": _strict_choices(),
        "errors": mail_faults.KINDS.values(),
        "addresses": addresses,
        "hosts": image_hosts.allowed(inbox.pk),
        "withheld": starttls.withheld(),
        "kinds": KIND_WORDS.items(),
        "saved": request.GET.get("saved"),
        "mine": patterns,
        "typed": "\n".join(patterns),
        "are_accounts_on": accounts.are_on(),
        "editing": _edited(request),
    }
    context |= more
    if not any(each["address"] == context["editing"] for each in addresses):
        context["editing"] = None  # it is gone: the input would add it again
    return render(request, "settings/index.html", context, status=status)


def _strict_choices() -> list[tuple[str, str]]:
    """Return the modes of an inbox with their labels."""
    server = strict_setting.of_server(CONFIG).mode
    return [
        ("server", _("as MAILSINK_STRICT says: %(mode)s") % {"mode": server}),
        ("off", _("off")),
        ("report", _("report: accept all, and count errors in the API")),
        ("error", _("error: refuse a message with an error")),
    ]


def _as_typed(octets: int) -> str:
    """Return a size in the form of MAILSINK_MAX_MESSAGE_SIZE: "50M"; "" for no limit."""
    for shift, unit in ((30, "G"), (20, "M"), (10, "K")):
        if octets and octets % (1 << shift) == 0:
            return f"{octets >> shift}{unit}"
    return str(octets) if octets else ""
