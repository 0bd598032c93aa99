"""A Mailsink with accounts, as a company has one, for the pictures of its screens, and axe."""

from __future__ import annotations

import base64
import json
import re
import smtplib
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Page, expect

from tests.running import Mailsink, environment
from tools import sample_mail

_NAME, _PASSWORD = "root", "correct horse 42"
_MAILS = 6
# Nobody answers there: the way to it ends with the page of its error.
_PROVIDER = {"OIDC_ISSUER": "http://127.0.0.1:1", "OIDC_CLIENT_ID": "m", "OIDC_NAME": "Example"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompanyScreen:
    """A screen: its path, whether one has signed in there, and what is done there first."""

    path: str
    is_signed_in: bool = True
    do: Callable[[Page], None] = lambda page: None


def _press(button: str) -> Callable[[Page], None]:
    """Return: press a button, which leads to another page."""

    def do(page: Page) -> None:
        before = page.locator("h1").inner_text()
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(page.locator("h1")).not_to_have_text(before)

    return do


def _by_password(page: Page) -> None:
    page.get_by_label("Name").fill(_NAME)
    page.get_by_label("Password").fill(_PASSWORD)
    _press("Sign in")(page)


def _wrongly(page: Page) -> None:
    page.get_by_label("Name").fill(_NAME)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()


SCREENS = {
    "login": CompanyScreen("/login", False),
    "login-wrong": CompanyScreen("/login", False, _wrongly),
    "login-second": CompanyScreen("/login", False, _by_password),
    "login-provider-failed": CompanyScreen("/login/provider", False),
    "account": CompanyScreen("/account"),
    "account-confirm": CompanyScreen("/account/confirm"),
    "second-factors": CompanyScreen("/account/second-factors"),
    "authenticator-app": CompanyScreen("/account/second-factors/app"),
    "recovery-codes": CompanyScreen(
        "/account/second-factors", do=_press("Make new recovery codes")
    ),
    "tokens": CompanyScreen("/account/tokens"),
    "users": CompanyScreen("/users"),
    "members": CompanyScreen("/inboxes/shop"),
    "audit": CompanyScreen("/audit"),
    "delete-all": CompanyScreen("/messages/delete?q=inbox:shop"),
    "settings-of-inbox": CompanyScreen("/settings?inbox=shop"),
    "rules-of-inbox": CompanyScreen("/rules?inbox=shop"),
    "invitation": CompanyScreen("INVITATION", False),
    "invitation-new": CompanyScreen("/inboxes/shop", do=_press("Make invitation")),
    "invitation-gone": CompanyScreen("/invitations/none", False),
    "password-new": CompanyScreen("PASSWORD", False),
    "share-new": CompanyScreen("/shares/new?message=MESSAGE"),
}


def setup_page(data: Path) -> tuple[Mailsink, str]:
    """Return a server without accounts, and the page that makes its first administrator."""
    flags = ("--smtp", "127.0.0.1:0", "--http", "0.0.0.0:0")
    server = Mailsink(data, *flags, INSECURE="yes")
    found = (line.removeprefix("Setup ") for line in server.lines)
    return server, next(each for each in found if "/setup/" in each)


class Company:
    """Its administrator, signed in.

    url: by a name of the host, since passkeys are for no IP address
    named: what stands for ids in the addresses of SCREENS
    """

    @classmethod
    def started(cls, data: Path, **variables: str) -> Company:
        """Return one whose server uses a data folder. variables: as of Mailsink"""
        return cls(Mailsink(data, **_PROVIDER, **variables))

    def __init__(self, server: Mailsink) -> None:
        """Make accounts, inboxes and what else the screens show."""
        self._server = server
        self.stop = server.stop
        self.url = server.url.replace("127.0.0.1", "localhost")
        for mail in list(sample_mail.everyday())[:_MAILS]:
            with smtplib.SMTP(*server.smtp) as client:
                client.send_message(mail.message, mail.sender, mail.recipients)
        subprocess.run(
            [sys.executable, "-m", "mailsink", "setup", "--name", _NAME],
            env=environment(server.data, SETUP_PASSWORD=_PASSWORD),
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies),
            # A proxy has a certificate of its own making
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        )
        form = urllib.parse.urlencode({"name": _NAME, "password": _PASSWORD}).encode()
        self._opener.open(f"{self.url}/login", form).close()
        self.named = self._fill()
        self._add_app()

    def path_of(self, screen: CompanyScreen) -> str:
        """Return the path of a screen, with ids in it."""
        path = screen.path
        for name, id in self.named.items():
            path = path.replace(name, id)
        return path

    def _fill(self) -> dict[str, str]:
        self._post("inboxes", slug="shop", name="Shop")
        self._post("inboxes/shop/credentials", username="shop")
        for name in ("ann", "bob"):
            user = self._post("users", name=name)["id"]
        self._post("groups", name="testers", users=["bob"])
        self._post("inboxes/shop/members", user="ann", role="manager")
        self._post("inboxes/shop/members", group="testers", role="tester")
        self._post("tokens", name="CI", scopes=["read", "write"], days=90)
        self._post("rules", inbox="shop", name="Fail twice", stage="rcpt",
                   actions={"code": 451}, limits={"first": 2, "per": "recipient"})  # fmt: skip
        invitation = self._post("invitations", inboxes=["shop"], role="viewer")["url"]
        password = self._post(f"users/{user}/password-link")["url"]
        with self._opener.open(f"{self.url}/api/v3/messages?limit=1") as answer:
            newest = json.load(answer)["items"][0]["id"]
        below = urllib.parse.urlsplit(self.url).path
        links = (
            urllib.parse.urlsplit(each).path.removeprefix(below)
            for each in (invitation, password)
        )
        return {
            **dict(zip(("INVITATION", "PASSWORD"), links, strict=True)),
            "MESSAGE": newest,
        }

    def _add_app(self) -> None:
        """Give the administrator an authenticator app, for which the password is not enough."""
        url = f"{self.url}/account/second-factors/app"
        with self._opener.open(url) as answer:
            page = answer.read().decode()
        sealed = re.search(r'name="sealed" value="([^"]+)"', page)
        secret = re.search(r"<code>([A-Z2-7]+)</code>", page)
        assert sealed
        assert secret
        app = TOTP(base64.b32decode(secret[1]), 6, SHA1(), 30)
        form = {"sealed": sealed[1], "code": app.generate(int(time.time())).decode()}
        self._opener.open(url, urllib.parse.urlencode(form).encode()).close()

    def _post(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v3/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with self._opener.open(request) as answer:
            return json.load(answer)

    def sign_in(self, page: Page) -> None:
        """Let a page be the administrator's, who has proved it just now."""
        form = urllib.parse.urlencode({"password": _PASSWORD}).encode()
        self._opener.open(f"{self.url}/account/confirm", form).close()
        page.context.add_cookies(
            [
                {"name": each.name, "value": each.value or "", "url": self.url}
                for each in self._cookies
            ]
        )
