"""A reply that a mail provider documents, in words for the transcript."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.inputs import Replylike
from inbox.providers.provider_replies import ProviderReply, documented_in
from inbox.rules.field_table import STAGE_WORDS

RETRY_WORDS = {
    "again": gettext_noop("The same message may pass later."),
    "slower": gettext_noop("It may pass later, if mail is sent more slowly."),
    "later": gettext_noop("It may pass in a day or more."),
    "fix": gettext_noop("It does not pass until something is changed."),
    "never": gettext_noop("It never passes: send no more mail to this address."),
}


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """The words about one provider."""

    id: str
    meaning: str
    retry: str
    misleads: str  # "" if the first digit is right
    source: str
    read: date
    is_old: bool


def rows(exchange: Replylike) -> list[ProviderRow]:
    """Return what providers document about a refusal; none about other replies."""
    if (exchange.code or 0) < 400:
        return []
    found = documented_in(exchange.code or 0, exchange.enhanced, exchange.reply)
    return [row(each) for each in found]


def row(reply: ProviderReply) -> ProviderRow:
    """Return the words about an entry."""
    said = {"provider": reply.provider, "meaning": reply.meaning}
    return ProviderRow(
        id=reply.id,
        meaning=_("%(provider)s documents this reply: %(meaning)s.") % said,
        retry=_(RETRY_WORDS[reply.retry]),
        misleads=_misleading(reply),
        source=reply.source,
        read=reply.read,
        is_old=reply.is_old(datetime.now(UTC).date()),
    )


@dataclass(frozen=True, slots=True)
class ProviderEntryRow(ProviderRow):
    """An entry in the list of all."""

    provider: str
    stage: str
    line: str


def entry_row(reply: ProviderReply) -> ProviderEntryRow:
    """Return an entry as a row of the list."""
    known = asdict(row(reply)) | {"meaning": reply.meaning}
    return ProviderEntryRow(
        **known,
        provider=reply.provider,
        stage=STAGE_WORDS[reply.stage],
        line=reply.line,
    )


def _misleading(reply: ProviderReply) -> str:
    if not reply.misleads:
        return ""
    if reply.code < 500:
        return _("A retry is useless, although the code begins with 4.")
    return _("A retry may help, although the code begins with 5.")
