"""Findings about clients: errors, warnings and infos, derived from stored rows.

body_signs, wire, session_evidence: the signs of a finding. finding_kinds,
severity_in_session, rfc: its severity and its words. clients, fixes: the client's
library, and what to change in it. report: the combination of all.
"""

from inbox.explain.severity import COUNTED, Severity
from inbox.insight.findings.finding_kinds import KINDS, FindingKind
from inbox.insight.findings.mutes import mute, unmute
from inbox.insight.findings.report import (
    Finding,
    FindingsReport,
    client,
    count,
    counts,
    evidence,
    marks,
    of_exchange,
    of_session,
    of_transaction,
)
from inbox.insight.findings.session_evidence import SessionEvidence

__all__ = [
    "COUNTED",
    "KINDS",
    "Finding",
    "FindingKind",
    "FindingsReport",
    "SessionEvidence",
    "Severity",
    "client",
    "count",
    "counts",
    "evidence",
    "marks",
    "mute",
    "of_exchange",
    "of_session",
    "of_transaction",
    "unmute",
]
