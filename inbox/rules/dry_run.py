"""Tries rules on lines: which would answer, and why the others would not. Counts nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from inbox.errors import Invalid
from inbox.mailbox import inboxes
from inbox.mailbox.scope import Scope
from inbox.models import Rule
from inbox.rules import address_words, rulebook
from inbox.rules.dry_counts import DryCounts
from inbox.rules.dry_lines import DryLine
from inbox.rules.field_table import CONDITIONS
from inbox.rules.matching import NO_COMMAND, NUMBERS, Conditions
from inbox.rules.ordinals import next_number
from inbox.rules.rule_decisions import decision_of, ends_the_search
from inbox.rules.rule_limits import is_in_time, now
from mailsink.ports import GO_ON, Consult, Decision

HasErrors = Callable[[Consult], bool | None]
# whether the message at a line has errors; judged once
_Errors = Callable[[], bool | None]

_MOST_SECONDS = 3.0
MOST_VERDICTS = 20_000  # for all lines together: each is a row of a page
# Members that form one condition together
_TOGETHER = {"header": ("header", "header_value")}


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """The outcome of one rule at one line.

    reason: "" if it acts; else "off", "expired", "time", "settled" (by a rule above
    it), the name of a condition or of a limit, or "cannot" if it can never act at this
    line.
    """

    rule: Rule
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DryAnswer:
    """The decision of rules and address words at a line."""

    line: DryLine
    decision: Decision
    verdicts: list[RuleVerdict]

    @property
    def acting(self) -> list[Rule]:
        """The rules that act, in order."""
        return [each.rule for each in self.verdicts if not each.reason]

    @property
    def others(self) -> list[RuleVerdict]:
        """The rules of the stage that do not act."""
        return [each for each in self.verdicts if each.reason]

    @property
    def ends(self) -> bool:
        """Whether the session cannot go on after this answer."""
        reply, decided = self.decision.reply, self.decision
        refused = reply is not None and reply.code >= 400
        return (
            refused or decided.stall or bool(decided.close) or bool(decided.tls_failure)
        )


@dataclass(slots=True)
class DryRun:
    """The answers to all lines; complete is False if there were too many."""

    rules_on: bool
    answers: list[DryAnswer] = field(default_factory=list)
    complete: bool = True
    stopped: bool = False  # whether the session could not go on


class _TooMuch(Exception):
    """The time limit of a dry run, or its maximum of verdicts, is exceeded."""


def run(
    scope: Scope,
    slug: str,
    lines: Iterable[DryLine],
    until_refused: bool = False,
    seconds: float = _MOST_SECONDS,
    has_errors: HasErrors = lambda consult: None,
) -> DryRun:
    """Try the rules of an inbox on lines. Raises NotFound.

    until_refused: leave out the lines after a refusal, which a client would not reach.
    seconds: the time limit. has_errors: judges a message; None: not available.
    """
    inbox = inboxes.by_slug(scope, slug)
    found = DryRun(inbox.rules_on)
    deadline = time.monotonic() + seconds
    trial = _Trial(rulebook.find(scope, slug), inbox, deadline, has_errors)
    try:
        for each in lines:
            found.answers.append(trial.answer(each))
            if until_refused and found.answers[-1].ends:
                found.stopped = True
                break
    except _TooMuch:
        found.complete = False
    return found


class _Trial:
    """The rules of an inbox, tried one by one."""

    def __init__(
        self, rules: list[Rule], inbox: Any, deadline: float, has_errors: HasErrors
    ) -> None:
        on = rules if inbox.rules_on else []
        self._rules = [_TriedRule(each) for each in on]
        self._has_errors = has_errors
        self._words = inbox.address_words
        self._deadline, self._left = deadline, MOST_VERDICTS
        self._counts = DryCounts()
        self._now = now()

    def answer(self, line: DryLine) -> DryAnswer:
        """Return the decision at a line. Raises _TooMuch."""
        found, verdicts, consult = GO_ON, [], line.consult
        errors = cache(partial(self._has_errors, consult))
        for each in self._rules:
            if not each.is_asked(consult):
                continue
            self._left -= 1
            if self._left < 0 or time.monotonic() > self._deadline:
                raise _TooMuch
            settled = found is not GO_ON and ends_the_search(found)
            reason = "settled" if settled else self._reason(each, consult, errors)
            verdicts.append(RuleVerdict(each.rule, reason))
            if not reason:
                decided = decision_of(each.rule, consult.stage)
                found = address_words.merged(found, decided)
        refused = found.reply is not None and found.reply.code >= 400
        if self._words and not refused:
            found = address_words.merged(found, address_words.decision(consult))
        return DryAnswer(line, found, verdicts)

    def _reason(self, tried: _TriedRule, consult: Consult, errors: _Errors) -> str:
        rule = tried.rule
        if reason := _resting(rule, self._now):
            return reason
        failing = tried.failing(consult, self._now, errors)
        return failing or self._counts.limit(rule, consult, self._now)


def _resting(rule: Rule, at: datetime) -> str:
    if not rule.is_on:
        return "off"
    if rule.expires_at is not None and rule.expires_at <= at:
        return "expired"
    return "" if is_in_time(rule, at) else "time"


class _TriedRule:
    """A rule whose conditions are tried one by one."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._parts: list[tuple[str, Conditions]] | None = None

    def is_asked(self, consult: Consult) -> bool:
        """Whether the rule is for the line's stage."""
        wanted = self.rule.stage
        at_any = wanted == "any" and consult.stage not in NO_COMMAND
        return at_any or wanted == consult.stage

    def failing(self, consult: Consult, at: datetime, errors: _Errors) -> str:
        """Return the first condition that does not hold; "" if all do."""
        try:
            self._parts = self._parts or [*self._each(), ("cannot", Conditions.of(self.rule))]  # fmt: skip
        except Invalid:  # stored by another version
            return "cannot"
        for name, part in self._parts:
            if not _holds(part, consult):
                return name
        faulty = self.rule.conditions.get("errors")
        if faulty is not None and errors() != faulty:
            return "errors"
        wanted = {name: self.rule.conditions.get(name) for name in NUMBERS}
        for name, number in wanted.items():
            if number and next_number(name, self.rule, consult, at) != number:
                return name
        return ""

    def _each(self) -> list[tuple[str, Conditions]]:
        """Return the conditions, each as if it were the rule's only one."""
        given = self.rule.conditions
        found = []
        for row in CONDITIONS:
            names = _TOGETHER.get(row.name, (row.name,))
            if row.name in given and row.name != "header_value":
                one = {name: given[name] for name in names}
                alone = Rule(stage=self.rule.stage, conditions=one, actions=self.rule.actions)  # fmt: skip
                found.append((row.name, Conditions.of(alone)))
        return found


def _holds(part: Conditions, consult: Consult) -> bool:
    if not part.hold(consult):
        return False
    body = consult.body
    return part.message is None or (body is not None and part.message.hold(body))
