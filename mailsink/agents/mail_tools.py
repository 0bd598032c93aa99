"""Tools about the mail that was caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field

from mailsink.agents.agent_answers import answer, row, seen
from mailsink.agents.asking import AskedApi, NotAnswered
from mailsink.text import search_value

Recipient = Annotated[str, Field(description="The address that the mail is for.")]
Subject = Annotated[str, Field(description="Words of the subject.")]
Query = Annotated[
    str, Field(description="A search: from:ann code:5xx has:attachment after:10m")
]
Seconds = Annotated[float, Field(description="The most seconds to wait.", ge=0, le=120)]
After = Annotated[str, Field(description="The id of a message: only later ones count.")]
MessageId = Annotated[str, Field(description='The id of a message, or "latest".')]

_TEXT = 2000  # characters


class MailTools:
    """The tools; each returns JSON as text."""

    def __init__(self, api: AskedApi) -> None:
        self._api = api

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Return all tools, in the order in which they are offered."""
        return [
            self.wait_for_email,
            self.get_verification_code,
            self.get_link,
            self.search,
            self.get_message,
            self.compare_last_two,
        ]

    async def wait_for_email(
        self,
        to: Recipient = "",
        subject: Subject = "",
        query: Query = "",
        after: After = "",
        timeout: Seconds = 20,  # noqa: ASYNC109  the same name as in the API
    ) -> str:
        """Wait for a message.

        Return its text, codes and links, or else other arrivals.
        """
        found = await self._waited(to, subject, query, after, timeout)
        return found if isinstance(found, str) else answer(**self._mail(found))

    async def get_verification_code(
        self,
        to: Recipient = "",
        subject: Subject = "",
        after: After = "",
        timeout: Seconds = 20,  # noqa: ASYNC109
    ) -> str:
        """Wait for a message with a code to type in, and return the code."""
        found = await self._waited(to, subject, "", after, timeout)
        if isinstance(found, str):
            return found
        codes = [seen(each, 100) for each in found["codes"]]
        mail = {"code": codes[0] if codes else None, "others": codes[1:6]}
        return answer(found=bool(codes), mail=mail, **self._where(found))

    async def get_link(
        self,
        to: Recipient = "",
        containing: Annotated[
            str, Field(description="A part of the link, or of its text.")
        ] = "",
        subject: Subject = "",
        after: After = "",
        timeout: Seconds = 20,  # noqa: ASYNC109
    ) -> str:
        """Wait for a message, and return the first link that contains a text."""
        found = await self._waited(to, subject, "", after, timeout)
        if isinstance(found, str):
            return found
        links = [each for each in _links(found) if _has(each, containing)]
        mail = {"link": links[0] if links else None, "all": _links(found)[:10]}
        return answer(found=bool(links), mail=mail, **self._where(found))

    async def search(
        self,
        query: Query = "",
        limit: Annotated[int, Field(description="How many.", ge=1, le=30)] = 10,
    ) -> str:
        """List messages that match a search, the newest first."""
        page = await self._api.get("messages", q=query, limit=limit)
        rows = [row(each, self._api.url) for each in page["items"]]
        return answer(mail=rows, more=page["next"] is not None, url=self._api.url)

    async def get_message(self, id: MessageId = "latest") -> str:
        """Return a message: header, envelope, text, codes, links and attachments."""
        path = f"messages/{quote(id, safe='')}"
        found = await self._api.get(path, include="links,attachments")
        shape = self._mail(found)
        shape["mail"] |= {
            "recipients": [
                {"address": seen(each["forward_path"]), "code": each["rcpt_code"]}
                for each in found["envelope"]["recipients"]
            ],
            "attachments": [
                {"name": seen(each["filename"]), "type": each["content_type"]}
                for each in found["attached"]
            ],
            "defects": found["defects"],
        }
        return answer(**shape)

    async def compare_last_two(self, subject: Subject) -> str:
        """Compare the newest two messages with a subject: the lines that differ."""
        q = f"subject:{search_value(subject)}"
        page = await self._api.get("messages", q=q, limit=2)
        if len(page["items"]) < 2:
            why = f"{len(page['items'])} messages have this subject, not two"
            return answer(found=False, why=why, url=self._api.url)
        new, old = (each["id"] for each in page["items"])
        compared = await self._api.get(f"messages/{old}/compare/{new}")
        mail = {
            name: [_difference(each) for each in aspect["rows"]]
            for name, aspect in compared.items()
            if isinstance(aspect, dict) and aspect["differing"]
        }
        url = f"{self._api.url}/messages/{new}/compare-previous"
        return answer(found=True, older=old, newer=new, mail=mail, url=url)

    async def _waited(
        self, to: str, subject: str, query: str, after: str, seconds: float
    ) -> dict[str, Any] | str:
        """Return the message, or an answer with the messages that arrived instead."""
        given = (("to", to), ("subject", subject))
        terms = [f"{name}:{search_value(value)}" for name, value in given if value]
        asked: dict[str, object] = {"q": " ".join(filter(None, [query, *terms]))}
        asked |= {"timeout": seconds, "include": "text,codes,links"}
        if after:
            asked["after"] = after
        try:
            page = await self._api.get("messages/wait", **asked)
        except NotAnswered as failure:
            if failure.problem.get("status") != 408:
                raise
            return self._missed(str(failure), failure.problem)
        found: dict[str, Any] = page["items"][0]
        return found

    def _missed(self, why: str, problem: dict[str, Any]) -> str:
        near = [
            {
                "fails": each["failed"],
                **self._near(each),
            }
            for each in problem.get("near_misses", [])[:5]
        ]
        return answer(found=False, why=seen(why), mail=near, url=self._api.url)

    def _near(self, miss: dict[str, Any]) -> dict[str, Any]:
        if message := miss.get("message"):
            return {"message": row(message, self._api.url)}
        refused = miss["transaction"]
        return {"refused": {name: refused[name] for name in ("code", "session")}}

    def _mail(self, found: dict[str, Any]) -> dict[str, Any]:
        mail = {
            **row(found, self._api.url),
            "text": seen(found["text"] or "", _TEXT),
            "codes": [seen(each, 100) for each in found["codes"][:5]],
            "links": _links(found)[:10],
        }
        return {"found": True, "mail": mail, **self._where(found)}

    def _where(self, found: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._api.url}/messages/{found['id']}"
        return {"id": found["id"], "session": found["session"], "url": url}


def _links(found: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"url": seen(each["url"], 2000), "text": seen(each["text"], 100)}
        for each in found["links"]
        if each["kind"] == "link"
    ]


def _has(link: dict[str, str], text: str) -> bool:
    return text.casefold() in f"{link['url']} {link['text']}".casefold()


def _difference(line: dict[str, Any]) -> dict[str, Any]:
    def side(pieces: list[tuple[str, bool]] | None) -> str | None:
        return None if pieces is None else seen("".join(text for text, _ in pieces))

    return {
        "line": line["name"],
        "older": side(line["left"]),
        "newer": side(line["right"]),
    }
