"""`rules`: lists, adds, switches and removes the rules of a running Mailsink."""

from __future__ import annotations

import json as json_module
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
from mailsink.cli.printing import add_row, as_json, console, say, table

rules = typer.Typer(help="Replies on purpose: rules, and scenarios of them.")

Inbox = Annotated[str, typer.Option(help="The slug of an inbox.")]
Speed = Annotated[
    int, typer.Option(help="How many times faster its waits pass, 1 to 1000.")
]
Ids = Annotated[
    list[int] | None, typer.Argument(help="Numbers of rules; without one, all rules.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rules, name="rules", no_args_is_help=True)


@rules.command("list")
def list_(
    inbox: Inbox = "default", json: AsJson = False, url: Url = DEFAULT_URL
) -> None:
    """List the rules in the order of their evaluation."""
    found = ApiClient(url).get("rules", inbox=inbox)["items"]
    if json:
        as_json(found)
    elif not found:
        say("No rules.", "dim")
    else:
        _print_rules(found)


@rules.command()
def add(
    stage: Annotated[
        str, typer.Option(help="When it applies: rcpt, body, connect, …")
    ] = "rcpt",
    code: Annotated[int | None, typer.Option(help="The code of the reply.")] = None,
    enhanced: Annotated[str | None, typer.Option(help="Its enhanced code.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="A line of its text.")] = None,
    delay: Annotated[int | None, typer.Option(help="Milliseconds to wait.")] = None,
    close: Annotated[
        str | None, typer.Option(help="Close the connection: before, half, after.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Only to such recipients.")] = None,
    sender: Annotated[
        str | None, typer.Option("--from", help="Only from such senders.")
    ] = None,
    client: Annotated[
        str | None, typer.Option(help="Only for this address or network.")
    ] = None,
    first: Annotated[int | None, typer.Option(help="Only this many times.")] = None,
    probability: Annotated[
        float | None, typer.Option(help="By chance: 0.1 is every tenth time.")
    ] = None,
    expires_in: Annotated[
        int | None, typer.Option(help="For this many seconds.")
    ] = None,
    name: Annotated[str, typer.Option(help="The name in transcripts.")] = "",
    rule: Annotated[
        str, typer.Option(help="A whole rule as JSON, in place of all other options.")
    ] = "",
    inbox: Inbox = "default",
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Add a rule after the others: [dim]rules add --code 451 --first 2 --to "audit@*"[/dim]"""
    shape = _parsed(rule) if rule else {
        "stage": stage,
        "name": name,
        "inbox": inbox,
        "expires_in": expires_in,
        "conditions": {"forward_path": to, "reverse_path": sender, "client": client},
        "actions": {
            "code": code, "enhanced": enhanced, "text": text,
            "delay_ms": delay, "close": close,
        },
        "limits": {"first": first, "probability": probability},
    }  # fmt: skip
    made = ApiClient(url).send("POST", "rules", shape)
    if json:
        as_json(made)
    else:
        say(f"Rule #{made['id']} acts from now on.")


@rules.command()
def remove(
    ids: Annotated[list[int], typer.Argument(help="Numbers of rules.")],
    url: Url = DEFAULT_URL,
) -> None:
    """Remove rules."""
    client = ApiClient(url)
    for id in ids:
        client.send("DELETE", f"rules/{id}")


@rules.command()
def on(ids: Ids = None, inbox: Inbox = "default", url: Url = DEFAULT_URL) -> None:
    """Switch rules on; without a number, let the rules of the inbox act again."""
    _switch(ApiClient(url), ids or [], inbox, True)


@rules.command()
def off(ids: Ids = None, inbox: Inbox = "default", url: Url = DEFAULT_URL) -> None:
    """Switch rules off; without a number, stop all rules of the inbox."""
    _switch(ApiClient(url), ids or [], inbox, False)


@rules.command()
def scenarios(
    inbox: Inbox = "default", json: AsJson = False, url: Url = DEFAULT_URL
) -> None:
    """List the scenarios: sets of rules that are switched on as one."""
    found = ApiClient(url).get("rules/scenarios", inbox=inbox)["items"]
    if json:
        as_json(found)
        return
    made = table("on", "name", "what it does")
    for each in found:
        add_row(made, "on" if each["on"] else "", each["name"], each["description"])
    console.print(made)


@rules.command()
def scenario(
    name: Annotated[str, typer.Argument(help="The name of a scenario.")],
    off: Annotated[bool, typer.Option("--off", help="Remove its rules.")] = False,
    speed: Speed = 1,
    inbox: Inbox = "default",
    url: Url = DEFAULT_URL,
) -> None:
    """Add the rules of a scenario, or remove them again."""
    path = f"rules/scenarios/{part(name)}?inbox={part(inbox)}"
    if off:
        ApiClient(url).send("DELETE", path)
    else:
        ApiClient(url).send("POST", f"{path}&speed={speed}")
    say(f"The scenario {name} is {'off' if off else 'on'}.")


def _switch(client: ApiClient, ids: list[int], inbox: str, is_on: bool) -> None:
    if not ids:
        client.send("PATCH", f"inboxes/{part(inbox)}", {"rules_on": is_on})
    for id in ids:
        client.send("PATCH", f"rules/{id}", {"on": is_on})


def _parsed(rule: str) -> Any:
    try:
        return json_module.loads(rule)
    except ValueError as error:
        raise ApiFailure(f"--rule is not JSON: {error}", 2) from None


def _print_rules(found: list[dict[str, Any]]) -> None:
    made = table("#", "on", "stage", "if", "does", "limits", "hits", "name")
    for each in found:
        add_row(
            made,
            each["id"],
            "on" if each["on"] else "off",
            each["stage"],
            _words(each["conditions"]),
            _words(each["actions"]),
            _words(each["limits"]),
            each["hits"],
            each["name"] or each["scenario"],
        )
    console.print(made)


def _words(members: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {' / '.join(value) if isinstance(value, list) else value}"
        for name, value in members.items()
        if value not in (None, "", [])
    )
