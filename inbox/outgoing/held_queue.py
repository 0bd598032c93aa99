"""Answers clients that request held mail: ETRN (RFC 1985), ATRN (RFC 2645), TURN (RFC 821)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import DatabaseError

from inbox.access import accounts
from inbox.mailbox import login_names
from inbox.mailbox.scope import ALL
from inbox.models import HeldDomain, SmtpCredential
from inbox.outgoing import (
    held_domains,
    held_intake,
    held_state,
    holding,
    leaving,
    release_queue,
    switch,
)
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.holding import Domains
from inbox.outgoing.release_queue import Claim, Passage
from inbox.storage.threads import in_thread
from inbox.storage.write_lock import ROWS_IN_A_TURN
from mailsink.conf import CONFIG
from mailsink.ports import Courier, MailRequest
from mailsink.smtp.commands.nothing_held import nothing_waits
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

log = logging.getLogger(__name__)

_AT_ONCE = 100  # releases that are looked up for a client
_LONGEST_NAME = 255  # characters of a user or client name that the log keeps


class HeldQueue:
    """Implements mailsink.ports.HeldMail, on the event loop."""

    def __init__(self, server: UUID, couriers: set[ReleaseCourier]) -> None:
        """couriers: those at work in this process"""
        self._server = server
        self._couriers = couriers
        self._sending: set[asyncio.Task[None]] = set()

    async def ask(self, request: MailRequest) -> Reply | Courier:
        """Return the courier of the mail, or a reply.

        The reply is to ETRN, or to a refused ATRN or TURN.
        """
        try:
            if request.verb == "ETRN":
                return await self._etrn(request)
            refusal = await in_thread(lambda: _refusal(request))
        except DatabaseError as error:
            log.error("The queue of held mail could not be read: %s", error)
            return replies.QUEUE_UNREADABLE
        if refusal is not None:
            return refusal
        taking = _Taking(request, self._server)
        return ReleaseCourier(request.session, taking.claim, self._couriers, most=None)

    async def _etrn(self, request: MailRequest) -> Reply:
        by, domains, refusal = await in_thread(lambda: _etrn_target(request))
        if refusal is not None:
            return refusal
        who = _taker(request)
        started = await in_thread(lambda: holding.send(by, domains, who))
        [node] = request.nodes
        if started < ROWS_IN_A_TURN:
            return replies.started(node.lstrip("@"), started)
        task = asyncio.create_task(self._send_rest(by, domains, who))
        self._sending.add(task)  # a loop holds its tasks by weak references only
        task.add_done_callback(self._sending.discard)
        return replies.started_many(node.lstrip("@"))

    async def _send_rest(
        self, by: Sequence[HeldDomain], domains: Domains, who: str
    ) -> None:
        """Queue the remaining mail, batch by batch; the client already has its reply."""
        try:
            while await in_thread(lambda: holding.send(by, domains, who)):
                pass
        except DatabaseError as error:
            log.error("Held mail could not be queued: %s; it waits on", error)


class _Taking:
    """The mail that one client takes, oldest first; each release is offered once.

    A release that the client defers waits for another session.
    """

    def __init__(self, request: MailRequest, server: UUID) -> None:
        self._request = request
        self._server = server
        self._next: list[UUID] = []  # releases to offer next
        self._after = UUID(int=0)  # the last one so far

    def claim(self) -> Claim | None:
        request = self._request
        while switch.is_on() and (self._next or self._look_on()):
            claimed = release_queue.claim_held(
                self._next.pop(0),
                self._passing,
                self._server,
                request.session,
                _taker(request),
            )
            if claimed is not None:
                return claimed
        return None

    def _look_on(self) -> bool:
        """Find the next releases; return whether there are some."""
        rows = holding.held(_takeable(self._request), self._request.nodes or None)
        later = rows.filter(pk__gt=self._after)
        self._next = held_state.may_leave(later, leaving.by_all(), _AT_ONCE)
        if self._next:
            self._after = self._next[-1]
        return bool(self._next)

    def _passing(self) -> Passage:
        """Return the last check of what the client may take.

        It may have changed meanwhile.
        """
        mine = {each.domain: each for each in _takeable(self._request)}

        def check(address: str) -> str:
            domain = held_intake.domain_of(address)
            if held_domains.most_specific(mine, domain):
                return ""
            return "Its domain may no longer be taken by this client."

        return Passage(check)


def _refusal(request: MailRequest) -> Reply | None:
    """Return why ATRN or TURN gets no mail; None if it gets some."""
    if not HeldDomain.objects.exists():
        return nothing_waits(request)
    mine = _takeable(request)
    names = {each.domain: each for each in mine}
    if not all(held_domains.most_specific(names, node) for node in request.nodes):
        return replies.NOT_YOUR_DOMAIN  # even a single one of several (RFC 2645 §5.2.1)
    held_intake.catch_up()
    rows = holding.held(mine, request.nodes or None)
    if not rows.exists():
        return nothing_waits(request)
    if not switch.is_on():
        return replies.OUTGOING_IS_OFF
    if not held_state.may_leave(rows, leaving.by_all(), 1):
        is_turn = request.verb == "TURN"
        return replies.NOTHING_MAY_TURN if is_turn else replies.NOTHING_MAY_LEAVE
    return None


def _takeable(request: MailRequest) -> list[HeldDomain]:
    """Return the domains whose mail a client may take.

    TURN without AUTH: the domains that its EHLO name equals or is within. Its address
    is trusted.
    """
    held = held_domains.find(ALL)
    if request.user is not None:
        mine = held_domains.taken_by(held, request.user)
        return [each for each in mine if _is_proved(request.user, each)]
    if request.verb != "TURN":
        return []
    name = request.helo.lower().rstrip(".")
    return [each for each in held if f".{name}".endswith(f".{each.domain}")]


def _is_proved(user: str, held: HeldDomain) -> bool:
    """Whether a login proves that a client may read mail of an inbox.

    Without accounts, anybody who reaches the ports may read it. With accounts, the
    login must belong to the server or to that inbox: a server without logins accepts
    any name and password.
    """
    if not accounts.look_if_due():
        return True
    name = login_names.without_strict(user)
    rows = SmtpCredential.objects.filter(inbox__deleted_at=None)
    credential = (
        rows.filter(username=name).first()
        or rows.filter(username=login_names.split(name).user).first()
    )
    # If two logins share a name, it is unknown whose password was given.
    if credential is not None:
        return credential.inbox_id == held.inbox_id
    return any(login in (user, name) for login, _ in CONFIG.smtp_auth)


def _etrn_target(
    request: MailRequest,
) -> tuple[list[HeldDomain], Domains, Reply | None]:
    """Return the held domains and domains of an ETRN, or the reply that refuses it."""
    [node] = request.nodes
    held = held_domains.find(ALL)
    domains: Domains
    if node.startswith("#"):
        named = [each for each in held if each.route and each.route.name == node[1:]]
        domains = None
    else:
        named = [each for each in held if _is_named(each.domain, node)]
        domains = (node,)
    if not named:
        return [], domains, nothing_waits(request)
    by = [each for each in named if not each.users] + held_domains.taken_by(
        named, request.user or ""
    )
    shown = node.lstrip("@")
    if not by:
        why = "log in as a user that may take its mail"
        return [], domains, replies.node_not_allowed(shown, why)
    held_intake.catch_up()
    return by, domains, _nothing_to_start(by, domains, shown)


def _nothing_to_start(
    by: Sequence[HeldDomain], domains: Domains, shown: str
) -> Reply | None:
    waiting = holding.held(by, domains).exists()
    if waiting and not switch.is_on():
        return replies.no_way_to(shown, "outgoing mail is off")
    if waiting and holding.may_be_sent(by, domains):
        return None
    if holding.try_again(by, domains):
        return replies.on_its_way(shown)
    if not waiting:
        return replies.nothing_waits_for(shown)
    if holding.held([each for each in by if each.route], domains).exists():
        return replies.no_way_to(shown, "its route or the guard does not allow them")
    return replies.no_way_to(shown, "no route is set for it")


def _is_named(entry: str, node: str) -> bool:
    """Whether a held domain can have mail for a node: "example.com" or "@example.com"."""
    name = node.removeprefix("@")
    if entry == name or (entry.startswith("*.") and name.endswith(entry[1:])):
        return True
    return node.startswith("@") and entry.endswith(f".{name}")


def _taker(request: MailRequest) -> str:
    """Return the taker's name for the log: "ann (ATRN)"."""
    name = request.user or request.helo or request.client_address
    return f"{name[:_LONGEST_NAME]} ({request.verb})"
