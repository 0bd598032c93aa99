"""The tab Checks: the results of the checks of a mail, and the email clients' support."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import ngettext

from inbox import checks
from inbox.checks import GROUPS, SEVERITY_WORDS, CheckPlace, Result, Severity
from inbox.checks.support import CHIEF
from inbox.explain.severity import COUNTED
from inbox.mailbox.large import LABORIOUS, refuse_here
from inbox.presenters.message_page import MessagePage

FEATURES_SHOWN = 60
FIRST = 5  # places of a result, or features, that are not folded
_OF_SUPPORT = ("little_supported", "partly_supported")  # shown by feature instead


@dataclass(slots=True)
class Spot:
    """A place that a check names, the first of `count` places that look the same."""

    place: CheckPlace
    count: int = 1


@dataclass(frozen=True, slots=True)
class ResultPanel:
    """A result with its places: the first ones, and the folded rest."""

    result: Result
    first: list[Spot]
    rest: list[Spot]


@dataclass(frozen=True, slots=True)
class Section:
    """A group of results: faults, or facts that are only worth knowing."""

    title: str
    wrong: list[ResultPanel]
    facts: list[ResultPanel]


def rendered(mail: MessagePage) -> dict[str, object]:
    """Return the context of the panel. Only this runs the checks."""
    report = _report(mail)
    troubled = report.support.troubled
    return {
        "report": report,
        "severities": [
            (severity, _counted(severity, len(report.of_severity(severity))), words)
            for severity, words in SEVERITY_WORDS.items()
            if report.of_severity(severity)
        ],
        "sections": _sections(report),
        "uses": troubled[:FIRST],
        "other_uses": troubled[FIRST:FEATURES_SHOWN],
        "more": max(0, len(troubled) - FEATURES_SHOWN),
        "matrix": report.support.matrix[:FEATURES_SHOWN],
        "chief": CHIEF,
        "source": checks.SOURCE,
        "date": checks.DATE,
    }


@dataclass(frozen=True, slots=True)
class CheckCount:
    """The number of checks with faults. tone: of the most severe; words: by severity."""

    number: int
    tone: Severity
    words: str


def counted(mail: MessagePage) -> CheckCount | None:
    """Return the count for the tab; None if there are no faults."""
    report = _report(mail)
    numbers = {each: len(report.of_severity(each)) for each in COUNTED}
    found = {each: number for each, number in numbers.items() if number}
    if not found:
        return None
    words = ", ".join(_counted(each, number) for each, number in found.items())
    tone = next(each for each in SEVERITY_WORDS if each in found)
    return CheckCount(sum(found.values()), tone, words)


def _report(mail: MessagePage) -> checks.ChecksReport:
    refuse_here(len(mail.octets), LABORIOUS)
    return checks.examine(mail.octets, mail.parsed)


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
        wrong = [_shown(each) for each in listed if each.is_counted]
        facts = [_shown(each) for each in listed if not each.is_counted]
        if listed:
            sections.append(Section(GROUPS[group], wrong, facts))
    return sections


def _shown(result: Result) -> ResultPanel:
    """Return a result; places with the same text are merged, such as a frequent link."""
    spots: dict[tuple[str, str], Spot] = {}
    for each in result.spots:
        if not (each.place or each.snippet or each.words):
            continue
        key = each.snippet, each.words if each.snippet else f"{each.place} {each.words}"
        if key in spots:
            spots[key].count += 1
        else:
            spots[key] = Spot(each)
    found = list(spots.values())
    return ResultPanel(result, found[:FIRST], found[FIRST:])
