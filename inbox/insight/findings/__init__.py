"""What clients do wrong, riskily, or merely do: worked out from what is stored.

bodies, wire, evidence: what shows it. finding_kinds, severity_in_session, rfc: how grave it is, and its
words. clients, fixes: who does it, and what to change. reports: all of it together.
"""

from inbox.explain.severity import COUNTED, Severity
from inbox.insight.findings.finding_kinds import KINDS, SEVERITY_WORDS, FindingKind
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
    "SEVERITY_WORDS",
    "Finding",
    "FindingKind",
    "FindingsReport",
    "Severity",
    "counts",
    "marks",
    "mute",
    "of_exchange",
    "of_session",
    "of_transaction",
    "unmute",
]
