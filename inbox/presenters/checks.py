"""The tab Checks: what the checks of a mail found, and the email clients beside it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import ngettext

from inbox import checks
from inbox.checks import GROUPS, SEVERITY_WORDS, Result, Severity
from inbox.checks.support import CHIEF
from inbox.presenters.message_page import MessagePage

FEATURES_SHOWN = 60
_OF_SUPPORT = ("little_supported", "partly_supported")  # shown by feature instead


@dataclass(frozen=True, slots=True)
class Section:
    """A group of results: what is wrong, and what is only worth knowing."""

    title: str
    wrong: list[Result]
    facts: list[Result]


def rendered(mail: MessagePage) -> dict[str, object]:
    """Return what the panel is rendered with. The checks run here and nowhere before."""
    report = checks.examine(mail.octets, mail.parsed)
    troubled = report.support.troubled
    return {
        "report": report,
        "severities": [
            (severity, _counted(severity, len(report.of_severity(severity))), words)
            for severity, words in SEVERITY_WORDS.items()
            if report.of_severity(severity)
        ],
        "sections": _sections(report),
        "uses": troubled[:FEATURES_SHOWN],
        "more": max(0, len(troubled) - FEATURES_SHOWN),
        "matrix": report.support.matrix[:FEATURES_SHOWN],
        "chief": CHIEF,
        "source": checks.SOURCE,
        "date": checks.DATE,
    }


def _counted(severity: Severity, n: int) -> str:
    if severity == "error":
        return ngettext("%(n)s error", "%(n)s errors", n) % {"n": n}
    if severity == "warning":
        return ngettext("%(n)s warning", "%(n)s warnings", n) % {"n": n}
    return ngettext("%(n)s for information", "%(n)s for information", n) % {"n": n}


def _sections(report: checks.ChecksReport) -> list[Section]:
    sections = []
    for group, results in report.groups:
        listed = [each for each in results if each.kind.name not in _OF_SUPPORT]
        wrong = [each for each in listed if each.is_counted]
        facts = [each for each in listed if not each.is_counted]
        if listed:
            sections.append(Section(GROUPS[group], wrong, facts))
    return sections
