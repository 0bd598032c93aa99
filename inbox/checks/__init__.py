"""Checks of a mail's content: how it will be displayed, and what its author forgot.

Every check is a pure function of a CheckedMessage that yields CheckPlaces; all take
linear time and read limited amounts of HTML. Findings about the sending client are made
by inbox.insight.findings instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from inbox.checks import accessible, carried, leftovers, sizes, texts
from inbox.checks.caniemail import DATE, SOURCE
from inbox.checks.check_kinds import GROUPS, KINDS, SEVERITY_WORDS, CheckKind, Group
from inbox.checks.checked_message import CheckedMessage, CheckPlace
from inbox.checks.support import EmailClient, Support, Use, spots, support
from inbox.explain.severity import COUNTED, Severity
from mailsink.mime.structure import Structure

__all__ = [
    "CHECKS",
    "DATE",
    "GROUPS",
    "KINDS",
    "SEVERITY_WORDS",
    "SOURCE",
    "CheckKind",
    "CheckPlace",
    "CheckedMessage",
    "ChecksReport",
    "EmailClient",
    "Group",
    "Result",
    "Severity",
    "Support",
    "Use",
    "errors",
    "examine",
]  # fmt: skip

SPOTS = 10  # named places of each kind
_COUNTED_UP_TO = 10_000  # of each check
_GRAVEST: tuple[Severity, ...] = ("error", "warning", "info")

CHECKS: tuple[Callable[[CheckedMessage], Iterator[CheckPlace]], ...] = (
    leftovers.placeholders, leftovers.missing_values, leftovers.fillers, leftovers.dead_links,
    texts.no_subject, texts.missing_text_part, texts.empty_text_part, texts.wrong_charset, texts.undecodable_texts,
    texts.missing_unsubscribe, texts.poor_unsubscribe, texts.no_reply,
    texts.emoji_in_subject, texts.preview_text,
    accessible.images_without_alt, accessible.links_without_text, accessible.unreadable_texts, accessible.missing_language,
    accessible.missing_title, accessible.skipped_headings, accessible.layout_tables,
    carried.references_without_part, carried.parts_without_reference,
    sizes.clipped_html, sizes.large_message, sizes.heavy_images, sizes.long_subject, sizes.long_text_lines,
)  # fmt: skip
# The checks with results of level error: the others need not run for those.
_ERROR_CHECKS = (
    sizes.large_message, texts.poor_unsubscribe, texts.undecodable_texts, sizes.clipped_html, leftovers.placeholders,
    leftovers.dead_links, texts.empty_text_part, carried.references_without_part, accessible.links_without_text,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One kind of result. count: how often it was found; spots: the first places"""

    kind: CheckKind
    count: int
    spots: tuple[CheckPlace, ...]

    @property
    def is_counted(self) -> bool:
        return self.kind.severity in COUNTED


@dataclass(frozen=True)
class ChecksReport:
    """Results, the most severe first, and the support of the HTML by email clients.

    read, length: how much of the HTML was read, and its length, in characters;
    is_css_cut: whether some CSS was left out.
    """

    results: tuple[Result, ...]
    support: Support
    read: int
    length: int
    is_css_cut: bool

    @property
    def is_cut(self) -> bool:
        return self.read < self.length

    @cached_property
    def counted(self) -> list[Result]:
        return [each for each in self.results if each.is_counted]

    def of_severity(self, severity: Severity) -> list[Result]:
        return [each for each in self.results if each.kind.severity == severity]

    @cached_property
    def groups(self) -> list[tuple[Group, list[Result]]]:
        """The results by group, the group with the most severe first."""
        found: dict[Group, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.kind.group, []).append(result)
        return list(found.items())


def examine(octets: bytes, parsed: Structure) -> ChecksReport:
    """Return the results of the checks of a mail; parsed: the structure of its octets"""
    mail = CheckedMessage(octets, parsed)
    found = support(mail)
    checked = (_some(check(mail)) for check in CHECKS)
    results = _gathered(chain(*checked, spots(mail, found)))
    page = mail.page
    return ChecksReport(
        tuple(results), found, page.read, len(page.html), mail.is_css_cut
    )


def errors(octets: bytes, parsed: Structure, hurry: Callable[[], None]) -> list[Result]:
    """Return the results of `examine` of level error only, in a third of its time.

    hurry: called now and then; an error that it raises ends the work
    """
    mail = CheckedMessage(octets, parsed)

    def found() -> Iterator[CheckPlace]:
        for check in _ERROR_CHECKS:
            hurry()
            for place in _some(check(mail)):
                hurry()
                yield place

    results = _gathered(found())
    return [each for each in results if each.kind.severity == "error"]


def _some(found: Iterable[CheckPlace]) -> Iterator[CheckPlace]:
    return (spot for _, spot in zip(range(_COUNTED_UP_TO), found, strict=False))


def _gathered(found: Iterable[CheckPlace]) -> list[Result]:
    """Return places by kind, the most severe first, then in the order of the table."""
    counts = dict.fromkeys(KINDS, 0)
    named: dict[str, list[CheckPlace]] = {name: [] for name in KINDS}
    for spot in found:
        counts[spot.kind] += 1
        if len(named[spot.kind]) < SPOTS:
            named[spot.kind].append(spot)
    results = [
        Result(kind, counts[name], tuple(named[name]))
        for name, kind in KINDS.items()
        if counts[name]
    ]
    return sorted(results, key=lambda each: _GRAVEST.index(each.kind.severity))
