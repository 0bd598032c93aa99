"""The sender and recipients of a message in words.

They stand in the line of its head, and in its details.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox.mailbox.transactions import TransactionSummary
from inbox.presenters.envelope import bare, named
from mailsink import bidi
from mailsink.mime.addresses import Address, groups
from mailsink.mime.headers import Field, Summary


@dataclass(frozen=True, slots=True)
class People:
    """People in one line.

    These are the sender's name and address, the first recipient, and the number of
    others.
    """

    name: str
    address: str
    recipient: str
    more: int


def of_header(summary: Summary, fields: Sequence[Field]) -> People:
    """Return the people in a header; groups without members by their names."""
    recipients = [
        text
        for name in ("To", "Cc")
        for group in _groups(fields, name)
        for text in _addressed(*group)
    ]
    return People(
        bidi.isolated(summary.from_name),
        bidi.isolated(summary.from_address),
        recipients[0] if recipients else "",
        max(0, len(recipients) - 1),
    )


def of_cut(transaction: TransactionSummary, header: People) -> People:
    """Return the people of a truncated message.

    The envelope has those missing in its header.
    """
    envelope = of_envelope(transaction)
    sender = header if header.name or header.address else envelope
    to = header if header.recipient else envelope
    return People(sender.name, sender.address, to.recipient, to.more)


def of_envelope(transaction: TransactionSummary) -> People:
    """Return the people in the envelope, if no header arrived."""
    to = [bare(each.forward_path) for each in transaction.recipients]
    sender = bare(transaction.reverse_path)
    return People("", sender, to[0] if to else "", max(0, len(to) - 1))


def header_facts(summary: Summary, fields: Sequence[Field]) -> list[tuple[str, str]]:
    """Return all people in a header, and its Date, each with its label."""
    sender = bidi.person(summary.from_name, summary.from_address)
    facts = [
        (_("From"), sender or _("(none)")),
        (_("To"), listed(fields, "To") or _("(none)")),
    ]
    others = {"Cc": _("Cc"), "Bcc": _("Bcc"), "Reply-To": _("Reply-To")}
    for name, label in others.items():
        if people := listed(fields, name):
            facts.append((label, people))
    if summary.date:
        date = f"{summary.date:%a, %d %b %Y %H:%M:%S}"
        facts.append((_("Date"), _("%(date)s UTC") % {"date": date}))
    return facts


def envelope_facts(transaction: TransactionSummary) -> list[tuple[str, str]]:
    """Return the people in the envelope, each with a label."""
    to = (bare(each.forward_path) for each in transaction.recipients)
    return [
        (_("Envelope from"), bare(transaction.reverse_path) or _("(empty)")),
        (_("Envelope to"), named(to) or _("(nobody)")),
    ]


def listed(fields: Sequence[Field], name: str) -> str:
    """Return the people in the fields of a name, with the names of their groups."""
    lists = _groups(fields, name)
    return named(text for group in lists for text in _members(*group))


def _groups(fields: Sequence[Field], name: str) -> Iterator[tuple[str, list[Address]]]:
    # One by one, since an unterminated group would absorb the next field's people.
    for field in fields:
        if field.name.lower() == name.lower():
            yield from groups(field.encoded)


def _addressed(group: str, members: list[Address]) -> list[str]:
    """Return the members' addresses; for a group without members, its name."""
    if not members:
        return [bidi.isolated(group)]
    return [bidi.isolated(each.address or each.name) for each in members]


def _members(group: str, members: list[Address]) -> list[str]:
    """Return the members for display; in a group they are one text with its name."""
    people = [bidi.person(*each) for each in members]
    if not group:
        return people
    name = bidi.isolated(group)
    return [f"{name}: {named(people)};" if people else name]
