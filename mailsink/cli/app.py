"""The commands of `mailsink`, tied together."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath

import typer

from mailsink import __version__
from mailsink.cli import (
    agent_command,
    bearer_token,
    finding,
    inbox_commands,
    mail_commands,
    mail_files,
    rule_commands,
    sending,
    serving,
    setting_up,
    tailing,
    token_commands,
    waiting,
)
from mailsink.cli.api_client import ApiFailure, AsJson
from mailsink.cli.printing import as_json, complain
from mailsink.cli.sendmail import sendmail

app = typer.Typer(
    name="mailsink",
    help="Catches the mail that an application sends, and shows what happened on the wire.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for group in (
    serving,
    setting_up,
    waiting,
    mail_commands,
    mail_files,
    finding,
    tailing,
    sending,
    rule_commands,
    inbox_commands,
    agent_command,
    token_commands,
):
    group.register(app)
bearer_token.let_sign_in(app)


@app.command()
def version(json: AsJson = False) -> None:
    """Print the version."""
    if json:
        as_json({"version": __version__})
    else:
        print(f"mailsink {__version__}")


@app.command(
    "sendmail",
    context_settings={
        "ignore_unknown_options": True,
        "allow_extra_args": True,
        "help_option_names": [],
    },
    add_help_option=False,
)
def sendmail_command(context: typer.Context) -> None:
    """Submit a message from standard input, like sendmail: for PHP, cron and others."""
    raise typer.Exit(sendmail(context.args))


def main() -> None:
    """Run the command that the arguments name; called as sendmail, act as sendmail."""
    if PurePath(sys.argv[0]).name in ("sendmail", "sendmail.exe"):
        sys.exit(sendmail(sys.argv[1:]))
    try:
        app(prog_name="mailsink")
    except ApiFailure as failure:
        complain(failure)
        sys.exit(failure.exit_code)
    except BrokenPipeError:
        # The reader has closed the pipe: Python would report it again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
