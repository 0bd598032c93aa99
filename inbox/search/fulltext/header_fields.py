"""The index of header fields: words that know the name of their field.

A word is stored after a short key of its field's name, and each field begins with the
key alone: so a phrase is found within one field only. From, To, Cc, Subject and
Message-ID are not in the index: they have columns of their own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from uuid import UUID

from django.db import connection

from inbox.models import Message, SearchText
from inbox.search.fulltext.tokens import tokens
from mailsink.mime.headers import Field

_KNOWN_OTHERWISE = frozenset(("from", "to", "cc", "subject", "message-id"))
KEY = 8  # characters of a key
_MOST_FIELDS = 200
_MOST_OF_FIELD = 50  # tokens
_MOST = 1000  # tokens of a message; PostgreSQL's positions end at 16,383
_READ = 4000  # characters of a field
_LONGEST_NAME = 200  # characters


@lru_cache(maxsize=2000)
def field_key(name: str) -> str:
    """Return the prefix of the words in a field with this name, in letters and digits."""
    name = name[:_LONGEST_NAME].lower()
    hashed = hashlib.blake2s(name.encode(), digest_size=5).digest()
    return base64.b32encode(hashed).decode().lower()


def field_tokens(fields: Collection[Field]) -> list[str]:
    """Return the tokens to index for a header, within the limits."""
    return list(islice(_tokens(fields), _MOST))


def _tokens(fields: Collection[Field]) -> Iterator[str]:
    for field in islice(fields, _MOST_FIELDS):
        if field.name.lower() in _KNOWN_OTHERWISE:
            continue
        key = field_key(field.name)
        yield key
        for word in tokens(field.value[:_READ], _MOST_OF_FIELD):
            yield key + word


def put(found: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Write the tokens of headers, by the keys of SearchText. Call within a turn."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE inbox_searchtext SET header = %s::tsvector, with_header = TRUE"
                " WHERE id = %s",
                [(vector(words), key) for key, words in found],
            )
    else:
        put_in_sqlite(found)
        keys = [key for key, _ in found]
        SearchText.objects.filter(pk__in=keys).update(with_header=True)


def put_in_sqlite(found: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Write the same into SQLite's index only."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT OR REPLACE INTO inbox_headerindex (rowid, fields) VALUES (%s, %s)",
            [(key, " ".join(words)) for key, words in found if words],
        )


def vector(words: Sequence[str]) -> str:
    """Return tokens as a tsvector's text, each with its positions."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, 1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(at[:255])}" for word, at in places.items())


def missing(most: int) -> list[tuple[int, UUID]]:
    """Return the newest keys and messages that were indexed before header fields were."""
    rows = SearchText.objects.filter(with_header=None).order_by("-pk")
    return list(rows.values_list("pk", "message_id")[:most])


def of_messages(ids: Collection[UUID]) -> dict[UUID, Message]:
    """Return messages together with their transactions."""
    return Message.objects.select_related("transaction").in_bulk(list(ids))


def forget(keys: Collection[int]) -> None:
    """Remove the headers of messages from SQLite's index. Call within a turn."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "DELETE FROM inbox_headerindex WHERE rowid = %s", [(key,) for key in keys]
        )
