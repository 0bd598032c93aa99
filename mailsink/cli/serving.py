"""`mailsink serve`: starts Mailsink, as `manage.py serve` does."""

from __future__ import annotations

import typer

from mailsink.cli import django_commands


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "serve",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        add_help_option=False,
    )(serve)


def serve(context: typer.Context) -> None:
    """Start Mailsink: SMTP on port 1025, the web on 8025. `mailsink serve --help` has more."""
    try:
        django_commands.run(["mailsink", "serve", *context.args])
    except KeyboardInterrupt:
        raise typer.Exit(django_commands.INTERRUPTED) from None
