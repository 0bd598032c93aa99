"""A login by oidc-provider (certified for OpenID Connect), in a browser."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests import behind
from tests.e2e.accessible import hold
from tests.e2e.people import set_up, sign_in
from tests.programs import program
from tests.running import Mailsink

_SCRIPT = Path(__file__).parent / "node" / "identity-provider.js"
_PATIENCE = 120_000  # ms: a busy machine is no failure
expect.set_options(timeout=_PATIENCE)


@dataclass
class Login:
    """A Mailsink whose users sign in by a provider; url: of its pages, below a path."""

    url: str


@pytest.fixture(scope="module", params=["", *behind.HOW])
def login(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Login]:
    """A login without a proxy, and behind nginx by HTTPS, either way."""
    provider = subprocess.Popen(
        [program("node", "nodejs"), str(_SCRIPT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert provider.stdin
    assert provider.stdout
    issuer = f"http://127.0.0.1:{provider.stdout.readline().strip()}"
    data = tmp_path_factory.mktemp("mailsink")
    path: dict[str, Any] = {} if request.param else {"PUBLIC_URL": "/mail/"}
    server = Mailsink(
        data, behind=request.param, **path, OIDC_ISSUER=issuer, OIDC_CLIENT_ID="mailsink",
        OIDC_CLIENT_SECRET="a long secret", OIDC_NAME="Example", OIDC_DOMAINS="example.com",
        OIDC_GROUPS="groups",
    )  # fmt: skip
    url = server.url if request.param else f"{server.url}/mail"
    provider.stdin.write(f"{url}/login/provider/return\n")
    provider.stdin.flush()
    while "ready" not in provider.stdout.readline():
        pass
    set_up(data)
    yield Login(url)
    server.stop()
    provider.terminate()
    provider.communicate(timeout=120)
    assert "Traceback" not in server.stderr, server.stderr


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=["--no-sandbox"]
        )
        made = browser.new_page(ignore_https_errors=True)
        made.set_default_timeout(_PATIENCE)
        yield made
        browser.close()


def _by_provider(page: Page, login: Login, name: str) -> None:
    page.goto(f"{login.url}/sessions")
    hold(page)
    page.get_by_role("link", name="Sign in with Example").click()
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_a_colleague_signs_in_by_the_provider(login: Login, page: Page) -> None:
    sign_in(page, login.url)
    page.goto(f"{login.url}/users")
    groups = page.get_by_role("region", name="Groups")
    groups.get_by_label("Name of a new group").fill("testers")
    groups.get_by_role("button", name="Add group").click()
    page.context.clear_cookies()

    _by_provider(page, login, "ann")
    expect(page).to_have_url(f"{login.url}/sessions")
    page.goto(f"{login.url}/account")
    expect(page.get_by_text("You are signed in as ann@example.com.")).to_be_visible()
    hold(page)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, login.url)
    page.goto(f"{login.url}/users")
    expect(page.get_by_text("Groups: testers")).to_be_visible()


def test_whoever_is_not_let_in_gets_a_page_that_says_why(
    login: Login, page: Page
) -> None:
    _by_provider(page, login, "eve")
    expect(page.get_by_role("heading", name="Not signed in")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("no verified email address")
    hold(page)
    page.context.clear_cookies()  # else the provider knows them, and asks nothing
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name="Sign in with Example").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("access_denied")
