"""The attempts at one message, for pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.explain import stories
from inbox.explain.quantities import waited
from inbox.explain.stories import Attempt, AttemptHistory


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt in the list."""

    one: Attempt
    label: str
    tone: str
    words: str
    waited: str  # since the previous attempt; "" for the first
    this: bool


@dataclass(frozen=True, slots=True)
class HistoryPanel:
    """The attempt history in words; without rows if there was only one attempt."""

    summary: str
    upshot: str
    upshot_url: str  # the URL of the later acceptance
    basis: str
    rows: list[AttemptRow]
    report_url: str  # the retry report; "" if no attempt has a transaction


def history_panel(story: AttemptHistory | None) -> HistoryPanel | None:
    """Return an attempt history for pages, or None."""
    if story is None:
        return None
    waits = [
        "",
        *(_("%(each)s later") % {"each": waited(each)} for each in story.waits),
    ]
    rows = [
        AttemptRow(one, stories.label(one), stories.tone(one), stories.words(one), wait, at == story.at)
        for at, (one, wait) in enumerate(zip(story.tries, waits, strict=True))
    ]  # fmt: skip
    upshot = stories.upshot(story)
    later = story.tries[story.at + 1 :] if upshot else ()
    return HistoryPanel(
        summary=stories.summary(story),
        upshot=upshot,
        upshot_url=next((each.url for each in later if each.accepted), ""),
        basis=stories.basis(story),
        rows=rows if story.several else [],
        report_url=_report_url(story),
    )


def _report_url(story: AttemptHistory) -> str:
    found = (each.transaction for each in reversed(story.tries))
    key = next((each for each in found if each), None)
    return pages.path("transaction-retries", key) if key else ""
