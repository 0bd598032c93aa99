"""The header Mailsink-Errors: the number of errors of a message, in inboxes that report them.

A structured field (RFC 9651): the number of errors, with the number of each kind as a
parameter.
"""

from __future__ import annotations

from django.http import HttpResponse

from inbox.api.v3 import message_details
from inbox.api.v3.common import scope
from inbox.insight.stored_faults import of_stored
from inbox.mailbox import transactions, transcripts
from inbox.mailbox.large import LABORIOUS, refuse_here
from inbox.models import Message
from inbox.policy import strict_setting
from mailsink.conf import CONFIG

HEADER = "Mailsink-Errors"


def add(response: HttpResponse, message: Message) -> None:
    """Set the header, unless strict mode is off in the message's inbox."""
    inbox, server = message.inbox, strict_setting.of_server(CONFIG)
    if strict_setting.mode_of(inbox.strict, server) == "off":
        return
    setting = strict_setting.of_inbox(
        inbox.pk, inbox.strict, inbox.strict_ignored, server
    )
    refuse_here(message.size, LABORIOUS)
    transaction = transactions.get(scope(), message.transaction_id)
    lines = transcripts.of_transaction(transaction)
    octets = message_details.opened(message).octets
    found = of_stored(octets, lines, setting.ignored)
    counts = [f"{each.kind.name}={each.count}" for each in found]
    total = sum(each.count for each in found)
    response.headers[HEADER] = ";".join([str(total), *counts])
