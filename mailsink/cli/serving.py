"""`mailsink serve`, and the commands for its stored data: those of `manage.py`."""

from __future__ import annotations

import typer

from mailsink.cli import django_commands

_AS_THEY_ARE = {"ignore_unknown_options": True, "allow_extra_args": True}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, move, backup, restore, verify):
        app.command(context_settings=_AS_THEY_ARE, add_help_option=False)(command)


def serve(context: typer.Context) -> None:
    """Start Mailsink: SMTP on port 1025, the web on 8025. `mailsink serve --help` has more."""
    _run("serve", context)


def move(context: typer.Context) -> None:
    """Copy everything to another database. `mailsink move --help` has more."""
    _run("move", context)


def backup(context: typer.Context) -> None:
    """Write a backup of all stored data to a file; Mailsink keeps receiving mail."""
    _run("backup", context)


def restore(context: typer.Context) -> None:
    """Restore a backup into a new data folder."""
    _run("restore", context)


def verify(context: typer.Context) -> None:
    """Check that every stored body is what was received."""
    _run("verify", context)


def _run(command: str, context: typer.Context) -> None:
    try:
        django_commands.run(["mailsink", command, *context.args])
    except KeyboardInterrupt:
        raise typer.Exit(django_commands.INTERRUPTED) from None
