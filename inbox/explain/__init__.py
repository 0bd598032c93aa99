"""Explanations in plain words: of replies, flags, lines and whole sessions.

Every sentence on the pages about the wire is here, once. Functions take rows or model
instances, and return text; no function here reads the database.
"""

from inbox.explain.address_kinds import KIND_WORDS
from inbox.explain.diagnoses import Diagnosis, diagnose, diagnose_refusal
from inbox.explain.flags import FLAG_WORDS, FlagWords
from inbox.explain.following import following
from inbox.explain.lines import TranscriptLine, line, lines
from inbox.explain.outcomes import (
    Facts,
    cause,
    decisive_line,
    ending,
    headline,
    outcome,
    state,
    tone,
)
from inbox.explain.reasons import reason
from inbox.explain.refusals import Advice, advice
from inbox.explain.reply_codes import meaning

__all__ = [
    "FLAG_WORDS",
    "KIND_WORDS",
    "Advice",
    "Diagnosis",
    "Facts",
    "FlagWords",
    "TranscriptLine",
    "advice",
    "cause",
    "decisive_line",
    "diagnose",
    "diagnose_refusal",
    "ending",
    "following",
    "headline",
    "line",
    "lines",
    "meaning",
    "outcome",
    "reason",
    "state",
    "tone",
]
