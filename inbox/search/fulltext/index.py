"""Writing the index: the indexed texts of a message, and their removal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from inbox.models import Message, Recipient, SearchText
from inbox.search.fulltext import header_fields
from inbox.search.fulltext.tokens import tokens
from inbox.storage.removals import remove_rows
from mailsink.mime import enclosed
from mailsink.mime.headers import Field
from mailsink.mime.reading import Reading

SHOWN = 256 * 1024  # characters of a body's text that are indexed
_NAMES = 100  # attachments whose names are indexed


@dataclass(frozen=True, slots=True)
class Texts:
    """The indexed texts of a message, as tokens: a column each."""

    subject: list[str]
    sender: list[str]
    recipients: list[str]
    body: list[str]
    header: list[str] = field(default_factory=list)  # see header_fields.py


COLUMNS = ("subject", "sender", "recipients", "body")


def texts(
    message: Message,
    reverse_path: str,
    forward_paths: Collection[str],
    body: str = "",
    header: Collection[Field] = (),
) -> Texts:
    """Return the indexed texts of a message. body: see body_text; header: its fields"""
    sender = f"{message.from_name} {message.from_address} {reverse_path}"
    return Texts(
        tokens(message.subject),
        tokens(sender),
        recipient_tokens(message, forward_paths),
        tokens(f"{message.message_id} {body}"),
        header_fields.field_tokens(header),
    )


def recipient_tokens(message: Message, forward_paths: Collection[str]) -> list[str]:
    """Return the indexed tokens of a message's recipients."""
    people = [*message.to, *message.cc]
    named = (f"{each['name']} {each['address']}" for each in people)
    return tokens(" ".join([*named, *forward_paths]))


def forward_paths(found: Collection[Message]) -> dict[UUID, list[str]]:
    """Return the envelope recipients of messages, by their transactions."""
    paths: dict[UUID, list[str]] = {}
    named = Recipient.objects.filter(
        transaction__in=[each.transaction_id for each in found]
    )
    for transaction, path in named.values_list("transaction_id", "forward_path"):
        paths.setdefault(transaction, []).append(path)
    return paths


def body_text(reading: Reading) -> str:
    """Return the words of a body, with HTML turned into text, and the names of its files.

    The words of enclosed messages follow.
    """
    names = (part.filename for part in reading.attachments[:_NAMES])
    inner = enclosed.words_up_to(reading.octets, reading.structure, SHOWN)
    return " ".join([reading.text_up_to(SHOWN), *names, inner])


def missing() -> QuerySet[Message]:
    """Return the messages from before there was a full text, newest first."""
    rows = Message.objects.filter(searchtext=None, indexed_at__isnull=False)
    return rows.order_by("-pk")


def put(found: Sequence[tuple[UUID, Texts]]) -> None:
    """Write the texts of messages that have none yet. Call within a turn."""
    known = set(
        SearchText.objects.filter(message__in=[id for id, _ in found]).values_list(
            "message_id", flat=True
        )
    )
    there = Message.objects.filter(pk__in=[id for id, _ in found])
    alive = set(there.values_list("pk", flat=True)) - known
    fresh = [(id, each) for id, each in found if id in alive]
    keys = _keys([id for id, _ in fresh])
    rows = [(key, id, each) for key, (id, each) in zip(keys, fresh, strict=True)]
    if connection.vendor == "postgresql":
        _put_in_postgresql(rows)
    else:
        _put_in_sqlite(rows)


def _put_in_postgresql(rows: Sequence[tuple[int, UUID, Texts]]) -> None:
    """Write whole rows: a later change would write all index entries of a row again."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO inbox_searchtext (id, message_id, vector, header, with_header)"
            " VALUES (%s, %s, %s::tsvector, %s::tsvector, TRUE)",
            [
                (key, id, _vector(each), header_fields.vector(each.header))
                for key, id, each in rows
            ],
        )


def _put_in_sqlite(rows: Sequence[tuple[int, UUID, Texts]]) -> None:
    SearchText.objects.bulk_create(
        SearchText(pk=key, message_id=id, with_header=True) for key, id, _ in rows
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT OR REPLACE INTO inbox_searchindex"
            " (rowid, subject, sender, recipients, body) VALUES (%s, %s, %s, %s, %s)",
            [
                (key, *(" ".join(getattr(each, name)) for name in COLUMNS))
                for key, _, each in rows
            ],
        )
    header_fields.put_in_sqlite([(key, each.header) for key, _, each in rows])


def _keys(messages: Sequence[UUID]) -> list[int]:
    """Return keys that sort like the messages' ids: their 60 leading bits.

    Two processes can assign the same keys in the same instant, and many of them while
    the clock is set back: in that case the next free key is taken, however far away.
    """
    wanted = [first_key(each) for each in messages]
    first, last = min(wanted, default=0), max(wanted, default=0) + len(wanted)
    while True:
        known = SearchText.objects.filter(pk__range=(first, last))
        keys = _free(wanted, set(known.values_list("pk", flat=True)))
        if max(keys, default=0) <= last:
            return keys
        last += 2 * (last - first)  # the keys beyond are not known yet


def first_key(message: UUID) -> int:
    """Return the key of a message, if it is free."""
    return message.int >> 80 << 12 | message.int >> 64 & 0xFFF


def _free(wanted: Sequence[int], taken: set[int]) -> list[int]:
    """Return the next free key for each wanted one, without duplicates; add them to `taken`."""
    keys = []
    for key in wanted:
        while key in taken:
            key += 1
        taken.add(key)
        keys.append(key)
    return keys


# PostgreSQL's limits: for a position, for the positions of a token, for all octets
_MAX_POSITION = 16_383
_MOST_POSITIONS = 255
_MOST_OCTETS = 1_048_575
_APART = (
    10  # positions between two columns, so that no phrase goes from one to the other
)


def _vector(each: Texts) -> str:
    """Return a tsvector's text: each token with its positions, and its column as a weight.

    Tokens that do not fit are left out. The tokens of the body, which come last, can
    take 5 MB.
    """
    places: dict[str, list[str]] = {}
    at = count(1)
    for weight, name in zip("ABCD", COLUMNS, strict=True):
        for token in getattr(each, name):
            place = min(next(at), _MAX_POSITION)
            places.setdefault(token, []).append(f"{place}{weight}")
        for _ in range(_APART):
            next(at)
    return " ".join(f"'{token}':{','.join(known)}" for token, known in _fitting(places))


def _fitting(places: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the first tokens that fit a tsvector, each with at most its limit of positions."""
    room = _MOST_OCTETS
    for token, known in places.items():
        fitting = known[:_MOST_POSITIONS]
        # After a token come the number of its positions and the positions, at an even
        # offset.
        room -= len(token.encode()) + 1 + 2 + 2 * len(fitting)
        if room < 0:
            return
        yield token, fitting


def forget(messages: Sequence[UUID]) -> None:
    """Remove the texts of messages. Call within a turn."""
    if connection.vendor == "sqlite":
        rows = SearchText.objects.filter(message__in=messages)
        keys = [(key,) for key in rows.values_list("pk", flat=True)]
        header_fields.forget([key for (key,) in keys])
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM inbox_searchindex WHERE rowid = %s", keys)
    remove_rows([(SearchText, "message")], messages)
