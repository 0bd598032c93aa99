"""Reports that programs send: bounces, receipts, complaints, in words.

Never raises; linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailsink.translatable import gettext_noop

_LOOKED_AT = 64 * 1024  # characters
_MOST = 200  # groups of fields
_FIELD = re.compile(
    r"^([A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE
)

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The content of a report. kind: a word for programs; words: with %(name)s for each value."""

    kind: str
    words: str
    values: dict[str, str] = field(default_factory=dict)


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


def delivery(text: str) -> DeliveryReport:
    """Return what a delivery status tells (RFC 3464): of the gravest action, the first."""
    groups = _groups(text)
    deliveries = [each for each in groups if _action(each) in _DELIVERIES]
    if not deliveries:
        words = gettext_noop(
            "It is a report on a delivery that does not say what happened."
        )
        return DeliveryReport("delivery_report", words)
    order = list(_DELIVERIES)
    worst = min(deliveries, key=lambda each: order.index(_action(each)))
    kind, words = _DELIVERIES[_action(worst)]
    recipient = worst.get("final-recipient") or worst.get("original-recipient") or "?"
    reasons = (worst.get("status", ""), _behind_type(worst.get("diagnostic-code", "")))
    why = " ".join(filter(None, reasons))
    others = sum(_action(each) == _action(worst) for each in deliveries) - 1
    named = _behind_type(recipient) + (f" (+ {others})" if others else "")
    return DeliveryReport(kind, words, {"recipient": named, "why": why})


# qmail's bounces (https://cr.yp.to/proto/qsbmf.txt): a recipient and why it failed
_OF_QMAIL = "Hi. This is the "
_FAILED = re.compile(r"\n\n<([^<>\n]{1,320})>:\n((?:[^\n]+\n?){0,5})")


def bounce(failed: str, text: str) -> DeliveryReport | None:
    """Return what a bounce tells that is no delivery status; None for any other mail.

    failed: its field X-Failed-Recipients, which Exim writes; text: how it begins
    """
    recipients = [each.strip() for each in failed.split(",") if each.strip()]
    why = ""
    if not recipients and text.lstrip().startswith(_OF_QMAIL):
        found = _FAILED.findall(text)
        recipients = [recipient for recipient, _ in found]
        why = " ".join(found[0][1].split()) if found else ""
    if not recipients:
        return None
    others = f" (+ {len(recipients) - 1})" if len(recipients) > 1 else ""
    kind, words = _DELIVERIES["failed"]
    return DeliveryReport(
        kind, words, {"recipient": recipients[0] + others, "why": why}
    )


_DISPOSITIONS = {
    "displayed": gettext_noop("It is a receipt: %(recipient)s has displayed the message."),
    "deleted": gettext_noop("It is a receipt: %(recipient)s has deleted the message unread."),
    "dispatched": gettext_noop("It is a receipt: the message for %(recipient)s was passed on."),
    "processed": gettext_noop("It is a receipt: a program of %(recipient)s has processed the message."),
    "denied": gettext_noop("%(recipient)s does not want to say whether the message was read."),
    "failed": gettext_noop("It is a receipt that says: %(recipient)s could not make a receipt."),
}  # fmt: skip


def disposition(text: str) -> DeliveryReport:
    """Return what a message disposition notification tells (RFC 8098 §3.2.6)."""
    fields = _merged(text)
    mode = (
        fields.get("disposition", "")
        .rpartition(";")[2]
        .partition("/")[0]
        .strip()
        .lower()
    )
    words = _DISPOSITIONS.get(
        mode, gettext_noop("It is a receipt for a message to %(recipient)s.")
    )
    recipient = fields.get("final-recipient") or fields.get("original-recipient") or "?"
    return DeliveryReport("receipt", words, {"recipient": _behind_type(recipient)})


def feedback(text: str) -> DeliveryReport:
    """Return what a feedback report tells (RFC 5965)."""
    fields = _merged(text)
    words = gettext_noop(
        "It is a complaint about a message (%(type)s), from %(reporter)s (RFC 5965)."
    )
    reporter = fields.get("reporting-mta") or fields.get("user-agent") or "?"
    kind = fields.get("feedback-type") or "?"
    return DeliveryReport(
        "complaint", words, {"type": kind, "reporter": _behind_type(reporter)}
    )


def _groups(text: str) -> list[Fields]:
    """Return the fields of each group between empty lines, the first of a name."""
    blocks = re.split(r"\n[ \t]*\n", text[:_LOOKED_AT], maxsplit=_MOST)[:_MOST]
    return [_fields(each) for each in blocks]


def _merged(text: str) -> Fields:
    return _fields(text[:_LOOKED_AT])


def _fields(text: str) -> Fields:
    found: Fields = {}
    for match in _FIELD.finditer(text):
        found.setdefault(match[1].lower(), " ".join(match[2].split()))
    return found


def _action(fields: Fields) -> str:
    return fields.get("action", "").partition("(")[0].strip().lower()


def _behind_type(value: str) -> str:
    """Return a value without its type: "rfc822; ann@example.com" (RFC 3464 §2.1.2)."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and " " not in kind.strip() else value
