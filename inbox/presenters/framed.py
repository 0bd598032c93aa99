"""The panel of a mail's HTML: its width, its colours, and the images it may load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox import pages
from inbox.http.navigation import is_led_here
from inbox.mailbox import image_hosts
from inbox.presenters.message_page import MessagePage, translated
from mailsink.mime import links, pictures
from mailsink.mime.markup import MAX_LENGTH

WIDTHS = ("full", "768", "375")
SCHEMES = ("light", "dark", "partial", "inverted")
# Schemes that email clients force on a mail; whether they invert all colours
FORCED = {"partial": False, "inverted": True}
_HOSTS_SHOWN = 8
_SHOWN = 1024 * 1024  # characters of HTML, unless more is requested


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """A way to show the HTML, and its URL. icon: from the sprite, or ""."""

    name: str
    value: str
    label: str
    title: str
    icon: str
    url: str
    chosen: bool


# For each choice: its label, its explanation, its icon
_WORDS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("width", "full"): (gettext_noop("Full width"), gettext_noop("Full width (w)"), "monitor"),
    ("width", "768"): (gettext_noop("768 px"), gettext_noop("Tablet: 768 px wide (w)"), "tablet"),
    ("width", "375"): (gettext_noop("375 px"), gettext_noop("Phone: 375 px wide (w)"), "smartphone"),
    ("scheme", "light"): (gettext_noop("Light"), gettext_noop("Light (l)"), "sun"),
    ("scheme", "dark"): (gettext_noop("Dark"), gettext_noop("Dark, by the mail's own styles (l)"), "moon"),
    ("scheme", "partial"): (
        gettext_noop("Forced dark, in part"),
        gettext_noop("Forced dark as in Outlook.com, the Outlook apps and Gmail on Android: light backgrounds and dark texts are inverted (l)"),
        "sun-moon"),
    ("scheme", "inverted"): (
        gettext_noop("Forced dark, inverted"),
        gettext_noop("Forced dark as in Gmail on iPhone and Outlook on Windows: every colour is inverted (l)"),
        "contrast"),
}  # fmt: skip


def most(asked: QueryDict) -> int:
    """Return the number of characters of HTML to show. asked: more"""
    return MAX_LENGTH if asked.get("more") == "yes" else _SHOWN


def asked_for(request: HttpRequest) -> QueryDict:
    """Return the query of a page or frame; a link from elsewhere cannot load images.

    Pages of other sites can link to a mail, and so can mails.
    """
    asked = request.GET.copy()
    if is_led_here(request):
        asked.pop("images", None)
    return asked


def view(mail: MessagePage, asked: QueryDict) -> dict[str, object]:
    """Return the context of the panel. asked: width, scheme, images, more"""
    width = asked.get("width") if asked.get("width") in WIDTHS else "full"
    scheme = asked.get("scheme") if asked.get("scheme") in SCHEMES else "light"
    images = "all" if asked.get("images") == "all" else ""
    more = "yes" if asked.get("more") == "yes" else ""
    given = {
        "tab": "html", "width": width, "scheme": scheme, "images": images, "more": more,
    }  # fmt: skip
    of_frame = {key: given[key] for key in ("images", "more") if given[key]}
    if scheme in FORCED:
        of_frame["scheme"] = scheme
    references = links.of_html(mail.reading.markup)
    hosts = links.remote_hosts(references)
    allowed = set(image_hosts.allowed(mail.transaction.inbox_id))
    blocked = {} if images else {h: n for h, n in hosts.items() if h not in allowed}

    def url(**changes: str) -> str:
        return pages.path(mail.kind, mail.id, **{**given, **changes})

    return {
        "frame_url": mail.frame_url(**of_frame),
        "print_url": mail.print_url(**of_frame),
        "shown": most(asked),
        "more_url": "" if more else url(more="yes"),
        "width": width,
        "scheme": scheme,
        "groups": [
            (_("Width"), _choices(url, given, "width", WIDTHS)),
            (_("Colours of the mail"), _choices(url, given, "scheme", SCHEMES)),
        ],
        "loads_all": images,
        "blocked": sum(blocked.values()),
        "blocked_hosts": list(blocked.items())[:_HOSTS_SHOWN],
        "more_hosts": max(0, len(blocked) - _HOSTS_SHOWN),
        "nameable": {host for host in blocked if image_hosts.is_host(host)},
        "pixels": sum(1 for each in references if each.pixel and each.host in blocked),
        "unshown": [
            (each.name, translated(each.reason))
            for each in pictures.unshown(mail.reading)
        ],
        "all_images_url": url(images="all"),
    }


def _choices(
    url: Callable[..., str],
    given: dict[str, str | None],
    name: str,
    values: Sequence[str],
) -> list[FrameChoice]:
    choices = []
    for value in values:
        label, title, icon = _WORDS[name, value]
        there = url(**{name: value})
        chosen = given[name] == value
        choices.append(
            FrameChoice(name, value, _(label), _(title), icon, there, chosen)
        )
    return choices
