"""The reports that Mailsink made about a message, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox import pages
from inbox.mailbox import made_reports
from inbox.mailbox.scope import Scope
from inbox.models import MadeReport

_CUT = 120  # characters of an address
_SENTENCES = {
    ("failed", "address"): gettext_noop(
        "Mailsink reported a failure to %(sender)s, since %(recipient)s asks for it."
    ),
    ("delayed", "address"): gettext_noop(
        "Mailsink reported a delay to %(sender)s, since %(recipient)s asks for it."
    ),
    ("delivered", "notify"): gettext_noop(
        "Mailsink reported success to %(sender)s, since NOTIFY asks for it for %(recipient)s."
    ),
    ("automatic_reply", "address"): gettext_noop(
        "Mailsink sent an automatic reply to %(sender)s, since %(recipient)s asks for it."
    ),
    ("complaint", "address"): gettext_noop(
        "Mailsink sent a complaint to %(sender)s, since %(recipient)s asks for it."
    ),
    ("failed", "release"): gettext_noop(
        "Mailsink reported a failure to %(sender)s, since a release to %(recipient)s failed."
    ),
    ("delayed", "release"): gettext_noop(
        "Mailsink reported a delay to %(sender)s, since a release to %(recipient)s still waits."
    ),
    ("relayed", "release"): gettext_noop(
        "Mailsink reported to %(sender)s that a release to %(recipient)s was passed on, to a "
        "server that sends no reports."
    ),
}
_WITHHELD = {
    "automatic": gettext_noop(
        "%(recipient)s sent no automatic reply, since a program or a list sent the message "
        "(RFC 3834 §2)."
    ),
    "often": gettext_noop(
        "%(recipient)s sent no automatic reply, since %(sender)s got many within the last hour."
    ),
}
_ICONS = {"failed": "circle-x", "delayed": "clock", "delivered": "circle-check"}


@dataclass(frozen=True, slots=True)
class MadeReportRow:
    """A report in a sentence. url: of its page; "" if there is none

    not_sent: why it does not go out; "" if it does, or was not meant to
    """

    sentence: str
    not_sent: str
    icon: str
    url: str


def of_message(scope: Scope, id: str | UUID) -> list[MadeReportRow]:
    """Return the reports made about a message, in order."""
    return [_row(each) for each in made_reports.about(scope, id)]


def _row(made: MadeReport) -> MadeReportRow:
    words = _WITHHELD.get(made.withheld) or _SENTENCES[made.kind, made.cause]
    values = {"sender": made.sender[:_CUT], "recipient": _recipients(made)}
    icon = "info" if made.withheld else _ICONS.get(made.kind, "mail")
    url = pages.path("message", made.message_id) if made.message_id else ""
    not_sent = (
        _("It does not go out: %(reason)s") % {"reason": made.not_sent}
        if made.not_sent
        else ""
    )
    return MadeReportRow(_(words) % values, not_sent, icon, url)


def _recipients(made: MadeReport) -> str:
    first, more = made.recipient[:_CUT], made.recipients - 1
    if not more:
        return first
    return _("%(first)s (and %(more)s more)") % {"first": first, "more": more}
