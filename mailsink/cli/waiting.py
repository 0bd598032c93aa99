"""`ready` and `wait`: for scripts and CI that wait for a server or for mail."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from mailsink.cli.api_client import DEFAULT_URL, ApiClient, ApiFailure, AsJson, Url
from mailsink.cli.mail_commands import print_messages
from mailsink.cli.printing import as_json, say
from mailsink.terminal import plain, without_orders

_LOOK_EVERY = 0.1  # seconds
_PART = 60.0  # seconds that one request waits


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(ready)
    app.command()(wait)


def ready(
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it is ready.", show_default=False)
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.")] = 30.0,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Exit with 0 if Mailsink is ready, else with 1."""
    client = ApiClient(url)
    end = time.monotonic() + (timeout if wait else 0)
    while not client.is_ready():
        if time.monotonic() >= end:
            raise ApiFailure(f"Mailsink is not ready at {client.url}")
        time.sleep(_LOOK_EVERY)
    if json:
        as_json({"ready": True, "url": client.url})
    else:
        say(f"Mailsink is ready at {client.url}")


def wait(
    q: Annotated[
        str, typer.Argument(help="What to wait for: [dim]to:ann@example.com[/dim]")
    ] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait.")] = 30.0,
    count: Annotated[int, typer.Option(help="How many messages.", min=1)] = 1,
    after: Annotated[
        str, typer.Option(help="The id of a message: only later ones count.")
    ] = "",
    codes: Annotated[
        bool, typer.Option("--codes", help="Print only the verification codes.")
    ] = False,
    links: Annotated[
        bool, typer.Option("--links", help="Print only the links.")
    ] = False,
    absent: Annotated[
        bool, typer.Option("--absent", help="Exit with 1 if mail arrives, else with 0.")
    ] = False,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Wait for mail, and print it; exit with 1 if none arrives in time."""
    query: dict[str, Any] = {"q": q, "count": count, "include": "codes,links"}
    query |= {"after": after or None, "absent": "true" if absent else None}
    found = _wait(ApiClient(url), timeout, query)
    if json:
        as_json(found)
    elif codes or links:
        for message in found["items"]:
            for each in message["codes"] if codes else _urls(message):
                print(_line(each))
    else:
        print_messages(found["items"])


def _urls(message: dict[str, Any]) -> list[str]:
    return [each["url"] for each in message["links"] if each["kind"] == "link"]


def _line(of_mail: str) -> str:
    """Return a code or URL as one line.

    Characters that form a command are URL-encoded.
    """
    one = " ".join(of_mail.split())
    return without_orders(plain(one), lambda each: f"%{ord(each):02X}")


def _wait(client: ApiClient, timeout: float, query: dict[str, Any]) -> Any:
    """Ask again and again: one request waits for a minute at most."""
    end = time.monotonic() + timeout
    while True:
        left = max(0.0, end - time.monotonic())
        seconds = round(min(left, _PART), 3)  # the answer quotes the number
        try:
            found = client.get("messages/wait", seconds + 30, timeout=seconds, **query)
        except ApiFailure as failure:
            if left <= _PART or (failure.problem or {}).get("status") != 408:
                raise
        else:
            if left <= _PART or found["items"]:
                return found
