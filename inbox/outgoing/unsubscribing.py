"""Unsubscribing with one click (RFC 8058), at a user's request.

It stores the answer. The mail chooses the address of the request. So no request is
sent automatically, private addresses are refused unless a setting allows them, and
redirects are not followed.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from inbox.content import unsubscribe
from inbox.content.unsubscribe import ONE_CLICK, UnsubscribeTargets
from inbox.errors import Conflict, NotKept
from inbox.mailbox import messages
from inbox.mailbox.scope import Scope
from inbox.models import Message, Unsubscription
from inbox.outgoing import switch
from inbox.storage import full_disk
from inbox.storage.write_lock import write_turn
from mailsink import __version__
from mailsink.mime import links, structure
from mailsink.mime.structure import Part
from mailsink.posting.poster import Poster, PostResult
from mailsink.web.request_rules import MAILSINK

MOST = 20  # requests for a message
_READ = 128 * 1024  # octets of a message: enough for the header
_SECONDS = 10.0
_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": f"{MAILSINK}{__version__}",
}

_asking = threading.Lock()


@dataclass(frozen=True, slots=True)
class UnsubscribeOffer:
    """How a message lets its recipient unsubscribe.

    faults: why mailbox providers would not offer it, in sentences. refusal: why
    Mailsink sends no request; "" if it can send one
    """

    targets: UnsubscribeTargets | None
    faults: list[str]
    refusal: str
    requests: list[Unsubscription]


def offer(scope: Scope, id: str | UUID) -> UnsubscribeOffer:
    """Return the offer of a message, with the requests that were sent. Raises NotFound."""
    message = messages.get(scope, id)
    return of(message, _root(message))


def _root(message: Message) -> Part:
    return structure.parse(messages.open_start(message, _READ)).root


def of(message: Message, root: Part) -> UnsubscribeOffer:
    """Return the offer of a message that has been read already."""
    targets = unsubscribe.of(root)
    rows = Unsubscription.objects.filter(about=message.pk).order_by("-pk")
    has_field = root.get("list-unsubscribe") is not None
    faults = list(unsubscribe.faults(root)) if has_field else []
    return UnsubscribeOffer(targets, faults, _refusal(targets), list(rows[:MOST]))


def perform(scope: Scope, id: str | UUID, by: str) -> Unsubscription:
    """Send the request, and store it with its answer. Takes up to 10 seconds.

    by: the address of the requesting client. Raises NotFound; Conflict if the request
    cannot be sent; NotKept if it was sent, but cannot be stored.
    """
    message = messages.get(scope, id)
    offered = of(message, _root(message))
    if offered.refusal:
        raise Conflict(offered.refusal)
    switch.check()
    if len(offered.requests) >= MOST:
        words = _("At most %(most)s requests are sent for a message.")
        raise Conflict(words % {"most": MOST})
    assert offered.targets is not None
    if not _asking.acquire(blocking=False):
        raise Conflict(
            _("Another request to unsubscribe is under way; try again later.")
        )
    try:
        result = asyncio.run(_post(offered.targets.post_url))
    finally:
        _asking.release()
    return _keep(message, offered.targets.post_url, result, by)


def _refusal(targets: UnsubscribeTargets | None) -> str:
    if targets is None or not targets.post_url:
        return _("The message has no web address in List-Unsubscribe.")
    if not _is_sendable(targets.post_url):
        return _("The web address in List-Unsubscribe is malformed.")
    if targets.one_click:
        return ""
    is_plain = targets.post_url[:5].lower() == "http:"
    if is_plain and targets.has_post and settings.CONFIG.unsubscribe_private:
        return ""  # within one's own network, where https is rare
    return _("The message does not offer to unsubscribe by one click (RFC 8058).")


def _is_sendable(url: str) -> bool:
    """Whether an address can be requested unchanged. Mail can contain anything."""
    parts = links.split(url)
    is_text = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}#')
    return is_text and parts is not None and parts.username is parts.password is None


async def _post(url: str) -> PostResult:
    poster = Poster(settings.CONFIG.unsubscribe_private, seconds=_SECONDS)
    try:
        return await poster.post(url, _HEADERS, ONE_CLICK.encode())
    finally:
        await poster.close()


def _keep(message: Message, url: str, result: PostResult, by: str) -> Unsubscription:
    row = Unsubscription(
        about=message.pk,
        requested_at=datetime.now(UTC),
        requested_by=by,
        url=url,
        request=_written(url),
        code=result.code,
        answer=result.text,
        took_ms=result.took_ms,
    )
    try:
        full_disk.with_room(partial(_store, row))
    except (DatabaseError, OSError) as error:
        if not full_disk.is_full(error):
            raise
        # Not the original error: an action that a full disk stopped is repeated from
        # its first step, and meanwhile no other thread can write.
        words = _("The request was sent, and is not kept: the disk is full.")
        raise NotKept(words) from None
    return row


def _store(row: Unsubscription) -> None:
    with write_turn():
        row.save(force_insert=True)


def _written(url: str) -> str:
    """Return the request as text."""
    parts = links.split(url)
    assert parts is not None
    query = f"?{parts.query}" if parts.query else ""
    head = [f"POST {parts.path or '/'}{query} HTTP/1.1", f"Host: {parts.netloc}"]
    head += [f"{name}: {value}" for name, value in _HEADERS.items()]
    return "\n".join([*head, "", ONE_CLICK])
