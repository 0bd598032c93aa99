"""`messages` and `show`: captured mail in the terminal; `export` and `import`: as files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mailsink.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    ApiFailure,
    AsJson,
    Url,
    part,
)
from mailsink.cli.printing import add_row, as_json, console, local, plain, say, table

_PAGE = 500


class Form(StrEnum):
    """The form of an export."""

    mbox = "mbox"
    zip = "zip"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(messages)
    app.command()(show)
    app.command()(export)
    app.command("import")(import_)


def messages(
    q: Annotated[str, typer.Argument(help="A search; without one, all.")] = "",
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 20,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """List captured mail."""
    found = _found(ApiClient(url), q, limit)
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
        sys.stdout.buffer.write(client.octets(f"messages/{part(id)}/{kind}"))
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


def export(
    file: Annotated[Path, typer.Argument(help="The file that is written.")],
    q: Annotated[str, typer.Option("-q", help="A search; without one, all.")] = "",
    form: Annotated[Form, typer.Option("--format")] = Form.mbox,
    url: Url = DEFAULT_URL,
) -> None:
    """Write captured mail to a file: an mbox, or a zip of .eml files."""
    query: dict[str, Any] = {"q": q} if q else {"all": "true"}
    octets = ApiClient(url).octets("messages/archive", format=form.value, **query)
    try:
        file.write_bytes(octets)
    except OSError as error:
        raise ApiFailure(f"{file} cannot be written: {error.strerror}") from None
    say(f"{file}: {len(octets)} bytes")


def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Messages (.eml), mboxes, or folders of them.")
    ],
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Add messages of files to the inbox, octet for octet."""
    client = ApiClient(url)
    answers = []
    for file in _each(files):
        try:
            octets = file.read_bytes()
        except OSError as error:
            raise ApiFailure(f"{file} cannot be read: {error.strerror}") from None
        kind = "application/mbox" if octets[:5] == b"From " else "message/rfc822"
        answer = client.post("messages", octets, kind)
        answers.append({"file": str(file), **answer})
        if not json:
            say(f"{file}: {answer['imported']} imported")
    if json:
        as_json(answers)


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


def _found(client: ApiClient, q: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < limit:
        page = client.get(
            "messages", q=q, limit=min(limit - len(found), _PAGE), cursor=cursor
        )
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    return found


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
    yield "Subject", plain(message["subject"])
    yield "Received", message["received_at"]
    envelope = message["envelope"]
    recipients = (each["forward_path"] for each in envelope["recipients"])
    yield "Envelope", f"{envelope['reverse_path'] or '<>'} → {', '.join(recipients)}"


def _each(files: Iterable[Path]) -> Iterable[Path]:
    for file in files:
        if file.is_dir():
            yield from sorted(each for each in file.rglob("*") if each.is_file())
        else:
            yield file
