"""How much work a page makes: processor time, whatever else uses the machine."""

from __future__ import annotations

from playwright.sync_api import Page


class MainThread:
    """The main thread of a page, where its scripts, style and layout run."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def used(self) -> float:
        """Return the seconds of processor time that its tasks have used so far."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        found = {each["name"]: each["value"] for each in metrics}
        return float(found["TaskDuration"])
