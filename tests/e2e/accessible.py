"""Holds a page to what axe can tell of WCAG 2.2 AA, in both themes."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

# Frames are not looked into: axe is not in them, and waits for each to answer.
_ALL = {"resultTypes": ["violations"], "iframes": False}
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES = {
    "light": {**_ALL, "runOnly": _LEVELS},
    # The themes differ in their colours only.
    "dark": {
        **_ALL,
        "runOnly": {
            "type": "rule",
            "values": ["color-contrast", "link-in-text-block"],
        },
    },
}


def assert_accessible(page: Page, within: str = "html") -> None:
    """Fail with what axe found on the page as it is now, in light and in dark.

    within: a selector, for a menu: what it half covers cannot be hit for the moment
    """
    page.evaluate(AXE_SCRIPT)
    for scheme, rules in _RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = AxeResults(page.evaluate("given => axe.run(...given)", [within, rules]))
        assert not found.violations_count, f"{scheme}: {found.generate_report()}"


def hold(page: Page) -> None:
    """Hold a page to what axe says, and to its width, wide and narrow."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page.url
