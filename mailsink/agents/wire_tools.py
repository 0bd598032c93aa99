"""Tools for past sessions on the wire, and for rules that change later ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field

from mailsink.agents.agent_answers import advised, answer, seen
from mailsink.agents.asking import AskedApi, NotAnswered

SessionId = Annotated[str, Field(description='The id of a session, or "latest".')]

_HEAD, _TAIL = 30, 15  # lines of a transcript
_REFUSALS = 3  # refusals that are explained


class WireTools:
    """The tools; each returns JSON as text."""

    def __init__(self, api: AskedApi) -> None:
        self._api = api

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Return all tools, in the order in which they are offered."""
        return [
            self.explain_session,
            self.why_refused,
            self.findings,
            self.set_rule,
            self.replay,
        ]

    async def explain_session(self, session: SessionId = "latest") -> str:
        """Explain an SMTP session: its lines, why each was refused, and how to fix it."""
        found = await self._session(session)
        exchanges = found["exchanges"]
        refused = [each for each in exchanges if (each["code"] or 0) >= 400]
        path = f"sessions/{found['id']}"
        issues = await self._api.get(f"{path}/findings")
        return answer(
            session=found["id"],
            ending=found["ending"] or "still open",
            messages=found["messages"],
            client=issues["client"]["name"],
            refusals=[
                await self._explained(found["id"], each["seq"])
                for each in refused[:_REFUSALS]
            ],
            findings=advised(issues["items"]),
            transcript=_transcript(exchanges),
            url=f"{self._api.url}/sessions/{found['id']}",
        )

    async def why_refused(
        self, address: Annotated[str, Field(description="A recipient's address.")]
    ) -> str:
        """Find the mail for an address, why it was refused, and how to fix that."""
        found = await self._api.get("trace", address=address)
        evidence = found["evidence"]
        why = None
        if evidence and (evidence[0]["code"] or 0) >= 400 and evidence[0]["exchange"]:
            first = evidence[0]
            why = await self._explained(first["session"], first["exchange"])
        return answer(
            sentence=seen(found["sentence"]),
            aside=seen(found["aside"]),
            refusal=why,
            similar_addresses=[seen(each["address"]) for each in found["near"][:5]],
            evidence=[
                {"kind": each["kind"], "at": each["at"], "words": seen(each["words"])}
                for each in evidence[:5]
            ],
            url=f"{self._api.url}/trace?address={quote(address, safe='@')}",
        )

    async def findings(
        self,
        message: Annotated[
            str, Field(description='The id of a message, or "latest".')
        ] = "latest",
        session: Annotated[
            str, Field(description="The id of a session, in place of a message.")
        ] = "",
    ) -> str:
        """List the errors in a message and in its sending, each with its fix."""
        if session:
            id = (await self._session(session))["id"]
            found = (await self._api.get(f"sessions/{id}/findings"))["items"]
            url = f"{self._api.url}/sessions/{id}"
        else:
            path = f"messages/{quote(message, safe='')}"
            id = (await self._api.get(path))["id"]
            of_client = await self._api.get(f"messages/{id}/findings")
            of_content = await self._api.get(f"messages/{id}/checks")
            found = [*of_client["items"], *of_content["items"]]
            url = f"{self._api.url}/messages/{id}"
        issues = advised(found)
        return answer(found=len(issues), findings=issues, url=url)

    async def set_rule(
        self,
        stage: Annotated[
            str,
            Field(description="connect, helo, auth, mail, rcpt, data, body or any."),
        ] = "rcpt",
        code: Annotated[int, Field(description="The code to reply, 400 to 599.")] = 0,
        text: Annotated[str, Field(description="The text of the reply.")] = "",
        to: Annotated[
            str, Field(description="Only for recipients that fit: *@shop.example")
        ] = "",
        first: Annotated[
            int,
            Field(description="Only this many times, then accept; 0: always.", ge=0),
        ] = 0,
        delay_ms: Annotated[int, Field(description="Milliseconds to wait.", ge=0)] = 0,
        seconds: Annotated[
            int, Field(description="How long it acts; 0: until it is removed.", ge=0)
        ] = 600,
        remove: Annotated[
            int, Field(description="The number of a rule to remove instead.", ge=0)
        ] = 0,
    ) -> str:
        """Make the server refuse or wait, to see how the application handles that."""
        url = f"{self._api.url}/rules"
        if remove:
            await self._api.send("DELETE", f"rules/{remove}")
            return answer(removed=remove, url=url)
        actions: dict[str, object] = {
            "code": code or None,
            "delay_ms": delay_ms or None,
        }
        actions["text"] = [text] if text else None
        rule = {
            "name": "Set by an agent",
            "stage": stage,
            "actions": actions,
            "conditions": {"forward_path": to or None},
            "limits": {"first": first or None},
            "expires_in": seconds or None,
        }
        made = await self._api.send("POST", "rules", rule)
        return answer(rule=made["id"], expires_at=made["expires_at"], url=url)

    async def replay(self, session: SessionId = "latest") -> str:
        """Return commands that repeat a session: for swaks, and a Python script."""
        id = (await self._session(session))["id"]
        found = await self._api.get(f"sessions/{id}/replay")
        return answer(
            transcript={
                "swaks": seen(found["swaks"], 3000),
                "python": found["python"][:6000],
            },
            notes=found["swaks_notes"] + found["python_notes"],
            url=f"{self._api.url}/sessions/{id}",
        )

    async def _session(self, id: str) -> dict[str, Any]:
        if id == "latest":
            newest = (await self._api.get("sessions", limit=1))["items"]
            if not newest:
                raise NotAnswered("no client has connected yet")
            id = newest[0]["id"]
        found: dict[str, Any] = await self._api.get(f"sessions/{quote(id, safe='')}")
        return found

    async def _explained(self, session: str, seq: int) -> dict[str, Any]:
        found = await self._api.get(f"sessions/{session}/exchanges/{seq}")
        words = {each["term"]: each["words"] for each in found["explained"]}
        return {
            "transcript": seen(f"C: {found['line']}"),
            "reply": [seen(each) for each in found["reply"]],
            "code": found["code"],
            "rule": found["rule"],
            "why": words.get("Why", []),
            "means": words.get("Means", []),
            "fix": words.get("Fix", []),
            "the_client_then": words.get("The client then", []),
        }


def _transcript(exchanges: list[dict[str, Any]]) -> list[str]:
    """Return the lines of a session, or only its beginning and end if it is long."""
    lines: list[str] = []
    for each in exchanges:
        lines.append(seen(f"C: {each['line'] or '(' + each['kind'] + ')'}", 200))
        lines += [seen(f"S: {reply}", 200) for reply in each["reply"]]
    if len(lines) <= _HEAD + _TAIL:
        return lines
    left_out = f"({len(lines) - _HEAD - _TAIL} lines are left out)"
    return [*lines[:_HEAD], left_out, *lines[-_TAIL:]]
