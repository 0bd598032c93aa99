"""The support of a mail's features by email clients: by feature, and by program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from inbox.checks.caniemail import CLIENTS, FEATURES, Feature, SupportResult
from inbox.checks.checked_message import CheckedMessage, CheckPlace, shown
from inbox.checks.features import used

# The clients that a matrix shows first, since most people use them
CHIEF = (
    "Gmail (web)", "Gmail (Android)", "Gmail (iOS)", "Outlook (Windows)", "Outlook (Outlook.com)",
    "Outlook (macOS)", "Apple Mail (macOS)", "Apple Mail (iOS)", "Yahoo Mail (web)",
    "Samsung Email (Android)", "Thunderbird (macOS)", "Proton Mail (web)",
)  # fmt: skip


@dataclass(frozen=True)
class Use:
    """A feature, how often the mail uses it, and where first."""

    feature: Feature
    count: int
    line: int
    snippet: str

    @cached_property
    def lacking(self) -> list[SupportResult]:
        return [each for each in self.feature.results if each.answer == "n"]

    @cached_property
    def partly(self) -> list[SupportResult]:
        return [each for each in self.feature.results if each.answer == "a"]

    @cached_property
    def supporting(self) -> list[SupportResult]:
        return [each for each in self.feature.results if each.answer == "y"]

    @property
    def percent(self) -> int:
        """The percentage of tested programs with full support."""
        known = len(self.lacking) + len(self.partly) + len(self.supporting)
        return 100 * len(self.supporting) // known if known else 100

    @property
    def is_rare(self) -> bool:
        """Whether most programs lack it."""
        return len(self.lacking) > len(self.partly) + len(self.supporting)

    @property
    def percent_partly(self) -> int:
        known = len(self.lacking) + len(self.partly) + len(self.supporting)
        return 100 * len(self.partly) // known if known else 0


@dataclass(frozen=True, slots=True)
class EmailClient:
    """An email client, and the mail's features that it lacks or supports in part."""

    name: str
    lacking: tuple[Use, ...]
    partly: tuple[Use, ...]
    supporting: int

    @property
    def tested(self) -> int:
        """The number of features that were tested with it."""
        return len(self.lacking) + len(self.partly) + self.supporting


@dataclass(frozen=True)
class Support:
    """The features that a mail uses, the least supported first."""

    uses: tuple[Use, ...] = ()

    @cached_property
    def troubled(self) -> list[Use]:
        """The features that some email client lacks, or supports in part."""
        return [each for each in self.uses if each.lacking or each.partly]

    @cached_property
    def clients(self) -> list[EmailClient]:
        """The email clients: the chief ones first, then in the order of the data."""
        rest = [name for name in CLIENTS if name not in CHIEF]
        return [self._client(name) for name in (*CHIEF, *rest) if name in CLIENTS]

    @property
    def chief(self) -> list[EmailClient]:
        return self.clients[: len(CHIEF)]

    @property
    def others(self) -> list[EmailClient]:
        return self.clients[len(CHIEF) :]

    @cached_property
    def matrix(self) -> list[tuple[Use, list[str]]]:
        """The troubled features, each with its support.

        The support is y, a, n, u or "", of each chief program.
        """
        return [
            (use, [self._answers[use.feature.slug].get(name, "") for name in CHIEF])
            for use in self.troubled
        ]

    @cached_property
    def worst(self) -> EmailClient | None:
        """The chief program that lacks most; None if none lacks any."""
        worst = max(self.chief, key=lambda each: len(each.lacking), default=None)
        return worst if worst and worst.lacking else None

    def _client(self, name: str) -> EmailClient:
        answers = [
            (use, self._answers[use.feature.slug].get(name)) for use in self.uses
        ]
        return EmailClient(
            name,
            tuple(use for use, answer in answers if answer == "n"),
            tuple(use for use, answer in answers if answer == "a"),
            sum(answer == "y" for _, answer in answers),
        )

    @cached_property
    def _answers(self) -> dict[str, dict[str, str]]:
        return {
            use.feature.slug: {r.client: r.answer for r in use.feature.results}
            for use in self.uses
        }


def support(mail: CheckedMessage) -> Support:
    """Return the support of a mail's features."""
    if not mail.html:
        return Support()
    counts: dict[str, int] = {}
    first: dict[str, tuple[int, str]] = {}
    for slug, offset, snippet in used(mail):
        if slug not in FEATURES:
            continue
        counts[slug] = counts.get(slug, 0) + 1
        first.setdefault(slug, (offset, snippet))
    uses = [_use(mail, slug, count, *first[slug]) for slug, count in counts.items()]
    return Support(
        tuple(sorted(uses, key=lambda use: (use.percent, use.percent_partly, use.line)))
    )


def _use(mail: CheckedMessage, slug: str, count: int, offset: int, snippet: str) -> Use:
    page = mail.page
    if not snippet:
        end = page.html.find(">", offset, offset + 160)
        snippet = page.html[offset : end + 1 if end > 0 else offset + 120]
    return Use(FEATURES[slug], count, page.line(offset), shown(snippet))


def spots(mail: CheckedMessage, found: Support) -> Iterator[CheckPlace]:
    """Yield the features that email clients lack, and scripts."""
    for element in mail.page.elements:
        kind = element.attributes.get("type", "").lower()
        if element.name == "script" and "json" not in kind:
            yield mail.at("script", element)
    for use in found.troubled:
        kind = "little_supported" if use.is_rare else "partly_supported"
        words = f"{use.feature.title}: {use.percent} %"
        yield CheckPlace(kind, "HTML", use.line, use.snippet, words)
