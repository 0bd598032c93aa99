"""A dry run, for its page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.rules.dry_run import DryAnswer, DryRun
from inbox.rules.field_table import STAGE_WORDS
from inbox.rules.rule_sentences import SentencePart, deeds, sentence
from inbox.rules.verdict_words import reply_lines, why_not


@dataclass(frozen=True, slots=True)
class TriedRow:
    """A rule at a line."""

    id: int
    name: str
    words: list[SentencePart]  # its effect, or why it does not act
    sentence: list[SentencePart]


@dataclass(frozen=True, slots=True)
class DryRow:
    """A line, and the reply to it."""

    stage: str  # instead of a line without text
    said: str
    url: str  # of the line in its transcript
    reply: str  # its lines; "" for the usual one
    by: str  # what decides, if no rule does: an address
    acting: list[TriedRow]
    others: list[TriedRow]


def rows(found: DryRun) -> list[DryRow]:
    """Return all lines of a dry run."""
    return [_row(each) for each in found.answers]


def _row(answer: DryAnswer) -> DryRow:
    consult = answer.line.consult
    asked_for = answer.decision.rule if not answer.acting else ""
    return DryRow(
        stage="" if answer.line.said else _(STAGE_WORDS[consult.stage]),
        said=answer.line.said,
        url=pages.line(consult.session, consult.seq) if consult.seq else "",
        reply="\n".join(reply_lines(answer)),
        by=asked_for,
        acting=[
            TriedRow(each.pk, each.name, deeds(each), sentence(each))
            for each in answer.acting
        ],
        others=[
            TriedRow(
                each.rule.pk,
                each.rule.name,
                why_not(each, consult),
                sentence(each.rule),
            )
            for each in answer.others
        ],
    )
