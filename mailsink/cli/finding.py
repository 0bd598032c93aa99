"""`explain` and `check`: the lines of a session; the errors in sessions and mail."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from mailsink.cli import django_commands
from mailsink.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    ApiFailure,
    AsJson,
    Url,
    part,
)
from mailsink.cli.printing import as_json, say, style_of
from mailsink.cli.report_forms import Issues, ReportForm, print_issues

# A reply begins with its code; a text with spaces may have one anywhere.
_PASTED = re.compile(r"[245]\d\d(?:[ -]|$)|.*\s", re.DOTALL)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(check)


def explain(
    id: Annotated[
        str,
        typer.Argument(
            help='The id of a session, or a reply: [dim]"421 4.7.28 …"[/dim]'
        ),
    ] = "latest",
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print a session line by line, with the errors of its client.

    With a reply in place of an id, print its meaning, and the mail providers that
    send it. That needs no server.
    """
    if _PASTED.match(id):
        asked = ["mailsink", "explain_reply", *(["--json"] if json else []), "--", id]
        django_commands.run_without_settings(asked)
        return
    client = ApiClient(url)
    session = _session(client, id)
    findings = client.get(f"sessions/{part(session['id'])}/findings")["items"]
    if json:
        as_json({**session, "findings": findings})
        return
    print_exchanges(session["exchanges"])
    say("")
    print_issues(findings)


def check(
    id: Annotated[str, typer.Argument(help="The id of a message.")] = "latest",
    form: Annotated[ReportForm, typer.Option("--format")] = ReportForm.text,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print the errors in a message and in its sending.

    Exit with 1 if there are any.
    """
    client = ApiClient(url)
    message = client.get(f"messages/{part(id)}")
    issues: Issues = [
        *client.get(f"messages/{part(message['id'])}/checks")["items"],
        *client.get(f"sessions/{part(message['session'])}/findings")["items"],
    ]
    issues = [each for each in issues if not each.get("muted")]
    print_issues(issues, ReportForm.json if json else form)
    if any(each["severity"] == "error" for each in issues):
        raise typer.Exit(1)


def print_exchanges(exchanges: list[dict[str, Any]]) -> None:
    """Print the lines of a session, each with its reply."""
    for each in exchanges:
        print_line(each)


def print_line(exchange: dict[str, Any]) -> None:
    """Print an exchange: the line of the client, and the reply to it."""
    at = f"{exchange['received_us'] / 1000:10.1f}  "
    out = exchange["direction"] == "out"
    line = exchange["line"] or f"({exchange['kind']}, {exchange['octets']} bytes)"
    say(f"{at}{'S' if out else 'C'}: {line}", "bold")
    for reply in exchange["reply"]:
        say(f"{'':12}{'C' if out else 'S'}: {reply}", style_of(exchange["code"]))


def _session(client: ApiClient, id: str) -> Any:
    if id == "latest":
        newest = client.get("sessions", limit=1)["items"]
        if not newest:
            raise ApiFailure("no client has connected yet")
        id = newest[0]["id"]
    return client.get(f"sessions/{part(id)}")
