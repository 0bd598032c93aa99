"""Compares two messages part by part, and finds the previous message of a subject."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from uuid import UUID

from django.utils.translation import gettext as _

from inbox import explain
from inbox.errors import NotFound
from inbox.explain.quantities import counted
from inbox.mailbox import messages, shared_sessions, transactions, transcripts
from inbox.mailbox.large import LABORIOUS, LARGE, refuse_here
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange, Message, Session
from mailsink import diff
from mailsink.diff import Difference
from mailsink.mime import elements, headers, sources
from mailsink.mime.mails import ParsedMessage

MAX_TEXT = 256 * 1024  # characters of a text that are compared
_LOOKED_AT = 500  # newest messages of a sender that are searched for a similar subject
_ALIKE = 0.75
# Newest messages of a sender whose structure is read: their number, and their total
# octets
_READ, _OCTETS = 20, LARGE
# share of parts and elements that two messages of one template have in common
_SHARED = 0.6
_DIGITS = re.compile(r"[0-9]+")

Pairs = list[tuple[str, str]]


class Side(ParsedMessage):
    """One of the two messages, with everything that is compared."""

    def __init__(self, scope: Scope, id: str | UUID) -> None:
        """Raises NotFound."""
        self.message: Message = messages.get(scope, id)
        self.transaction: TransactionSummary = transactions.get(
            scope, self.message.transaction_id
        )
        self._scope = scope
        super().__init__(self._opened)

    def _opened(self) -> bytes:
        refuse_here(self.message.size, LABORIOUS)
        return transactions.body_or_none(self._scope, self.transaction.id)

    @cached_property
    def session(self) -> Session:
        return shared_sessions.of_transaction(self.transaction)

    @property
    def markup(self) -> list[str]:
        """The HTML indented, as lines."""
        lines = sources.lines(self.html[:MAX_TEXT], indented=True)
        return ["".join(text for _kind, text in line) for line in lines]

    @property
    def fields(self) -> Pairs:
        """The header fields, decoded, in their order."""
        found = headers.scan(self.octets).fields
        return [(each.name, each.value) for each in found]

    @property
    def exchanges(self) -> list[Exchange]:
        return transcripts.of_transaction(self.transaction)

    @property
    def envelope(self) -> Pairs:
        """The envelope with its reply, and the message's origin, as names and values."""
        session = self.session
        facts = [(_("Envelope from"), _address(self.transaction.reverse_path))]
        facts.append((_("Parameters"), self.transaction.parameters))
        for each in self.transaction.recipients:
            said = (
                f"{_address(each.forward_path)} · {each.final_code or each.rcpt_code}"
            )
            facts.append((_("Envelope to"), said))
        facts += [
            (_("Reply"), str(self.transaction.code or "")),
            (_("Size"), counted(self.message.size, "byte")),
            (_("Client"), session.client_address),
            (_("Its name"), session.helo),
            (_("Protocol"), session.protocol),
            ("TLS", session.tls_version),
            (_("User"), session.auth_username),
        ]
        return [(name, value) for name, value in facts if value]


def _address(path: str) -> str:
    return f"<{path}>"


def _headers(left: Side, right: Side) -> Difference:
    return diff.named(left.fields, right.fields)


def _text(left: Side, right: Side) -> Difference:
    return diff.texts(left.text[:MAX_TEXT], right.text[:MAX_TEXT])


def _markup(left: Side, right: Side) -> Difference:
    return diff.lines(left.markup, right.markup)


def _envelope(left: Side, right: Side) -> Difference:
    return diff.named(left.envelope, right.envelope)


def _transcript(left: Side, right: Side) -> Difference:
    return diff.lines(list(_said(left)), list(_said(right)))


def _said(side: Side) -> Iterator[str]:
    """Yield the lines of the dialogue without times, which always differ."""
    for line in explain.lines(side.exchanges):
        if said := " ".join(filter(None, (line.verb, line.text, line.remark))):
            yield f"C: {said}"
        for each in (line.whole_reply or line.reply).splitlines():
            yield f"S: {each}"


# The comparisons, in the order of the page's tabs.
ASPECTS: dict[str, Callable[[Side, Side], Difference]] = {
    "headers": _headers,
    "text": _text,
    "markup": _markup,
    "envelope": _envelope,
    "transcript": _transcript,
}


def previous(scope: Scope, message: Message) -> Message | None:
    """Return the earlier message that is most worth comparing with, or None.

    It is the newest with the same subject; else from the same sender, with the same
    subject apart from numbers ("Order 7 is on its way"); else from the same sender,
    with a similar structure.
    """
    same = last_of_subject(scope, message)
    if same is not None:
        return same
    earlier = messages.earlier(scope, message)
    subject = _DIGITS.sub("", message.subject)
    of_sender = earlier.filter(from_address=message.from_address)
    for each in of_sender[:_LOOKED_AT]:
        if diff.alike(subject, _DIGITS.sub("", each.subject)) >= _ALIKE:
            return each
    return last_of_sender(scope, message)


def last_of_sender(scope: Scope, message: Message) -> Message | None:
    """Return the newest earlier message from the same sender, with a similar structure.

    This is the last newsletter, or the last receipt, whatever the subject. The search
    is limited, and done in another process if much must be read.
    """
    if not message.from_address or message.size > LARGE:
        return None
    earlier = messages.earlier(scope, message)
    of_sender = earlier.filter(from_address=message.from_address, size__lte=LARGE)
    refuse_here(message.size, LABORIOUS)
    structure = _structure(message)
    octets = 0
    for each in of_sender[:_READ]:
        octets += each.size
        if octets > _OCTETS:
            break
        refuse_here(message.size + octets, LABORIOUS)
        if _is_alike(structure, _structure(each)):
            return each
    return None


def last_of_subject(scope: Scope, message: Message) -> Message | None:
    """Return the newest earlier message with the same subject."""
    earlier = messages.earlier(scope, message)
    return earlier.filter(subject=message.subject).first()


def _structure(message: Message) -> Counter[str]:
    """Return the number of each kind of part and of each HTML element in a message."""
    try:
        octets = messages.open_raw(message)
    except NotFound:
        return Counter()
    mail = ParsedMessage(lambda: octets)
    found = Counter(part.content_type for part in mail.parsed.parts)
    page = elements.read(mail.html[:MAX_TEXT])
    found.update(f"<{each.name}>" for each in page.elements)
    return found


def _is_alike(left: Counter[str], right: Counter[str]) -> bool:
    """Return whether two structures share most of the parts of both."""
    return (left & right).total() >= _SHARED * max(1, (left | right).total())
