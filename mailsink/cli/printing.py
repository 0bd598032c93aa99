"""Prints tables for people, with colours in a terminal, and JSON for programs."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailsink import terminal

console = Console(highlight=False, soft_wrap=True)
# Set if the output goes to the log of a job, which the job's runner reads
_CI = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")


def printed(text: object) -> str:
    """Return a stranger's text in a form that is safe to print."""
    in_job = any(os.environ.get(each) for each in _CI)
    return terminal.plain_for_ci(text) if in_job else terminal.plain(text)


def as_json(shape: Any) -> None:
    """Print a shape as JSON."""
    print(terminal.as_json(shape, indent=2))


def say(text: object, style: str = "") -> None:
    """Print a line."""
    console.print(Text(printed(text), style=style))


def complain(text: object) -> None:
    """Print why a command failed.

    The words may be a server's, or a stranger's file's.
    """
    print(f"mailsink: {printed(text)}", file=sys.stderr)


def as_it_came(of_mail: bytes) -> None:
    """Write octets unchanged; to a terminal as text, since some could control it."""
    if sys.stdout.isatty():
        print(terminal.octets(of_mail))
    else:
        sys.stdout.buffer.write(of_mail)


def table(*columns: str) -> Table:
    """Return a table of these columns, without lines."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def add_row(to: Table, *cells: object) -> None:
    """Add a row of texts."""
    to.add_row(*(Text(printed(cell)) for cell in cells))


def local(stamp: str) -> str:
    """Return a time of the API as local time: "14:05:09"."""
    return datetime.fromisoformat(stamp).astimezone().strftime("%H:%M:%S")


def style_of(code: int | None) -> str:
    """Return the colour of a reply."""
    if code is None:
        return "dim"
    return "green" if code < 400 else "yellow" if code < 500 else "red"
