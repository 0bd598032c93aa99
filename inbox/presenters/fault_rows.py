"""The errors for which strict mode refused a message, for the page of the transaction."""

from __future__ import annotations

from collections.abc import Collection

from inbox.insight.mail_faults import Fault
from inbox.insight.stored_faults import of_stored
from inbox.mailbox import inboxes
from inbox.mailbox.large import LABORIOUS, refuse_here
from inbox.policy import strict_setting
from inbox.policy.strict_mode import RULE
from inbox.presenters.message_page import MessagePage


def of_refused(mail: MessagePage) -> list[Fault]:
    """Return the errors for which strict mode refused a message; none for other refusals."""
    if mail.message or not any(
        RULE in each.rule and (each.code or 0) >= 400 for each in mail.exchanges
    ):
        return []
    refuse_here(len(mail.octets), LABORIOUS)
    return of_stored(mail.octets, mail.exchanges, _ignored(mail))


def _ignored(mail: MessagePage) -> Collection[str]:
    """Return the kinds that currently are no errors in its inbox."""
    slug = inboxes.slug(mail.transaction.inbox_id)
    return () if slug is None else strict_setting.ignored_in(mail.scope, slug)
