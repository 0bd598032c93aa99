"""Envelope and header compared, in words: who else got it, who was refused, who sent it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Recipient

SHOWN = 20  # addresses that one line names


@dataclass(frozen=True, slots=True)
class EnvelopeDifference:
    """A line of words. tone: dim, or warning where somebody did not get the message."""

    text: str
    tone: str = "dim"


def differences(
    attempt: TransactionSummary, sender: str, recipients: Iterable[str]
) -> list[EnvelopeDifference]:
    """Return where the envelope and the header's From, To and Cc do not agree."""
    return [
        *_sender(attempt, sender),
        *_recipients(attempt, list(recipients)),
        *_refused(attempt.recipients),
    ]


def named(addresses: Iterable[str]) -> str:
    """Return addresses joined by commas; of many, the first and how many more."""
    known = list(addresses)
    more = (
        _(" and %(known)s more") % {"known": len(known) - SHOWN}
        if len(known) > SHOWN
        else ""
    )
    return ", ".join(known[:SHOWN]) + more


def bare(path: str) -> str:
    """Return a path without its angle brackets."""
    return path.removeprefix("<").removesuffix(">")


def _sender(attempt: TransactionSummary, sender: str) -> Iterator[EnvelopeDifference]:
    reverse_path = bare(attempt.reverse_path)
    if not reverse_path:
        yield EnvelopeDifference(_("The envelope sender is empty, as in a bounce"))
    elif sender and _same(reverse_path) != _same(sender):
        yield EnvelopeDifference(
            _("The envelope sender differs: %(reverse_path)s")
            % {"reverse_path": reverse_path}
        )


def _recipients(
    attempt: TransactionSummary, recipients: list[str]
) -> Iterator[EnvelopeDifference]:
    envelope = [bare(each.forward_path) for each in attempt.recipients]
    accepted = [bare(each.forward_path) for each in attempt.recipients if _good(each)]
    header = {_same(each) for each in recipients}
    if hidden := [each for each in accepted if _same(each) not in header]:
        noun = "recipient" if len(hidden) == 1 else "recipients"
        words = _("+ %(hidden)s envelope %(noun)s not in headers (Bcc)") % {
            "hidden": len(hidden),
            "noun": noun,
        }
        yield EnvelopeDifference(f"{words}: {named(hidden)}")
    asked = {_same(each) for each in envelope}
    if missing := [each for each in recipients if _same(each) not in asked]:
        noun = "address" if len(missing) == 1 else "addresses"
        words = _("%(missing)s %(noun)s in the header not in the envelope") % {
            "missing": len(missing),
            "noun": noun,
        }
        yield EnvelopeDifference(f"{words}: {named(missing)}")


def _refused(recipients: list[Recipient]) -> Iterator[EnvelopeDifference]:
    refused = [each for each in recipients if not _good(each)]
    for each in refused[:SHOWN]:
        code = each.rcpt_code if each.rcpt_code >= 400 else each.final_code
        yield EnvelopeDifference(
            _("%(bare)s was refused: %(code)s")
            % {"bare": bare(each.forward_path), "code": code},
            "warning",
        )
    if len(refused) > SHOWN:
        yield EnvelopeDifference(
            _("and %(refused)s more were refused") % {"refused": len(refused) - SHOWN},
            "warning",
        )


def _good(recipient: Recipient) -> bool:
    return recipient.rcpt_code < 400 and (recipient.final_code or 250) < 400


def _same(address: str) -> str:
    return address.strip().casefold()
