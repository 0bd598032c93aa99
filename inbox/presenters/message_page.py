"""The page of a message, or of a transaction that was not accepted, in words.

Both look alike, so that a refused message can be read like a stored one. Bodies are
read and parsed only when needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from uuid import UUID

from django.utils.translation import gettext as _

from inbox import explain, pages
from inbox.content import finds
from inbox.content.finds import Finds
from inbox.explain.quantities import counted
from inbox.insight import (
    attempts,
    findings,
    message_defects,
    session_facts,
)
from inbox.mailbox import messages, shared_sessions, transactions, transcripts, trash
from inbox.mailbox.scope import Scope
from inbox.mailbox.transactions import TransactionSummary
from inbox.models import Exchange, Message, Session
from inbox.models.session import TAKEN
from inbox.presenters import made_report_rows, people
from inbox.presenters.attempts import HistoryPanel, history_panel
from inbox.presenters.envelope import EnvelopeDifference, differences
from inbox.presenters.made_report_rows import MadeReportRow
from inbox.presenters.people import People
from mailsink import translatable as words
from mailsink.mime import headers, notices, reports
from mailsink.mime.headers import Summary
from mailsink.mime.mails import ParsedMessage
from mailsink.mime.notices import Notice
from mailsink.mime.reports import Report


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message was not accepted."""

    title: str
    detail: str = ""


class MessagePage(ParsedMessage):
    """A message with its transaction; or, without a message, a refused transaction."""

    def __init__(
        self,
        scope: Scope,
        transaction: TransactionSummary,
        message: Message | None,
        read: Callable[[], bytes] | None = None,
    ) -> None:
        """read: returns the octets, if they are not simply those of the transaction"""
        self.scope = scope
        self.transaction = transaction
        self.message = message
        super().__init__(
            read or partial(transactions.body_or_none, scope, transaction.id)
        )

    @property
    def id(self) -> str:
        return str(self.message.pk if self.message else self.transaction.id)

    @property
    def kind(self) -> str:
        return "message" if self.message else "transaction"

    @property
    def url(self) -> str:
        return pages.path(self.kind, self.id)

    @property
    def case_url(self) -> str:
        return pages.path(f"{self.kind}-case", self.id)

    @property
    def attempts_url(self) -> str:
        return pages.path(f"{self.kind}-attempts", self.id)

    @property
    def checks_url(self) -> str:
        """Return the URL of the count for the tab Checks."""
        return pages.path(f"{self.kind}-checks", self.id)

    def print_url(self, **query: object) -> str:
        """Return the URL of the page for printing, with the parameters of frame_url."""
        return pages.path(f"{self.kind}-print", self.id, **query)

    @property
    def raw_url(self) -> str:
        return pages.path(f"api-v3:{self.kind}s_raw", self.id)

    def frame_url(self, **query: object) -> str:
        """Return the URL of the HTML, of a part, or of another display with a query."""
        return pages.path(f"{self.kind}-frame", self.id, **query)

    @property
    def has_html(self) -> bool:
        return bool(self.reading.choice.html)

    @property
    def at(self) -> datetime:
        if self.message:
            return self.message.received_at
        return self.transaction.ended_at or self.transaction.started_at

    @property
    def size(self) -> int | None:
        return self.transaction.size

    @property
    def title(self) -> str:
        if self.transaction.size is None:
            return _("(no message sent)")
        subject = self.message.subject if self.message else self.transaction.subject
        return subject or _("(no subject)")

    @cached_property
    def summary(self) -> Summary:
        return headers.summary(self.octets)

    @cached_property
    def exchanges(self) -> list[Exchange]:
        return transcripts.of_transaction(self.transaction)

    @property
    def people(self) -> People:
        """Sender and recipients in one line; from the envelope if there is no header."""
        if not self.octets:
            return people.of_envelope(self.transaction)
        named = people.of_header(self.summary, self.parsed.root.fields)
        return people.of_cut(self.transaction, named) if self._is_cut else named

    @property
    def _is_cut(self) -> bool:
        """Whether the message is incomplete, so that its header may be, too."""
        return self.transaction.complete is False

    @property
    def facts(self) -> list[tuple[str, str]]:
        """People and Date of the header; of the envelope if no message arrived."""
        if not self.octets:
            return people.envelope_facts(self.transaction)
        return people.header_facts(self.summary, self.parsed.root.fields)

    @property
    def differences(self) -> list[EnvelopeDifference]:
        if not self.octets:
            return []
        summary = self.summary
        recipients = [each["address"] for each in (*summary.to, *summary.cc)]
        if self._is_cut and not recipients:
            return []  # the header ends before them
        return differences(self.transaction, summary.from_address, recipients)

    @property
    def attempt_history(self) -> HistoryPanel | None:
        """The attempts at sending it."""
        return history_panel(attempts.of_transaction(self.scope, self.transaction.id))

    @property
    def made_reports(self) -> list[MadeReportRow]:
        """The reports that Mailsink made about it."""
        return made_report_rows.of_message(self.scope, self.id)

    @cached_property
    def finds(self) -> Finds:
        """The codes and links that are the purpose of the message."""
        return finds.found(self.title, self.reading)

    @cached_property
    def reported(self) -> Report | None:
        """The report in the message: a bounce, a receipt, a complaint or an automatic reply."""
        if not self.octets:
            return None
        return reports.read(self.reading, self.transaction.reverse_path)

    @property
    def notices(self) -> list[Notice]:
        """Notices about a message that is not just text, each with the part that causes it."""
        if not self.octets:
            return []
        return notices.notices(self.reading, self.transaction.reverse_path)

    @property
    def defects(self) -> list[str]:
        if not self.octets:
            return []
        found = message_defects.of(self.parsed, self.transaction.parameters)
        return [translated(each) for each in found]

    @cached_property
    def session(self) -> Session:
        return shared_sessions.of_transaction(self.transaction)

    @cached_property
    def report(self) -> findings.FindingsReport:
        return findings.of_transaction(self.session, self.transaction)

    @property
    def verdict(self) -> Verdict | None:
        return None if self.message else _verdict(self.transaction, self.exchanges)

    @cached_property
    def diagnosis(self) -> explain.Diagnosis | None:
        """Why it was not accepted, and the fix; None if that is unknown."""
        if self.message or self.transaction.outcome in (None, *TAKEN):
            return None
        if self.session.transactions == 1:
            facts = session_facts.of([self.session])[self.session.id]
            return explain.diagnose(self.session, facts)
        refusal = _refusal(self.transaction, self.exchanges)
        return explain.diagnose_refusal(self.transaction.failure, refusal)


def of_message(scope: Scope, id: str | UUID) -> MessagePage:
    """Return a stored message. Raises NotFound."""
    message = messages.get(scope, id)
    transaction = transactions.get(scope, message.transaction_id)
    return MessagePage(scope, transaction, message)


def of_deleted(scope: Scope, id: str | UUID) -> MessagePage:
    """Return a message that is in the trash. Raises NotFound."""
    message = trash.get(scope, id)
    transaction = transactions.get(scope, message.transaction_id)
    # Those of its transaction are hidden while it is in the trash.
    return MessagePage(scope, transaction, message, partial(messages.open_raw, message))


def of_transaction(scope: Scope, id: str | UUID) -> MessagePage:
    """Return a transaction as a message. Raises NotFound."""
    return MessagePage(scope, transactions.get(scope, id), None)


def translated(text: words.TranslatableText) -> str:
    """Return a text of the package mailsink in the reader's language."""
    values = {
        name: translated(value) if isinstance(value, words.TranslatableText) else value
        for name, value in text.values.items()
    }
    return _(text.template) % values if values else _(text.template)


def accepted_as(scope: Scope, transaction: TransactionSummary) -> str | None:
    """Return the URL of the message that an accepted transaction became."""
    if transaction.outcome != "accepted":
        return None
    lines = transcripts.of_transaction(transaction)
    link = session_facts.links(scope, lines).get(transaction.id)
    return link.url if link else None


def _verdict(transaction: TransactionSummary, exchanges: list[Exchange]) -> Verdict:
    if transaction.outcome is None:
        return Verdict(_("Still in progress: nothing is accepted yet"))
    if transaction.outcome == "accepted":
        return Verdict(_("Accepted; its message is in the trash, or was removed"))
    if transaction.outcome == "discarded":
        return Verdict(_("Accepted, and discarded: a rule asked for it"))
    refusal = _refusal(transaction, exchanges)
    reply = refusal.reply.replace("\n", " ") if refusal else ""
    detail = _("Reply: %(reply)s") % {"reply": reply} if reply else ""
    if transaction.outcome == "rejected":
        codes = (
            f"{transaction.code or ''} {refusal.enhanced if refusal else ''}".strip()
        )
        return Verdict(
            _("Not accepted: %(codes)s") % {"codes": codes or "refused"}, detail
        )
    if transaction.size is not None and not transaction.complete:
        cut = _("cut off after %(size)s") % {"size": counted(transaction.size, "byte")}
        return Verdict(
            _("Not accepted: %(cut)s") % {"cut": cut},
            detail or _("The connection ended here."),
        )
    if transaction.outcome == "reset":
        return Verdict(
            _("Not accepted: the client cancelled the transaction (RSET)"), detail
        )
    return Verdict(
        _("Not accepted: the client left before it sent the message"), detail
    )


def _refusal(
    transaction: TransactionSummary, exchanges: list[Exchange]
) -> Exchange | None:
    """Return the line whose reply ended the transaction, or else one that was refused."""
    refused = [each for each in reversed(exchanges) if (each.code or 0) >= 400]
    bodies = [each for each in refused if each.kind in ("body", "chunk")]
    ending = [each for each in refused if each.code == transaction.code]
    return next(iter([*bodies, *ending, *refused]), None)
