"""`explain` and `check`: what a session or a message is, and what is wrong with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from xml.sax.saxutils import quoteattr

import typer

from mailsink.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    ApiFailure,
    AsJson,
    Url,
    part,
)
from mailsink.cli.printing import as_json, plain, say, style_of

_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
_GITHUB = {"error": "error", "warning": "warning", "info": "notice"}

Issues = list[dict[str, Any]]  # findings and checks, as the API has them


class ReportForm(StrEnum):
    """The form of a report."""

    text = "text"
    json = "json"
    junit = "junit"
    github = "github"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(check)


def explain(
    id: Annotated[str, typer.Argument(help="The id of a session.")] = "latest",
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print a session line by line, with what is wrong with its client."""
    client = ApiClient(url)
    session = _session(client, id)
    findings = client.get(f"sessions/{part(session['id'])}/findings")["items"]
    if json:
        as_json({**session, "findings": findings})
        return
    print_exchanges(session["exchanges"])
    say("")
    _as_text(findings)


def check(
    id: Annotated[str, typer.Argument(help="The id of a message.")] = "latest",
    form: Annotated[ReportForm, typer.Option("--format")] = ReportForm.text,
    url: Url = DEFAULT_URL,
) -> None:
    """Print what is wrong with a message and with how it was sent; exit with 1 on errors."""
    client = ApiClient(url)
    message = client.get(f"messages/{part(id)}")
    issues: Issues = [
        *client.get(f"messages/{part(message['id'])}/checks")["items"],
        *client.get(f"sessions/{part(message['session'])}/findings")["items"],
    ]
    issues = [each for each in issues if not each.get("muted")]
    _FORMS[form](issues)
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


def _as_text(issues: Issues) -> None:
    if not issues:
        say("Nothing is wrong.", "green")
    for each in issues:
        say(f"{each['severity']}: {each['title']}", _STYLES[each["severity"]])
        say(f"  {each['sentence']}")
        if each["fix"]:
            say(f"  Fix: {each['fix']}", "dim")


def _as_junit(issues: Issues) -> None:
    failures = sum(each["severity"] == "error" for each in issues)
    print('<?xml version="1.0" encoding="UTF-8"?>')
    print(f'<testsuite name="mailsink" tests="{len(issues)}" failures="{failures}">')
    for each in issues:
        name = quoteattr(plain(each["kind"]))
        words = quoteattr(plain(f"{each['sentence']} {each['fix']}"))
        inside = f"<failure message={words}/>" if each["severity"] == "error" else ""
        print(f'  <testcase classname="mailsink" name={name}>{inside}</testcase>')
    print("</testsuite>")


def _as_github(issues: Issues) -> None:
    """Workflow commands of GitHub Actions, which show them beside the job."""
    for each in issues:
        words = f"{each['sentence']} {each['fix']}"
        print(
            f"::{_GITHUB[each['severity']]} title={_escaped(each['title'], ':,')}::"
            f"{_escaped(words)}"
        )


def _escaped(text: str, more: str = "") -> str:
    for each in f"%\r\n{more}":
        text = text.replace(each, f"%{ord(each):02X}")
    return plain(text)


_FORMS = {
    ReportForm.text: _as_text,
    ReportForm.json: as_json,
    ReportForm.junit: _as_junit,
    ReportForm.github: _as_github,
}
