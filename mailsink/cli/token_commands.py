"""`mailsink token add`: makes a token, on the machine with the database."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsink.cli import django_commands

tokens = typer.Typer(help="API tokens, for programs.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(tokens, name="token")


@tokens.callback()
def group() -> None:
    """API tokens, for programs; run where the database of Mailsink is."""


@tokens.command()
def add(
    user: Annotated[str, typer.Option(help="The user whose token it is.")],
    name: Annotated[str, typer.Option(help="The name of the token.")] = "command line",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, write, rules, send or release; several times."),
    ] = None,
    inbox: Annotated[
        list[str] | None,
        typer.Option(help="The slug of an inbox; several times. All without it."),
    ] = None,
    days: Annotated[
        int, typer.Option(help="The number of days until it expires; 0: never.")
    ] = 0,
) -> None:
    """Print a new token of a user; it is not shown again."""
    arguments = [f"--user={user}", f"--name={name}", f"--days={days}"]
    arguments += [f"--scope={each}" for each in scope or ["read"]]
    arguments += [f"--inbox={each}" for each in inbox or ()]
    django_commands.run(["mailsink", "add_token", *arguments])
