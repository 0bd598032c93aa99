"""An event in a few words for chats: a title, facts, and the page that shows it.

The texts come from mail, whose author may be anybody: they are cut, and have no line
breaks. The shape for each chat keeps commands in them from having an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from inbox import pages
from inbox.models.webhook import TEST_EVENT

_LONGEST_TITLE = 120  # characters
_LONGEST_FACT = 200

Facts = list[tuple[str, str]]
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallText:
    """An event in words. facts: pairs of a label and a text; url: of its page"""

    title: str
    facts: Facts
    url: str


def text(event: str, object: Object, base_url: str) -> CallText:
    """Return an event in words. object: in the form of API v3; base_url: of the pages"""
    title, facts, path = _TEXTS[event](object)
    return CallText(
        _cut(title, _LONGEST_TITLE),
        [(label, _cut(value, _LONGEST_FACT)) for label, value in facts if value],
        f"{base_url}{path}",
    )


def _cut(text: str, most: int) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _message(object: Object) -> tuple[str, Facts, str]:
    title = _("New message: %(subject)s") % {"subject": _subject(object)}
    return title, _people(object), pages.path("message", object["id"])


def _bounce(object: Object) -> tuple[str, Facts, str]:
    title = _("Bounce: %(subject)s") % {"subject": _subject(object)}
    report = object.get("report") or {}
    facts = [
        (
            each.get("address", ""),
            " ".join(filter(None, (each.get("action", ""), each.get("status", "")))),
        )
        for each in report.get("recipients", [])[:3]
    ]
    return title, [*_people(object), *facts], pages.path("message", object["id"])


def _rejection(object: Object) -> tuple[str, Facts, str]:
    title = _("Rejected: %(subject)s") % {"subject": _subject(object)}
    facts = [
        (_("Reverse-path"), object["reverse_path"]),
        (
            _("Recipients"),
            ", ".join(each["forward_path"] for each in object["recipients"][:5]),
        ),
        (_("Code"), str(object["code"] or "")),
        (_("Reason"), object["failure"]),
    ]
    return title, facts, pages.path("transaction", object["id"])


def _session(object: Object) -> tuple[str, Facts, str]:
    client = object["helo"] or object["client_address"]
    title = _("Session of %(client)s ended") % {"client": client}
    facts = [
        (_("Ending"), object["ending"] or ""),
        (_("Messages"), str(object["messages"])),
        (_("Worst code"), str(object["worst_code"] or "")),
    ]
    return title, facts, pages.path("session", object["id"])


def _release(object: Object) -> tuple[str, Facts, str]:
    words = _("Release delivered: %(subject)s")
    if object["state"] != "delivered":
        words = _("Release failed: %(subject)s")
    facts = [(_("Route"), object["route"])]
    facts += [
        (each["forward_path"], each["text"] or each["state"])
        for each in object["recipients"][:5]
    ]
    return words % {"subject": _subject(object)}, facts, pages.path("outgoing")


def _test(object: Object) -> tuple[str, Facts, str]:
    title = _("Test of the webhook %(name)s") % {"name": object["name"]}
    return title, [], pages.path("webhook", object["id"])


def _subject(object: Object) -> str:
    return object["subject"] or _("(no subject)")


def _people(object: Object) -> Facts:
    to = [each["address"] or each["name"] for each in object["to"][:5]]
    sender = object["from"]
    return [
        (_("From"), sender["address"] or sender["name"]),
        (_("To"), ", ".join(to) or object["first_recipient"]),
    ]


_TEXTS: dict[str, Callable[[Object], tuple[str, Facts, str]]] = {
    "message.created": _message,
    "message.bounced": _bounce,
    "transaction.rejected": _rejection,
    "session.closed": _session,
    "release.delivered": _release,
    "release.failed": _release,
    TEST_EVENT: _test,
}
