"""The cards above a message: the nature of the message, and possible actions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.content import finds, invitations, report_words, unsubscribe
from inbox.content.invitations import Invitation
from inbox.outgoing import unsubscribing
from inbox.outgoing.unsubscribing import UnsubscribeOffer
from inbox.presenters import report_panel
from inbox.presenters.message_page import MessagePage, translated
from inbox.presenters.report_panel import ReportPanel
from mailsink.mime import links, report_notices
from mailsink.mime.notices import Notice
from mailsink.mime.reports import Report


@dataclass(frozen=True, slots=True)
class Card:
    """A card. kind: a word for programs; icon: from the sprite.

    url, link: the target and the text of its link; opens: in a new tab. copy: the text
    that its button copies. at, until: times that the browser shows in its own zone.
    more, report, offer: the invitation, the report, or the way to unsubscribe, for its
    details
    """

    kind: str
    icon: str
    title: str
    text: str = ""
    tone: str = ""
    url: str = ""
    link: str = ""
    opens: bool = False
    copy: str = ""
    at: datetime | None = None
    more: Invitation | None = None
    report: ReportPanel | None = None
    offer: UnsubscribeOffer | None = None


def cards(mail: MessagePage) -> list[Card]:
    """Return the cards of a message, the most severe first."""
    if not mail.octets:
        return []
    return [*_reports(mail), *_invitation(mail), *_finds(mail), *_unsubscribe(mail)]


_REPORTS = {
    "bounce": (gettext_noop("Bounce: %(recipient)s"), "error"),
    "delay": (gettext_noop("Delayed: %(recipient)s"), "warning"),
}
_ICONS = {
    "bounce": "undo-2", "delay": "clock", "delivery_receipt": "circle-check",
    "delivery_report": "info", "receipt": "mail-open", "complaint": "triangle-alert",
    "automatic_reply": "message-square",
}  # fmt: skip
_CALENDARS = "invitation"  # the prefix of notices that have their own card


def _reports(mail: MessagePage) -> Iterator[Card]:
    """Yield cards for notices: the message is a bounce, signed, encrypted, …."""
    if report := mail.reported:
        yield _report(mail, report)
    for notice in mail.notices:
        if notice.kind not in _ICONS and not notice.kind.startswith(_CALENDARS):
            yield _notice(mail, notice)


def _notice(mail: MessagePage, notice: Notice) -> Card:
    part = notice.part
    icon = "lock" if "encrypted" in notice.kind else "info"
    url = f"{mail.url}?tab=parts&part={part.index}"
    link = _("Part %(number)s") % {"number": part.number}
    return Card(notice.kind, icon, "", translated(notice.text), url=url, link=link)


def _report(mail: MessagePage, report: Report) -> Card:
    """Return the card of a report: its recipients in the title, all else in its details."""
    kind, _words, values = report_notices.notice(report)
    named, tone = _REPORTS.get(kind, ("", ""))
    is_named = named and "recipient" in values
    title = _(named) % values if is_named else report_words.title(report)
    panel = report_panel.panel(mail, report)
    shown = panel if panel.says_more else None
    return Card(kind, _ICONS[kind], title, tone=tone, report=shown)


def _invitation(mail: MessagePage) -> Iterator[Card]:
    found = invitations.of(mail.reading)
    if found is None:
        return
    first = found.events[0]
    title = _("%(kind)s: %(summary)s") % {
        "kind": found.title,
        "summary": first.event.summary or _("(no title)"),
    }
    start = first.event.start
    is_moment = start is not None and start.tzinfo is not None
    yield Card(
        "invitation", "calendar", title, first.when,
        at=start if is_moment and not first.event.all_day else None,
        more=None if mail.parsed.root.content_type in invitations.TYPES else found,
    )  # fmt: skip


def _finds(mail: MessagePage) -> Iterator[Card]:
    for code in mail.finds.codes:
        yield Card("code", "key-round", _("Code"), code, copy=code)
    for action in mail.finds.actions:
        label = finds.label(action)
        yield Card(
            "action", "external-link", "", _host(action.url),
            url=action.url, link=label, opens=True, copy=action.url,
        )  # fmt: skip


def _unsubscribe(mail: MessagePage) -> Iterator[Card]:
    found = unsubscribe.of(mail.parsed.root)
    if found is None:
        return
    text = _("one click") if found.one_click else ""
    offer = unsubscribing.of(mail.message, mail.parsed.root) if mail.message else None
    if found.url:
        yield Card(
            "unsubscribe", "mail-minus", "", text,
            url=found.url, link=_("Unsubscribe"), opens=True, offer=offer,
        )  # fmt: skip
    else:
        yield Card("unsubscribe", "mail-minus", _("Unsubscribe"), found.mailto)


def _host(url: str) -> str:
    parts = links.split(url)
    return parts.netloc[:100] if parts else url[:100]
