"""A Mailsink with accounts, as a company has one, for the pictures of its screens."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

from playwright.sync_api import Page

from tests.running import Mailsink, environment
from tools import sample_mail

_NAME, _PASSWORD = "root", "correct horse 42"
_MAILS = 6
# By name: the page, and whether one has signed in there
SCREENS = {
    "login": ("/login", False),
    "account": ("/account", True),
    "tokens": ("/account/tokens", True),
    "users": ("/users", True),
    "members": ("/inboxes/shop", True),
    "audit": ("/audit", True),
    "delete-all": ("/messages/delete?q=inbox:shop", True),
    "settings-of-inbox": ("/settings?inbox=shop", True),
    "rules-of-inbox": ("/rules?inbox=shop", True),
    "invitation": ("INVITATION", False),
    "invitation-gone": ("/invitations/none", False),
    "share-new": ("/shares/new?message=MESSAGE", True),
}


class Company:
    """Its administrator, signed in.

    named: what stands for ids in the addresses of SCREENS
    """

    def __init__(self, server: Mailsink) -> None:
        """Make accounts, inboxes and what else the screens show."""
        self._server = server
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
            urllib.request.HTTPCookieProcessor(self._cookies)
        )
        form = urllib.parse.urlencode({"name": _NAME, "password": _PASSWORD}).encode()
        self._opener.open(f"{server.url}/login", form).close()
        self.named = self._fill()

    def _fill(self) -> dict[str, str]:
        self._post("inboxes", slug="shop", name="Shop")
        self._post("inboxes/shop/credentials", username="shop")
        for name in ("ann", "bob"):
            self._post("users", name=name)
        self._post("groups", name="testers", users=["bob"])
        self._post("inboxes/shop/members", user="ann", role="manager")
        self._post("inboxes/shop/members", group="testers", role="tester")
        self._post("tokens", name="CI", scopes=["read", "write"], days=90)
        self._post("rules", inbox="shop", name="Fail twice", stage="rcpt",
                   actions={"code": 451}, limits={"first": 2, "per": "recipient"})  # fmt: skip
        invitation = self._post("invitations", inboxes=["shop"], role="viewer")["url"]
        with self._opener.open(f"{self._server.url}/api/v3/messages?limit=1") as answer:
            newest = json.load(answer)["items"][0]["id"]
        path = urllib.parse.urlsplit(invitation).path
        return {"INVITATION": path, "MESSAGE": newest}

    def _post(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self._server.url}/api/v3/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with self._opener.open(request) as answer:
            return json.load(answer)

    def sign_in(self, page: Page) -> None:
        """Let a page be the administrator's."""
        page.context.add_cookies(
            [
                {"name": each.name, "value": each.value or "", "url": self._server.url}
                for each in self._cookies
            ]
        )
