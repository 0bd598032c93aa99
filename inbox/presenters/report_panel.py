"""The panel of a report on a message's page: a bounce, a receipt, a complaint, an automatic reply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import pages
from inbox.content import report_words
from inbox.mailbox import made_reports, messages
from inbox.presenters.message_page import MessagePage
from mailsink.mime import reports
from mailsink.mime.delivery_reports import ReportedRecipient
from mailsink.mime.receipts import Complaint, Disposition
from mailsink.mime.reports import Report

SHOWN = 3  # recipients, before the others are folded
_CUT = 200  # characters of the original's subject
_TONES = {"failed": "error", "delayed": "warning"}
_ICONS = {
    "failed": "circle-x", "delayed": "clock", "delivered": "circle-check",
    "relayed": "circle-check", "expanded": "circle-check",
}  # fmt: skip

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RecipientPanel:
    """A recipient. pairs: further facts from the report, each with its label."""

    address: str
    action: str
    icon: str
    tone: str
    status: str
    diagnostic: str
    pairs: Pairs


@dataclass(frozen=True, slots=True)
class OriginalPanel:
    """The message that a report is about. url: of its page, "" if it is not stored"""

    subject: str
    message_id: str
    url: str


@dataclass(frozen=True, slots=True)
class ReportPanel:
    """A report. recipients, others: shown and folded; more: the number left out"""

    title: str
    remark: str
    recipients: list[RecipientPanel]
    others: list[RecipientPanel]
    more: str
    original: OriginalPanel | None
    pairs: Pairs

    @property
    def says_more(self) -> bool:
        """Whether there is more to show than its title."""
        return bool(self.remark or self.recipients or self.original or self.pairs)


def panel(mail: MessagePage, report: Report) -> ReportPanel:
    """Return the panel; the original is looked up in the scope of the page."""
    recipients = [_recipient(each) for each in report.delivery.recipients]
    return ReportPanel(
        title=report_words.title(report),
        remark=report_words.remark(report),
        recipients=recipients[:SHOWN],
        others=recipients[SHOWN:],
        more=_more(report),
        original=_original(mail, report),
        pairs=_pairs(report),
    )


def _more(report: Report) -> str:
    number, said = report.delivery.left_out, report.delivery
    if number:
        words = ngettext(
            "%(number)s more recipient is not shown.",
            "%(number)s more recipients are not shown.",
            number,
        )
        return words % {"number": number}
    return _("The rest of the report is not shown.") if said.is_cut else ""


def _original(mail: MessagePage, report: Report) -> OriginalPanel | None:
    about = reports.original(mail.reading, report)
    found = made_reports.original(mail.scope, mail.id)
    found = found or messages.by_message_id(mail.scope, about.message_id)
    if found and str(found.pk) != mail.id:
        subject = found.subject or _("(no subject)")
        url = pages.path("message", found.pk)
        return OriginalPanel(subject[:_CUT], about.message_id, url)
    if about.subject or about.message_id:
        return OriginalPanel(about.subject[:_CUT], about.message_id, "")
    return None


def _recipient(said: ReportedRecipient) -> RecipientPanel:
    pairs = [
        (_("Final recipient"), said.final if said.final != said.address else ""),
        (_("Said by"), said.remote_mta),
        (_("Last attempt"), said.last_attempt),
        (_("Tries until"), said.will_retry_until),
        (_("Log id"), said.log_id),
    ]
    return RecipientPanel(
        address=said.address or "?",
        action=report_words.action(said),
        icon=_ICONS.get(said.action, "info"),
        tone=_TONES.get(said.action, ""),
        status=report_words.status(said),
        diagnostic=said.diagnostic,
        pairs=_filled(pairs),
    )


def _pairs(report: Report) -> Pairs:
    """Return the facts of a report about the message as a whole."""
    if report.disposition:
        return _filled(_of_disposition(report.disposition))
    if report.complaint:
        return _filled(_of_complaint(report.complaint))
    said = report.delivery
    return _filled([
        (_("Reported by"), said.reporting_mta),
        (_("Gateway"), said.gateway),
        (_("Received from"), said.received_from_mta),
        (_("Arrived"), said.arrival_date),
        (_("Envelope id"), said.envelope_id),
    ])  # fmt: skip


def _of_disposition(said: Disposition) -> Iterable[tuple[str, str]]:
    yield _("Recipient"), said.final_recipient or said.original_recipient
    yield _("What happened"), report_words.disposition(said) or said.type
    yield _("How"), report_words.modes(said)
    yield _("Modifiers"), ", ".join(said.modifiers)
    yield _("Errors"), "; ".join(said.errors)
    yield _("Email client"), said.reporting_ua
    yield _("Gateway"), said.gateway


def _of_complaint(said: Complaint) -> Iterable[tuple[str, str]]:
    yield _("Complaint about"), report_words.complaint(said) or said.type
    yield _("Reported by"), said.reporting_mta or said.user_agent
    yield _("Sender"), said.original_mail_from
    yield _("Recipient"), ", ".join(said.original_rcpt_to)
    yield _("Sent from"), said.source_ip
    yield _("Arrived"), said.arrival_date
    yield _("Incidents"), said.incidents
    yield _("Reported domain"), ", ".join(said.reported_domain)
    yield _("Reported address"), ", ".join(said.reported_uri)
    yield _("Sender checks"), "; ".join(said.authentication_results)
    yield _("Failed check"), said.auth_failure
    yield _("Delivery"), said.delivery_result


def _filled(pairs: Iterable[tuple[str, str]]) -> Pairs:
    return [(label, value) for label, value in pairs if value]
