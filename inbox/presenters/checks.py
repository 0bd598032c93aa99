"""The tab Checks: what the checks of a mail found, and the mail programs beside it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import ngettext

from inbox import checks
from inbox.checks import GROUPS, LEVEL_WORDS, Level, Result
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
        "levels": [
            (level, _counted(level, len(report.of_level(level))), words)
            for level, words in LEVEL_WORDS.items()
            if report.of_level(level)
        ],
        "sections": _sections(report),
        "uses": troubled[:FEATURES_SHOWN],
        "more": max(0, len(troubled) - FEATURES_SHOWN),
        "matrix": report.support.matrix[:FEATURES_SHOWN],
        "chief": CHIEF,
        "source": checks.SOURCE,
        "date": checks.DATE,
    }


def _counted(level: Level, n: int) -> str:
    if level == "breaks":
        return ngettext("%(n)s breaks", "%(n)s break", n) % {"n": n}
    if level == "risky":
        return ngettext("%(n)s is risky", "%(n)s are risky", n) % {"n": n}
    return ngettext("%(n)s fact", "%(n)s facts", n) % {"n": n}


def _sections(report: checks.ChecksReport) -> list[Section]:
    sections = []
    for group, results in report.groups:
        listed = [each for each in results if each.kind.name not in _OF_SUPPORT]
        wrong = [each for each in listed if each.is_counted]
        facts = [each for each in listed if not each.is_counted]
        if listed:
            sections.append(Section(GROUPS[group], wrong, facts))
    return sections
