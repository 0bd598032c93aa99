"""Compares envelope and header: further recipients, refused ones, the address for bounces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Recipient

SHOWN = 20  # addresses that one line names


@dataclass(frozen=True, slots=True)
class EnvelopeDifference:
    """A difference, as a label and a value. text: the same as a sentence.

    tone: "", or warning if somebody did not get the message.
    """

    label: str
    value: str
    text: str
    tone: str = ""


def differences(
    transaction: TransactionSummary, sender: str, recipients: Iterable[str]
) -> list[EnvelopeDifference]:
    """Return the differences between the envelope and the header's From, To and Cc."""
    return [
        *_refused(transaction.recipients),
        *_recipients(transaction, list(recipients)),
        *_sender(transaction, sender),
    ]


def named(addresses: Iterable[str]) -> str:
    """Return addresses joined by commas; of many, the first ones and the number of others."""
    known = list(addresses)
    shown = ", ".join(known[:SHOWN])
    if len(known) <= SHOWN:
        return shown
    more = {"addresses": shown, "more": len(known) - SHOWN}
    return _("%(addresses)s and %(more)s more") % more


def bare(path: str) -> str:
    """Return a path without its angle brackets."""
    return path.removeprefix("<").removesuffix(">")


def _sender(
    transaction: TransactionSummary, sender: str
) -> Iterator[EnvelopeDifference]:
    reverse_path = bare(transaction.reverse_path)
    label = _("Return-Path")
    if not reverse_path:
        words = _("The envelope sender is empty, as in a bounce")
        yield EnvelopeDifference(label, _("(empty)"), words)
    elif sender and _same(reverse_path) != _same(sender):
        words = _("The envelope sender differs from From: bounces go there")
        yield EnvelopeDifference(label, reverse_path, words)


def _recipients(
    transaction: TransactionSummary, recipients: list[str]
) -> Iterator[EnvelopeDifference]:
    envelope = [bare(each.forward_path) for each in transaction.recipients]
    accepted = [
        bare(each.forward_path) for each in transaction.recipients if _good(each)
    ]
    header = {_same(each) for each in recipients}
    if hidden := [each for each in accepted if _same(each) not in header]:
        words = _("Recipients in the envelope that the header does not name")
        yield EnvelopeDifference(_("Bcc"), named(hidden), words)
    asked = {_same(each) for each in envelope}
    if missing := [each for each in recipients if _same(each) not in asked]:
        words = _("Addresses in the header that the envelope does not have")
        yield EnvelopeDifference(_("Only in the header"), named(missing), words)


def _refused(recipients: list[Recipient]) -> Iterator[EnvelopeDifference]:
    refused = [each for each in recipients if not _good(each)]
    for each in refused[:SHOWN]:
        code = each.rcpt_code if each.rcpt_code >= 400 else each.final_code
        label = _("Rejected (%(code)s)") % {"code": code}
        words = _("This recipient was rejected, and did not get the message")
        yield EnvelopeDifference(label, bare(each.forward_path), words, "warning")
    if (more := len(refused) - SHOWN) > 0:
        words = _("%(more)s more recipients were rejected") % {"more": more}
        yield EnvelopeDifference(_("Rejected"), f"+{more}", words, "warning")


def _good(recipient: Recipient) -> bool:
    return recipient.rcpt_code < 400 and (recipient.final_code or 250) < 400


def _same(address: str) -> str:
    return address.strip().casefold()
