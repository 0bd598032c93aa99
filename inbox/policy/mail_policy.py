"""Decides replies to clients, through the policy of the inbox that they send to.

Implements mailsink.ports.Policy from memory. The settings of inboxes are read again
when this process changes them, and each second, in case another process did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import Count, Max, Q

from inbox.mailbox import inboxes, label_inboxes
from inbox.mailbox.label_inboxes import Unmakable
from inbox.models import Inbox, Mute, Rule, SmtpCredential
from inbox.models.inbox import DEFAULT_SLUG
from inbox.policy import sorting_conditions
from inbox.policy.mail_sorter import MailSorter, Sorted, WantedInbox
from inbox.policy.message_judge import MessageJudge
from inbox.policy.pattern_threads import MOST_NOW, in_pattern_thread
from inbox.policy.policy import InboxPolicy
from inbox.policy.strict_setting import NOT_STRICT, StrictSetting
from inbox.rules.rule_limits import now
from inbox.rules.rulebook import rules_changed
from inbox.storage.threads import in_thread
from inbox.upkeep.background import Background
from mailsink.mail_threads import in_mail_thread
from mailsink.ports import Consult, Decision, Stage
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import Placement

_LOOK_EVERY = 1.0  # seconds

Version = tuple[object, ...]

_REVOKED = Decision(replies.LOGIN_REVOKED, close="after", rule="revoked login")


class MailPolicy:
    """The policies of all inboxes, and the sorter that distributes mail among them."""

    # With a single inbox, its own method, without a detour.
    decide_now: Callable[[Consult], Decision | None]
    asks: Callable[[str], bool]

    def __init__(self, strict: StrictSetting = NOT_STRICT) -> None:
        """Start without settings, until the first refresh. strict: the server's own mode"""
        self._strict = strict
        self._judge = MessageJudge()
        self._policies: dict[str, InboxPolicy] = {}
        self._versions: dict[str, Version] = {}
        self._sorted: list[Sorted] = []
        self._sorter: MailSorter | None = None  # None: there is only one inbox
        # settings that were read first must not be set last
        self._reading = threading.Lock()
        self.stages: Collection[Stage] = frozenset()
        inboxes.changed.connect(self._changed)
        rules_changed.connect(self._changed)

    async def decide(self, consult: Consult) -> Decision:
        """Answer a consultation."""
        sorter = self._sorter
        if sorter is None:
            return await self._policy_of("").decide(consult)
        if sorter.is_revoked(consult):
            return _REVOKED
        wanted = sorter.wanted(consult)
        notice = await self._made(wanted) if wanted is not None else ""
        sorter = self._sorter or sorter
        placement = await self._place(sorter, consult)
        decided = await self._policy_of(placement.inbox).decide(consult)
        decided = _placed(decided, consult, placement)
        return replace(decided, notice=notice) if notice else decided

    def _sort_and_decide(self, consult: Consult) -> Decision | None:
        """Answer a consultation; return None if that requires waiting."""
        sorter = self._sorter
        if (
            sorter is None
            or sorter.has_to_read(consult)
            or sorter.wanted(consult) is not None
            or sorter.cost(consult) > MOST_NOW
        ):
            return None
        if sorter.is_revoked(consult):
            return _REVOKED
        placement = sorter.place(consult)
        decided = self._policy_of(placement.inbox).decide_now(consult)
        return None if decided is None else _placed(decided, consult, placement)

    @staticmethod
    async def _place(sorter: MailSorter, consult: Consult) -> Placement:
        work = partial(sorter.place, consult)
        if sorter.has_to_read(consult):
            return await in_mail_thread(work)
        if (cost := sorter.cost(consult)) > MOST_NOW:
            client = str(consult.facts.get("client_address", ""))
            return await in_pattern_thread(work, client, cost)
        return work()

    def _policy_of(self, slug: str) -> InboxPolicy:
        """Return the policy of an inbox; the default inbox's if it was deleted meanwhile."""
        return self._policies.get(slug) or self._policies[DEFAULT_SLUG]

    def _by_quota_of(self, slug: str, consult: Consult) -> Decision:
        return self._policy_of(slug).by_quota(consult)

    async def _made(self, wanted: WantedInbox) -> str:
        """Make the inbox of a label; return why that is impossible, in a sentence, or ""."""
        try:
            await in_thread(partial(label_inboxes.make, wanted.parent, wanted.label))
        except Unmakable as error:
            return str(error)
        return ""

    # Keeping up, on other threads than the event loop's

    def refresh(self) -> None:
        """Read the changes since the last time, and count the inboxes with a quota.

        Also write the data that is kept in memory, but not while other threads wait to
        read: one may have the write turn (a change with If-Match).
        """
        with self._reading:
            self._refresh()
        for each in list(self._policies.values()):
            each.write_hits()

    def _refresh(self) -> None:
        rows = list(
            Inbox.objects.filter(deleted_at=None).defer("addresses").order_by("pk")
        )
        inboxes.remember(rows)
        versions = _versions(rows)
        policies = {each.slug: self._policy(each, versions) for each in rows}
        self._policies, self._versions = policies, versions
        found = _sorted(rows)
        if found != self._sorted:
            self._sorted = found
            self._sorter = MailSorter(found) if _is_sorted(found) else None
        usual = policies[DEFAULT_SLUG]
        # All inboxes that allow address words allow the same ones.
        self.asks = next((p for p in policies.values() if p.lets_ask), usual).asks
        self.decide_now = self._sort_and_decide if self._sorter else usual.decide_now
        stages = frozenset[Stage]().union(*(each.stages for each in policies.values()))
        self.stages = stages | self._sorter.stages if self._sorter else stages

    def _policy(self, row: Inbox, versions: dict[str, Version]) -> InboxPolicy:
        """Return the policy of an inbox with its current settings."""
        slug, version = row.slug, versions[row.slug]
        known = self._policies.get(slug)
        before = self._versions.get(slug)
        if known is None or before is None or before[0] != row.pk:
            known = InboxPolicy(row.pk, self._strict, self._judge, self._by_quota_of)
        elif before == version:
            known.count()
            return known
        known.read()
        return known

    def watching(self, *others: Callable[[], None]) -> Background:
        """Return the work of following other processes' changes, also for other callbacks."""

        def look() -> float:
            self.refresh()
            for each in others:
                each()
            return _LOOK_EVERY

        return Background("settings", look)

    def close(self) -> None:
        """Write the hits of rules, which are kept in memory until then. Blocks."""
        for each in self._policies.values():
            each.write_hits()

    def _changed(self, **_: Any) -> None:
        self.refresh()


def _placed(decided: Decision, consult: Consult, placement: Placement) -> Decision:
    if placement == consult.placement:
        return decided
    return replace(decided, placement=placement)


def _is_sorted(found: list[Sorted]) -> bool:
    """Whether there is anything to sort: a single inbox takes all mail."""
    return len(found) > 1 or any(each.logins for each in found)


def _versions(rows: list[Inbox]) -> dict[str, Version]:
    """Return, by slug, a value that differs after any change to an inbox."""
    active = Q(is_on=True) & (Q(expires_at=None) | Q(expires_at__gt=now()))
    ruled = Rule.objects.values_list("inbox").annotate(
        Count("pk"), Max("changed_at"), on=Count("pk", filter=active)
    )
    rules = {inbox: rest for inbox, *rest in ruled}
    muted = Mute.objects.values_list("inbox").annotate(Count("pk"), Max("pk"))
    mutes = {inbox: rest for inbox, *rest in muted}
    return {
        each.slug: (each.pk, each.changed_at, rules.get(each.pk), mutes.get(each.pk))
        for each in rows
    }


def _sorted(rows: list[Inbox]) -> list[Sorted]:
    """Return inboxes in the form of the sorter."""
    logins: dict[int, list[str]] = {}
    credentials = SmtpCredential.objects.order_by("pk")
    for inbox, username in credentials.values_list("inbox_id", "username"):
        logins.setdefault(inbox, []).append(username)
    slugs = {each.pk: each.slug for each in rows}
    return [
        Sorted(
            each.slug,
            sorting_conditions.complete(each.conditions),
            logins.get(each.pk, ()),
            slugs.get(each.parent_id or 0, ""),
        )
        for each in rows
    ]
