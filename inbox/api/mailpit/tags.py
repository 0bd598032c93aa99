"""Mailpit's routes for tags: listing them, putting them on messages, renaming, deleting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from django.http import HttpRequest, HttpResponse

from inbox.api.mailpit import summaries
from inbox.api.mailpit.common import ok
from inbox.api.plain_answers import PlainError, body, go_json, key
from inbox.api.v3.common import scope
from inbox.mailbox import marking, messages, selection
from inbox.mailbox.marking import MAX_TAG_LENGTH, MAX_TAGS, Marks
from inbox.mailbox.selection import Selection
from inbox.search import mailpit_language

_LOOKED_AT, _LONGEST = 1000, 1000  # tags of a request that are used; characters of each
_OTHERS = re.compile(r"[^a-zA-Z0-9\- _.@]")


def cleaned(names: Iterable[str]) -> list[str]:
    """Return tags cleaned by Mailpit's rules, without those that become empty."""
    found: dict[str, str] = {}
    for name in islice(names, _LOOKED_AT):
        clean = _clean(name[:_LONGEST])
        if clean:
            found.setdefault(clean.lower(), clean)
    return list(found.values())[:MAX_TAGS]


def _clean(name: str) -> str:
    return " ".join(_OTHERS.sub(" ", name).split())[:MAX_TAG_LENGTH].strip()


def find(request: HttpRequest) -> HttpResponse:
    """List the tags in use."""
    return go_json(summaries.tags(messages.tags(scope())))


def put(request: HttpRequest) -> HttpResponse:
    """Replace the tags of messages."""
    asked = body(request)
    chosen = selection.by_ids([*map(key, asked.texts("IDs"))])
    names = _known(cleaned(asked.texts("Tags")))
    marking.update_many(scope(), chosen, Marks(tags=names))
    return ok()


def _known(names: Iterable[str]) -> list[str]:
    """Return tags in the case of existing equal ones."""
    known = {each.lower(): each for each in messages.tags(scope())}
    return [known.get(name.lower(), name) for name in names]


def rename(request: HttpRequest, tag: str) -> HttpResponse:
    """Rename a tag."""
    given = body(request).text("Name")
    old, new = _existing(tag), _clean(given)
    if not new or new != given.strip():
        raise PlainError(f"invalid tag name: {given[:MAX_TAG_LENGTH]}")
    if new == old:
        return ok()
    others = [each for each in messages.tags(scope()) if each != old]
    if new.lower() in map(str.lower, others):
        raise PlainError(f"tag already exists: {new}")
    marks = Marks(add=[new], remove=[old])
    marking.update_many(scope(), Selection(where=mailpit_language.tagged(old)), marks)
    return ok()


def delete(request: HttpRequest, tag: str) -> HttpResponse:
    """Remove a tag from all messages."""
    old = _existing(tag)
    chosen = Selection(where=mailpit_language.tagged(old))
    marking.update_many(scope(), chosen, Marks(remove=[old]))
    return ok()


def _existing(tag: str) -> str:
    known = {each.lower(): each for each in messages.tags(scope())}
    if tag.lower() not in known:
        raise PlainError(f"tag not found: {tag[:MAX_TAG_LENGTH]}")
    return known[tag.lower()]
