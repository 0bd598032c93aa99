"""`mailsink setup`: makes the first administrator, or another one."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mailsink.cli import django_commands

PASSWORD = "MAILSINK_SETUP_PASSWORD"  # noqa: S105  the name of a variable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("setup")(setup)


def setup(
    name: Annotated[
        str,
        typer.Option(envvar="MAILSINK_SETUP_NAME", help="The name to sign in with."),
    ] = "",
    password_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file whose first line is the password, instead of a prompt.",
        ),
    ] = None,
) -> None:
    """Make an administrator: once there is one, reading anything requires a sign-in.

    It writes to the database of MAILSINK_DATA or MAILSINK_DATABASE_URL, even while
    Mailsink runs. Without a file, MAILSINK_SETUP_PASSWORD may hold the password.
    """
    name = name or typer.prompt("Name", default="admin")
    password = _password(password_file)
    sys.stdin = io.StringIO(f"{password}\n")  # no argument, which others could see
    django_commands.run(["mailsink", "make_administrator", "--", name])


def _password(file: Path | None) -> str:
    if file is not None:
        lines = file.read_text(encoding="utf-8").splitlines()
        return lines[0] if lines else ""
    if given := os.environ.pop(PASSWORD, ""):
        return given
    words = "Password (at least 10 characters)"
    asked: str = typer.prompt(words, hide_input=True, confirmation_prompt=True)
    return asked
