"""The attempts at one message, for pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox import pages
from inbox.explain import attempt_history
from inbox.explain.attempt_history import Attempt, AttemptHistory
from inbox.explain.quantities import waited


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


def history_panel(history: AttemptHistory | None) -> HistoryPanel | None:
    """Return an attempt history for pages, or None."""
    if history is None:
        return None
    waits = [
        "",
        *(_("%(each)s later") % {"each": waited(each)} for each in history.waits),
    ]
    rows = [
        AttemptRow(one, attempt_history.label(one), attempt_history.tone(one), attempt_history.words(one), wait, at == history.at)
        for at, (one, wait) in enumerate(zip(history.attempts, waits, strict=True))
    ]  # fmt: skip
    upshot = attempt_history.upshot(history)
    later = history.attempts[history.at + 1 :] if upshot else ()
    return HistoryPanel(
        summary=attempt_history.summary(history),
        upshot=upshot,
        upshot_url=next((each.url for each in later if each.accepted), ""),
        basis=attempt_history.basis(history),
        rows=rows if history.several else [],
        report_url=_report_url(history),
    )


def _report_url(history: AttemptHistory) -> str:
    found = (each.transaction for each in reversed(history.attempts))
    key = next((each for each in found if each), None)
    return pages.path("transaction-retries", key) if key else ""
