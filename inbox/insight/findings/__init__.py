"""What clients do wrong, riskily, or merely do: worked out from what is stored.

bodies, wire, evidence: what shows it. kinds, levels, rfc: how grave it is, and its
words. clients, cures: who does it, and what to change. reports: all of it together.
"""

from inbox.explain.severity import COUNTED, Level
from inbox.insight.findings.finding_kinds import KINDS, LEVEL_WORDS, FindingKind
from inbox.insight.findings.mutes import mute, unmute
from inbox.insight.findings.report import (
    Finding,
    FindingsReport,
    counts,
    marks,
    of_exchange,
    of_session,
    of_transaction,
)

__all__ = [
    "COUNTED",
    "KINDS",
    "LEVEL_WORDS",
    "Finding",
    "FindingKind",
    "FindingsReport",
    "Level",
    "counts",
    "marks",
    "mute",
    "of_exchange",
    "of_session",
    "of_transaction",
    "unmute",
]
