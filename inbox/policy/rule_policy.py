"""Decides by the rules of an inbox: their index is in memory, their counts in the database."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial

from django.db import Error
from django.db.models import Count, Max, Q

from inbox.models import Rule
from inbox.policy.message_judge import Errors, MessageJudge
from inbox.policy.pattern_threads import MOST_NOW, in_pattern_thread
from inbox.rules.address_words import merged
from inbox.rules.hit_log import HitLog
from inbox.rules.matching import Conditions, RuleIndex
from inbox.rules.message_index import SMALL
from inbox.rules.ordinals import Ordinals
from inbox.rules.rule_decisions import decision_of, ends_the_search
from inbox.rules.rule_limits import count_and_judge, is_counted, is_in_time, now
from inbox.storage.threads import in_thread
from mailsink.mail_threads import in_mail_thread
from mailsink.ports import GO_ON, Consult, Decision, Stage

log = logging.getLogger(__name__)


class RulePolicy:
    """The rules of one inbox, which are read again after each change."""

    def __init__(self, inbox_id: int, judge: MessageJudge) -> None:
        """Start without rules, until the first refresh."""
        self._inbox = inbox_id
        self._judge = judge
        self.ignored: Collection[str] = ()  # kinds that are no errors in this inbox
        self._index = RuleIndex([])
        self._version: object = None
        self._hits = HitLog()
        self._ordinals = Ordinals()

    @property
    def stages(self) -> frozenset[Stage]:
        """The stages at which some rule can apply."""
        return self._index.stages

    def refresh(self, switched_on: bool) -> None:
        """Read the rules if they changed. Blocks, but waits for no write turn.

        switched_on: whether the inbox lets rules act at all.
        """
        rows = Rule.objects.filter(inbox=self._inbox)
        active = Q(is_on=True) & (Q(expires_at=None) | Q(expires_at__gt=now()))
        version = rows.aggregate(
            all=Count("pk"), at=Max("changed_at"), on=Count("pk", filter=active)
        ) | {"switched_on": switched_on}
        if version != self._version:
            wanted = rows.filter(active).defer("last_hits").order_by("position", "pk")
            self._index = RuleIndex(wanted if switched_on else [])
            self._version = version

    def write_hits(self) -> None:
        """Write the hits since the last time. Blocks."""
        self._hits.write()

    def decide_now(self, consult: Consult) -> Decision | None:
        """Answer a consultation; return None if a matching rule requires waiting."""
        if self._index.cost(consult) > MOST_NOW:
            return None
        fitting = self._index.fitting(consult)
        if self._index.asks_about_message(consult.stage):
            if not _is_small(consult):
                return None
            fitting = self._index.of_message(fitting, consult)
        if not fitting:
            return GO_ON
        if any(_has_to_wait(each) for each in fitting):
            return None
        at = now()
        return self._decided(
            (each.rule for each in fitting if is_in_time(each.rule, at)), consult, at
        )

    async def decide(self, consult: Consult) -> Decision:
        """Answer a consultation, by the first rule that settles the reply."""
        found, at = GO_ON, now()
        errors = Errors(self._judge, self.ignored)
        for each in await self._fitting(consult):
            if await self._acts(each, consult, at, errors):
                found = merged(found, self._decided([each.rule], consult, at))
                if ends_the_search(found):
                    break
        return found

    async def _fitting(self, consult: Consult) -> list[Conditions]:
        """Return the rules that fit the line, and the message."""
        index = self._index
        cost = index.cost(consult)
        if cost > MOST_NOW:
            work = partial(_fitting, index, consult)
            return await in_pattern_thread(work, f"rules of {self._inbox}", cost)
        if index.asks_about_message(consult.stage) and not _is_small(consult):
            return await in_mail_thread(partial(_fitting, index, consult))
        return _fitting(index, consult)

    def _decided(
        self, rules: Iterable[Rule], consult: Consult, at: datetime
    ) -> Decision:
        """Return the decision of rules, up to the first that settles the reply.

        Their hits are noted.
        """
        found = GO_ON
        for rule in rules:
            self._hits.note(rule.pk, consult, at)
            found = merged(found, decision_of(rule, consult.stage))
            if ends_the_search(found):
                break
        return found

    async def _acts(
        self, each: Conditions, consult: Consult, at: datetime, errors: Errors
    ) -> bool:
        """Whether a rule whose other conditions hold acts now."""
        rule: Rule = each.rule
        if not is_in_time(rule, at):
            return False
        if each.errors is not None and each.errors != await errors.of(consult):
            return False
        try:
            if each.numbers and not await in_thread(
                partial(self._ordinals.hold, each.numbers, rule, consult, at)
            ):
                return False
            if not is_counted(rule):
                return True
            return await in_thread(partial(count_and_judge, rule, consult, at))
        except Error as error:
            log.error(
                "rule %s could not be counted, and does not act: %s", rule.pk, error
            )
            return False


def _fitting(index: RuleIndex, consult: Consult) -> list[Conditions]:
    fitting = index.fitting(consult)
    if not index.asks_about_message(consult.stage):
        return fitting
    return index.of_message(fitting, consult)


def _has_to_wait(each: Conditions) -> bool:
    """Whether it takes the database, or the judge of messages, to know if a rule acts."""
    return bool(each.numbers) or each.errors is not None or is_counted(each.rule)


def _is_small(consult: Consult) -> bool:
    """Whether reading the message is faster than starting a thread."""
    body = consult.body
    return body is None or (body.content is not None and body.size <= SMALL)
