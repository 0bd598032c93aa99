"""What clients do wrong, riskily, or merely do: worked out from what is stored.

bodies, wire, evidence: what shows it. kinds, levels, rfc: how grave it is, and its
words. clients, cures: who does it, and what to change. reports: all of it together.
"""

from inbox.explain.levels import COUNTED, Level
from inbox.insight.findings.kinds import KINDS, LEVEL_WORDS, Kind
from inbox.insight.findings.mutes import mute, unmute
from inbox.insight.findings.reports import (
    Finding,
    Report,
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
    "Kind",
    "Level",
    "Report",
    "counts",
    "marks",
    "mute",
    "of_exchange",
    "of_session",
    "of_transaction",
    "unmute",
]
