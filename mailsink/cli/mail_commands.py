"""`messages` and `show`: captured mail in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from mailsink.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    AsJson,
    Url,
    part,
)
from mailsink.cli.printing import (
    add_row,
    as_it_came,
    as_json,
    console,
    local,
    say,
    table,
)

_PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(messages)
    app.command()(show)


def messages(
    q: Annotated[str, typer.Argument(help="A search; without one, all.")] = "",
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 20,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """List captured mail."""
    found = list(found_messages(ApiClient(url), q, limit))
    if json:
        as_json(found)
    else:
        print_messages(found)


def show(
    id: Annotated[str, typer.Argument(help="The id of a message.")] = "latest",
    raw: Annotated[bool, typer.Option("--raw", help="Print the octets.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML.")] = False,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print a message: its header and its text."""
    client = ApiClient(url)
    if raw or html:
        kind = "raw" if raw else "html"
        as_it_came(client.octets(f"messages/{part(id)}/{kind}"))
        return
    message = client.get(f"messages/{part(id)}")
    if json:
        as_json(message)
        return
    made = table("", "")
    made.show_header = False
    for name, value in _header(message):
        add_row(made, name, value)
    console.print(made)
    say("")
    say(message["text"] or message["snippet"] or "(no text)")


def found_messages(
    client: ApiClient, q: str, limit: int = sys.maxsize
) -> Iterator[dict[str, Any]]:
    """Yield the messages that match a search, the newest first. Raises ApiFailure."""
    cursor: str | None = None
    while limit > 0:
        page = client.get("messages", q=q, limit=min(limit, _PAGE), cursor=cursor)
        yield from page["items"]
        limit -= len(page["items"])
        cursor = page["next"]
        if cursor is None:
            return


def print_messages(found: list[dict[str, Any]]) -> None:
    """Print messages as a table."""
    if not found:
        say("No mail.", "dim")
        return
    made = table("time", "from", "to", "subject", "id")
    for each in found:
        sender = each["from"]["address"] or each["reverse_path"]
        when = local(each["received_at"])
        add_row(made, when, sender, _to(each), each["subject"], each["id"])
    console.print(made)


def _to(message: dict[str, Any]) -> str:
    return str(message["first_recipient"]) or _people(message["to"])


def _people(people: Iterable[dict[str, str]]) -> str:
    return ", ".join(
        f"{each['name']} <{each['address']}>" if each["name"] else each["address"]
        for each in people
    )


def _header(message: dict[str, Any]) -> Iterable[tuple[str, str]]:
    yield "From", _people([message["from"]])
    for name in ("to", "cc"):
        if message[name]:
            yield name.title(), _people(message[name])
    yield "Subject", message["subject"]
    yield "Received", message["received_at"]
    envelope = message["envelope"]
    recipients = (each["forward_path"] for each in envelope["recipients"])
    yield "Envelope", f"{envelope['reverse_path'] or '<>'} → {', '.join(recipients)}"
