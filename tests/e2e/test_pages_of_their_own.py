"""The pages of tests share a browser context, and nothing that they keep there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.running import Mailsink

_KEPT = """async () => ({
  local: {...localStorage},
  session: {...sessionStorage},
  cookies: document.cookie,
  databases: (await indexedDB.databases()).map(each => each.name),
  caches: await caches.keys(),
})"""
_KEEP = """async () => {
  localStorage.setItem("mailsink.theme", "dark");
  sessionStorage.setItem("a", "1");
  document.cookie = "a=1; path=/";
  await new Promise((done, failed) => {
    const opened = indexedDB.open("a");
    opened.onsuccess = () => { opened.result.close(); done(); };
    opened.onerror = failed;
  });
  await caches.open("a");
}"""


@pytest.mark.parametrize("turn", [1, 2])
def test_a_page_finds_nothing_that_another_kept(
    mailsink: Mailsink, page: Page, turn: int
) -> None:
    page.goto(f"{mailsink.url}/health/live")
    found = page.evaluate(_KEPT)
    assert found == {
        "local": {}, "session": {}, "cookies": "", "databases": [], "caches": [],
    }, turn  # fmt: skip
    page.evaluate(_KEEP)
    kept = page.evaluate(_KEPT)
    assert all(kept.values())
