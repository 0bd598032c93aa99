"""Holds a page to what axe can tell of WCAG 2.2 AA, in both themes."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}


def assert_accessible(page: Page) -> None:
    """Fail with what axe found on the page as it is now, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page, options=_RULES)
        assert not found.violations_count, f"{scheme}: {found.generate_report()}"
