"""The mail of one test: wait for it, read it, and assert about it."""

from __future__ import annotations

import smtplib
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailsink.cli.api_client import ApiClient, ApiFailure, part
from mailsink.text import search_value


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A message that was caught."""

    id: str
    subject: str
    sender: str  # the address of From
    recipients: list[str]  # of the envelope
    text: str
    html: str
    codes: list[str]  # to type in, the likeliest first
    links: list[str]
    raw: bytes
    url: str  # of its page

    def link(self, having: str = "") -> str:
        """Return the first link that has a text in it. Raises AssertionError."""
        for each in self.links:
            if having in each:
                return each
        raise AssertionError(f"no link has {having!r} in it: {self.links}")


class Mail:
    """The mail that has arrived since a test began."""

    def __init__(self, url: str, smtp: tuple[str, int]) -> None:
        """url, smtp: of a running Mailsink."""
        self.smtp = smtp
        self._api = ApiClient(url)
        self._after = self._newest()
        self._began = time.time()

    def wait(
        self,
        *,
        to: str = "",
        subject: str = "",
        q: str = "",
        timeout: float = 10.0,
    ) -> CaughtMail:
        """Return the first message that matches. Raises AssertionError if none comes in time.

        to: an address; subject: words of it; q: more of the search language;
        timeout: seconds
        """
        [first] = self.wait_for(1, to=to, subject=subject, q=q, timeout=timeout)
        return first

    def wait_for(
        self,
        count: int,
        *,
        to: str = "",
        subject: str = "",
        q: str = "",
        timeout: float = 10.0,
    ) -> list[CaughtMail]:
        """Return `count` messages that match, oldest first. Raises AssertionError."""
        query = self._query(to, subject, q) | {"count": count, "timeout": timeout}
        try:
            page = self._api.get("messages/wait", timeout + 30, **query)
        except ApiFailure as failure:
            raise AssertionError(f"{failure}\n\n{self.transcript()}") from None
        return [self._caught(each["id"]) for each in reversed(page["items"])]

    def assert_none(
        self, *, to: str = "", subject: str = "", q: str = "", within: float = 0.5
    ) -> None:
        """Check for some seconds that no message matches. Raises AssertionError."""
        query = self._query(to, subject, q) | {"absent": "true", "timeout": within}
        try:
            page = self._api.get("messages/wait", within + 30, **query)
            found = page["items"]  # a server that is no Mailsink may have none
        except ApiFailure as failure:
            raise AssertionError(str(failure)) from None
        if found:
            raise AssertionError(f"{len(found)} messages match")

    def all(self) -> list[CaughtMail]:
        """Return the messages that have arrived since the test began, oldest first."""
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = self._api.get("messages", limit=100, cursor=cursor)
            for each in page["items"]:
                if each["id"] == self._after:
                    return [self._caught(id) for id in reversed(found)]
                found.append(each["id"])
            cursor = page["next"]
            if cursor is None:
                return [self._caught(id) for id in reversed(found)]

    def transcript(self) -> str:
        """Return the sessions since the test began, line by line; "" if there are none."""
        sessions = self._api.get("sessions", limit=10)["items"]
        texts = []
        for each in reversed(sessions):
            if _seconds(each["opened_at"]) >= self._began - 1:
                path = f"sessions/{part(each['id'])}/exchanges.txt"
                texts.append(self._api.octets(path).decode())
        return "\n".join(texts)

    def send(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Send a message to the sink, to try a test itself."""
        with smtplib.SMTP(*self.smtp, timeout=30) as client:
            client.sendmail(sender, recipients, content)

    def _query(self, to: str, subject: str, q: str) -> dict[str, Any]:
        terms = [
            q,
            *(
                f"{field}:{search_value(value)}"
                for field, value in (("to", to), ("subject", subject))
                if value
            ),
        ]
        return {"q": " ".join(filter(None, terms)), "after": self._after}

    def _newest(self) -> str | None:
        items = self._api.get("messages", limit=1)["items"]
        return str(items[0]["id"]) if items else None

    def _caught(self, id: str) -> CaughtMail:
        found = self._api.get(f"messages/{part(id)}", include="links")
        return CaughtMail(
            id=id,
            subject=found["subject"],
            sender=found["from"]["address"],
            recipients=[
                each["forward_path"]
                for each in found["envelope"]["recipients"]
                if each["rcpt_code"] < 300
            ],
            text=found["text"] or "",
            html=found["html"] or "",
            codes=found["codes"],
            links=[each["url"] for each in found["links"] if each["kind"] == "link"],
            raw=self._api.octets(f"messages/{part(id)}/raw"),
            url=f"{self._api.url}/messages/{id}",
        )


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
