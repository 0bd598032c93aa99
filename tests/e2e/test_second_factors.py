"""A passkey of a virtual device, an authenticator app and recovery codes, below a path."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, expect

from tests.e2e.accessible import hold
from tests.e2e.people import passkey_device, set_up, sign_in, sign_out
from tests.running import SERVER_BEHIND, Mailsink


@pytest.fixture
def url(start_mailsink: Callable[..., Mailsink], tmp_path: Path) -> str:
    """The login of a Mailsink below a path, by a name: passkeys are for no IP address."""
    server = start_mailsink(**({} if SERVER_BEHIND else {"PUBLIC_URL": "/mail/"}))
    set_up(tmp_path / "data")
    port = server.address("Web")[1]
    return server.url if SERVER_BEHIND else f"http://localhost:{port}/mail"


def test_a_passkey_signs_in_alone(url: str, page: Page) -> None:
    passkeys = passkey_device(page)
    sign_in(page, url)
    page.goto(f"{url}/account")
    hold(page)
    page.get_by_role("link", name="Passkeys and codes").click()
    hold(page)
    page.get_by_label("Name of a new passkey").fill("laptop")
    page.get_by_role("button", name="Add passkey").click()
    codes = page.locator("pre").inner_text().split()
    assert len(codes) == 10
    hold(page)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("laptop").first).to_be_visible()
    expect(page.get_by_text("10 codes are left")).to_be_visible()
    hold(page)
    assert [each["rpId"] for each in passkeys()] == ["localhost"]
    page.get_by_label("Name of a new passkey").fill("again")
    page.get_by_role("button", name="Add passkey").click()
    expect(
        page.get_by_text("This device has a passkey for you already.")
    ).to_be_visible()

    sign_out(page, url)
    hold(page)
    page.goto(f"{url}/sessions")  # which leads to the login, and it back
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{url}/sessions")

    sign_out(page, url)
    sign_in(page, url, lands_on="Second factor")
    hold(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("The code is wrong")
    hold(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{url}/")

    page.goto(f"{url}/account/second-factors")
    page.get_by_role("button", name="Remove laptop").click()
    expect(page.get_by_text("codes are left")).to_have_count(0)
    sign_out(page, url)
    sign_in(page, url)


def test_an_app_and_what_stands_in_for_it(url: str, page: Page) -> None:
    sign_in(page, url)
    page.goto(f"{url}/account/second-factors/app")
    hold(page)
    secret = page.locator(".secret code").inner_text()
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    code = TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(time.time()))
    page.get_by_role("textbox", name="Code").fill(code.decode())
    page.get_by_role("button", name="Add authenticator app").click()
    codes = page.locator("pre").inner_text().split()
    sign_out(page, url)
    sign_in(page, url, lands_on="Second factor")
    expect(page.get_by_text("authenticator app shows")).to_be_visible()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{url}/")
    page.goto(f"{url}/users")
    page.locator("summary", has_text="Change root").click()
    page.get_by_role("button", name="Remove second factors").click()
    sign_out(page, url)
    sign_in(page, url)
