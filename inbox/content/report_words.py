"""A report in words: its kind, the action for each recipient, and the meaning of its codes."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain import reply_codes
from mailsink.mime.delivery_reports import ReportedRecipient
from mailsink.mime.receipts import Complaint, Disposition
from mailsink.mime.reports import Report

# RFC 3464 §2.3.3: (the kind of report, the action for a recipient)
_ACTIONS = {
    "failed": (gettext_noop("Delivery failed"), gettext_noop("Not delivered")),
    "delayed": (
        gettext_noop("Delivery is delayed"),
        gettext_noop("Delayed: the server will try again"),
    ),
    "delivered": (gettext_noop("Delivered"), gettext_noop("Delivered")),
    "relayed": (
        gettext_noop("Passed on"),
        gettext_noop("Passed on to a server that reports nothing"),
    ),
    "expanded": (
        gettext_noop("Passed on to a list"),
        gettext_noop("Passed on to the members of a list"),
    ),
}
# RFC 8098 §3.2.6.2
_DISPOSITIONS = {
    "displayed": gettext_noop("The message was displayed; it is not known whether it was read"),
    "deleted": gettext_noop("The message was deleted, perhaps without being displayed"),
    "dispatched": gettext_noop("The message was passed on"),
    "processed": gettext_noop("A program processed the message; nobody saw it"),
    "denied": gettext_noop("The recipient does not want to report the fate of the message"),
    "failed": gettext_noop("A receipt could not be made"),
}  # fmt: skip
_ACTION_MODES = {
    "manual-action": gettext_noop("done by a person"),
    "automatic-action": gettext_noop("done by a program"),
}
_SENDING_MODES = {
    "mdn-sent-manually": gettext_noop("sent with the consent of a person"),
    "mdn-sent-automatically": gettext_noop("sent by a program"),
}
# RFC 5965 §7.3, RFC 6430, RFC 6591
_COMPLAINTS = {
    "abuse": gettext_noop("Spam, or other unwanted mail"),
    "fraud": gettext_noop("Fraud, or phishing"),
    "virus": gettext_noop("A virus"),
    "not-spam": gettext_noop("Not spam, although it was marked as spam"),
    "auth-failure": gettext_noop("The sender could not be verified (SPF, DKIM, DMARC)"),
    "opt-out": gettext_noop("The recipient wants no more mail"),
    "other": gettext_noop("Another reason"),
}
_CLASSES = {
    "2": gettext_noop("%(status)s: success (RFC 3463)."),
    "4": gettext_noop("%(status)s: a temporary failure (RFC 3463)."),
    "5": gettext_noop("%(status)s: a permanent failure (RFC 3463)."),
}


def title(report: Report) -> str:
    """Return the kind of a report, in a word or two."""
    if report.kind == "disposition":
        return _("Read receipt")
    if report.kind == "feedback":
        return _("Complaint")
    if report.kind == "automatic_reply":
        return _("Automatic reply")
    if report.source == "none":
        return _("Bounce")
    words = _ACTIONS.get(report.action)
    return _(words[0]) if words else _("Delivery report")


def remark(report: Report) -> str:
    """Return how much of a report was readable; "" if its fields are for programs."""
    if report.source == "none":
        return _("This looks like a bounce, but it is not machine-readable.")
    if report.source == "text":
        return _(
            "This bounce is not machine-readable (RFC 3464): the details shown were read from its text."
        )
    return ""


def action(recipient: ReportedRecipient) -> str:
    """Return the action for a recipient; "" if the report does not say."""
    words = _ACTIONS.get(recipient.action)
    return _(words[1]) if words else ""


def status(recipient: ReportedRecipient) -> str:
    """Return the meaning of the status, or else of the reply code; "" if there is neither."""
    if words := reply_codes.enhanced_meaning(recipient.best_status):
        return words
    if recipient.code:
        return reply_codes.meaning(recipient.code)[0]
    words = _CLASSES.get(recipient.status[:1], "")
    return _(words) % {"status": recipient.status} if words else ""


def disposition(said: Disposition) -> str:
    """Return the fate of a message; "" if the receipt has no known disposition."""
    words = _DISPOSITIONS.get(said.type)
    return _(words) if words else ""


def modes(said: Disposition) -> str:
    """Return whether a person or a program acted, and who sent the receipt."""
    named = (
        _ACTION_MODES.get(said.action_mode),
        _SENDING_MODES.get(said.sending_mode),
    )
    return ", ".join(_(each) for each in named if each)


def complaint(said: Complaint) -> str:
    """Return the subject of a complaint; "" for an unknown type."""
    words = _COMPLAINTS.get(said.type)
    return _(words) if words else ""
