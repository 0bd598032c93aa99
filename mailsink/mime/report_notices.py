"""A report in one sentence, for a notice. Never raises."""

from __future__ import annotations

from mailsink.mime.reports import Report
from mailsink.translatable import gettext_noop

# For each action of a delivery report: a word for programs, and the sentence
_DELIVERIES = {
    "failed": ("bounce", gettext_noop("It is a bounce: %(recipient)s did not get the message. %(why)s")),
    "delayed": ("delay", gettext_noop(
        "It reports a delay: %(recipient)s has not got the message yet. %(why)s")),
    "delivered": ("delivery_receipt", gettext_noop(
        "It reports that the message was delivered to %(recipient)s. %(why)s")),
    "relayed": ("delivery_receipt", gettext_noop(
        "It reports that the message for %(recipient)s was passed on to a server that reports "
        "nothing. %(why)s")),
    "expanded": ("delivery_receipt", gettext_noop(
        "It reports that the message was passed on to the members of %(recipient)s. %(why)s")),
}  # fmt: skip
_DISPOSITIONS = {
    "displayed": gettext_noop("It is a receipt: %(recipient)s has displayed the message."),
    "deleted": gettext_noop("It is a receipt: %(recipient)s has deleted the message unread."),
    "dispatched": gettext_noop("It is a receipt: the message for %(recipient)s was passed on."),
    "processed": gettext_noop("It is a receipt: a program of %(recipient)s has processed the message."),
    "denied": gettext_noop("%(recipient)s does not want to report whether the message was read."),
    "failed": gettext_noop("It is a receipt that says: %(recipient)s could not make a receipt."),
}  # fmt: skip

Said = tuple[str, str, dict[str, str]]


def notice(report: Report) -> Said:
    """Return a word for programs, a sentence with %(name)s, and its values."""
    if report.disposition:
        return _of_disposition(report)
    if report.complaint:
        return _of_complaint(report)
    if report.kind == "automatic_reply":
        words = gettext_noop("It is an automatic reply.")
        return "automatic_reply", words, {}
    return _of_delivery(report)


def _of_delivery(report: Report) -> Said:
    """Return the sentence for the gravest action, and the first recipient with it."""
    if report.source == "none":
        words = gettext_noop(
            "This looks like a bounce, but it is not machine-readable."
        )
        return "bounce", words, {}
    if not report.action:
        words = gettext_noop("It is a delivery report that does not say what happened.")
        return "delivery_report", words, {}
    kind, words = _DELIVERIES[report.action]
    same = [each for each in report.delivery.recipients if each.action == report.action]
    first = same[0]
    others = len(same) - 1 + report.delivery.left_out
    named = (first.address or "?") + (f" (+ {others})" if others else "")
    is_said = first.status in first.diagnostic
    why = first.diagnostic if is_said else f"{first.status} {first.diagnostic}".strip()
    return kind, words, {"recipient": named, "why": why}


def _of_disposition(report: Report) -> Said:
    said = report.disposition
    assert said is not None
    words = _DISPOSITIONS.get(
        said.type, gettext_noop("It is a receipt for a message to %(recipient)s.")
    )
    recipient = said.final_recipient or said.original_recipient or "?"
    return "receipt", words, {"recipient": recipient}


def _of_complaint(report: Report) -> Said:
    said = report.complaint
    assert said is not None
    words = gettext_noop(
        "It is a complaint about a message (%(type)s), from %(reporter)s (RFC 5965)."
    )
    reporter = said.reporting_mta or said.user_agent or "?"
    return "complaint", words, {"type": said.type or "?", "reporter": reporter}
