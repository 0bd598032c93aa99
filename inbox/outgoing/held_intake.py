"""Puts captured messages into the queue of held mail: one release for each held domain.

It continues after the last message that it has processed, in small turns, since mail
comes in meanwhile. A message may have a thousand recipients, each in a different
domain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q

from inbox.models import HeldDomain, Message, Recipient, Release, ReleaseRecipient
from inbox.models.outgoing import HELD, NEVER
from inbox.outgoing import domain_forms, held_domains
from inbox.storage.write_lock import ROWS_IN_A_TURN, write_turn

_MESSAGES_AT_ONCE = 100
_LOOK_EVERY = 30.0  # seconds
_LONGEST_DOMAIN = 255  # characters, as in DNS

Group = tuple[Message, str, list[Recipient]]  # the recipients of a message in a domain


def catch_up() -> None:
    """Put the messages since the last time into the queue."""
    while _step():
        pass


def look() -> float:
    """Do one step of catching up; return the seconds until the next.

    No client has to wait for it.
    """
    return 0.0 if _step() else _LOOK_EVERY


def domain_of(address: str) -> str:
    """Return the domain of an address in DNS form, in lower case; "" if it has none."""
    domain = domain_forms.ascii_domain(address.rpartition("@")[2])
    return domain if len(domain) <= _LONGEST_DOMAIN else ""


def _step() -> bool:
    """Process the next messages; return whether there may be more."""
    seen = list(HeldDomain.objects.values_list("seen", flat=True))
    if not seen:
        return False
    messages = _after(min(seen))
    if not messages:
        return False
    groups = list(_groups(messages))
    with write_turn():
        entries = list(HeldDomain.objects.select_for_update().order_by("pk"))
        missing = _missing(groups, entries)
        put = _put(missing)
        if put == len(missing):  # otherwise these messages are processed again
            newest = messages[-1].pk
            HeldDomain.objects.filter(seen__lt=newest).update(seen=newest)
    return True


def _after(seen: UUID) -> list[Message]:
    """Return the next messages, limited by their total number of recipients."""
    rows = Message.objects.filter(pk__gt=seen).select_related("transaction")
    found: list[Message] = []
    recipients = 0
    for each in rows.order_by("pk")[:_MESSAGES_AT_ONCE]:
        found.append(each)
        recipients += each.transaction.recipients_accepted
        if recipients >= ROWS_IN_A_TURN:
            break
    return found


def _groups(messages: Iterable[Message]) -> Iterator[Group]:
    """Yield the recipients of messages, by message and domain."""
    by_transaction = {each.transaction_id: each for each in messages}
    accepted = Recipient.objects.filter(
        Q(final_code=None) | Q(final_code__lt=300),
        transaction__in=list(by_transaction),
        rcpt_code__lt=300,
    )
    found: dict[tuple[UUID, str], list[Recipient]] = defaultdict(list)
    for one in accepted.order_by("transaction", "seq"):
        found[one.transaction_id, domain_of(one.forward_path)].append(one)
    for (transaction, domain), those in found.items():
        yield by_transaction[transaction], domain, those


def _missing(
    groups: Iterable[Group], entries: Iterable[HeldDomain]
) -> list[tuple[Group, HeldDomain]]:
    """Return the groups that must be held and are not yet, each with its held domain."""
    groups = list(groups)
    ids = {message.pk for message, _domain, _those in groups}
    known = Release.objects.filter(message_id__in=ids).exclude(held_for="")
    held_already = set(known.values_list("message_id", "held_for"))
    found = []
    for group in groups:
        message, domain, _those = group
        here = {
            each.domain: each
            for each in entries
            if each.inbox_id == message.inbox_id and each.seen < message.pk
        }
        entry = held_domains.most_specific(here, domain)
        if entry is not None and (message.pk, domain) not in held_already:
            found.append((group, entry))
    return found


def _put(missing: Iterable[tuple[Group, HeldDomain]]) -> int:
    """Write the first groups, as many as a turn has rows for; return their number."""
    made: list[Release] = []
    rows: list[ReleaseRecipient] = []
    for (message, domain, those), entry in missing:
        if made and len(made) + len(rows) + len(those) >= ROWS_IN_A_TURN:
            break
        release = _release(message, domain, entry)
        made.append(release)
        rows += (_row(release, seq, one) for seq, one in enumerate(those, 1))
    Release.objects.bulk_create(made, batch_size=100)
    ReleaseRecipient.objects.bulk_create(rows, batch_size=100)
    return len(made)


def _release(message: Message, domain: str, entry: HeldDomain) -> Release:
    return Release(
        message_id=message.pk,
        subject=message.subject[:200],
        reverse_path=message.transaction.reverse_path,
        parameters=message.transaction.parameters,
        requested_at=message.received_at,
        state=HELD,
        expires_at=NEVER,
        held_for=domain,
        held_by=entry,
    )


def _row(release: Release, seq: int, one: Recipient) -> ReleaseRecipient:
    return ReleaseRecipient(
        release=release,
        seq=seq,
        forward_path=one.forward_path,
        parameters=one.parameters,
    )
