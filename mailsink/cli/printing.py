"""Prints for people, in tables and colours where it is a terminal, and JSON for programs."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False, soft_wrap=True)
# Mail is written by strangers: nothing of it may command the terminal.
_COMMANDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """Return a text without what a terminal would take for a command."""
    return _COMMANDING.sub("\N{REPLACEMENT CHARACTER}", str(text))


def as_json(shape: Any) -> None:
    """Print a shape as JSON."""
    print(json.dumps(shape, ensure_ascii=True, indent=2))


def say(text: object, style: str = "") -> None:
    """Print a line."""
    console.print(Text(plain(text), style=style))


def table(*columns: str) -> Table:
    """Return a table of these columns, without lines."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def add_row(to: Table, *cells: object) -> None:
    """Add a row of texts."""
    to.add_row(*(Text(plain(cell)) for cell in cells))


def local(stamp: str) -> str:
    """Return a time of the API as a clock here has it: "14:05:09"."""
    return datetime.fromisoformat(stamp).astimezone().strftime("%H:%M:%S")


def style_of(code: int | None) -> str:
    """Return the colour of a reply."""
    if code is None:
        return "dim"
    return "green" if code < 400 else "yellow" if code < 500 else "red"
