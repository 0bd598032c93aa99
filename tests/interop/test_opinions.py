"""Independent readers as a second opinion: postal-mime, mailparser, mail-parser (Rust).

Each of sixty messages is read by all; where one of them reads it in another way than
Mailsink does, the difference is listed here with its reason. tools/programs gets them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailsink.mime import headers
from mailsink.mime.mails import ParsedMessage
from tests.interop.clients import run
from tests.interop.opinions.mails import MAILS
from tests.programs import program

_HERE = Path(__file__).parent / "opinions"
_TARGET = Path(__file__).resolve().parents[2] / ".cache" / "read-mail"
_TIME_LIMIT = 600  # seconds, for the first build on a slow machine

POSTAL, NODE, RUST = "postal-mime", "mailparser", "mail-parser"
# (message, reader, what): why it is not read as Mailsink reads it
DIFFERENCES = {
    ("subject-split-character", RUST, "subject"): "decodes each word alone; other programs join them",
    ("to-comments", POSTAL, "to"): "leaves comments in the address (RFC 5322 A.5)",
    ("to-comments", NODE, "to"): "leaves comments in the address (RFC 5322 A.5)",
    ("to-comments", RUST, "to"): "takes comments into the name",
    ("to-blanks", POSTAL, "to"): "leaves blanks in the address (RFC 5322 §4.4)",
    ("to-blanks", NODE, "to"): "leaves blanks in the address (RFC 5322 §4.4)",
    ("to-blanks", RUST, "to"): "leaves blanks in the address (RFC 5322 §4.4)",
    ("to-route", POSTAL, "to"): "leaves the route in the address (RFC 5322 §4.4)",
    ("to-route", NODE, "to"): "leaves the route in the address (RFC 5322 §4.4)",
    ("to-route", RUST, "to"): "leaves the route in the address (RFC 5322 §4.4)",
    ("to-open-quote", POSTAL, "to"): "lets an open quote take in two people",
    ("to-open-quote", NODE, "to"): "lets an open quote take in two people",
    ("to-open-quote", RUST, "to"): "lets an open quote take in two people",
    ("to-stray-bracket", POSTAL, "to"): "lets an open bracket take in two people",
    ("to-stray-bracket", NODE, "to"): "lets an open bracket take in two people",
    ("to-stray-bracket", RUST, "to"): "lets an open bracket take in two people",
    ("to-quoted-local", POSTAL, "to"): "drops quotes that belong to the address (RFC 5322 §3.4.1)",
    ("to-quoted-local", NODE, "to"): "drops quotes that belong to the address (RFC 5322 §3.4.1)",
    ("to-quoted-local", RUST, "to"): "takes a quoted local part for a name",
    ("date-pm", RUST, "date"): "does not read PM",
    ("date-asctime", RUST, "date"): "reads no dates of C",
    ("date-month-first", RUST, "date"): "reads no month before the day",
    ("date-est", RUST, "date"): "does not read EST (RFC 5322 §4.3)",
    ("date-iso", RUST, "date"): "reads no dates of ISO 8601",
    ("date-no-plus", POSTAL, "date"): "drops an offset without its sign",
    ("date-no-plus", NODE, "date"): "drops an offset without its sign",
    ("date-nonsense", NODE, "date"): "takes the time of now for a date that is none",
    ("text-flowed", RUST, "text"): "does not read format=flowed",
    ("text-delsp", RUST, "text"): "does not read format=flowed",
    ("text-flowed-quote", POSTAL, "text"): "joins quote marks into the line (RFC 3676 §4.5)",
    ("text-flowed-quote", NODE, "text"): "joins quote marks into the line (RFC 3676 §4.5)",
    ("text-flowed-quote", RUST, "text"): "does not read format=flowed",
    ("mixed-text-html", POSTAL, "text"): "sets parts apart by empty lines",
    ("two-texts", POSTAL, "text"): "sets parts apart by an empty line",
    ("blanks-in-type", POSTAL, "text"): "takes a type with blanks for a file (RFC 822 §3.1.4)",
    ("blanks-in-type", POSTAL, "attachments"): "takes a type with blanks for a file (RFC 822 §3.1.4)",
    ("blanks-in-type", NODE, "text"): "takes a type with blanks for a file (RFC 822 §3.1.4)",
    ("blanks-in-type", NODE, "attachments"): "takes a type with blanks for a file (RFC 822 §3.1.4)",
    ("enclosed", POSTAL, "text"): "puts the enclosed message into the text",
    ("enclosed", POSTAL, "attachments"): "puts the enclosed message into the text",
    ("file-sections", POSTAL, "attachments"): "drops the blank at the end of a quoted section",
    ("file-sections", NODE, "attachments"): "drops the blank at the end of a quoted section",
    ("file-2047-in-2231", RUST, "attachments"): "keeps the blank between two encoded words (RFC 2047 §6.2)",
}  # fmt: skip


@pytest.fixture(scope="module")
def opinions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each reader says of each message."""
    folder = tmp_path_factory.mktemp("mails")
    for name, octets in MAILS.items():
        (folder / name).write_bytes(octets)
    script = str(_HERE / "node" / "read.js")
    told: dict[str, dict[str, Any]] = json.loads(
        run(program("node", "nodejs"), script, str(folder))
    )
    of_rust = json.loads(subprocess.check_output([_built(), str(folder)]))
    return {name: told[name] | {RUST: of_rust[name]} for name in MAILS}


def _built() -> str:
    """Return the path of the program in Rust, built."""
    command = [program("cargo", "cargo"), "build", "--locked", "--quiet"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(_TARGET)}
    subprocess.run(
        command, cwd=_HERE / "rust", env=environment, check=True, timeout=_TIME_LIMIT
    )
    return str(_TARGET / "debug" / "read-mail")


def _ours(octets: bytes) -> dict[str, Any]:
    mail, summary = ParsedMessage(lambda: octets), headers.summary(octets)
    return {
        "subject": summary.subject,
        "from": [[summary.from_name, summary.from_address]],
        "to": [[each["name"], each["address"]] for each in summary.to],
        "date": summary.date and summary.date.isoformat()[:19],
        "text": mail.text,
        "attachments": [each.filename for each in mail.reading.attachments],
    }


def _comparable(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told without what means nothing: blanks at the ends of lines."""
    lines = (line.rstrip() for line in told["text"].strip().splitlines())
    date = told["date"]
    if isinstance(date, int):
        date = datetime.fromtimestamp(date, UTC).isoformat()[:19]
    return {**told, "text": "\n".join(lines), "date": date}


def test_there_are_sixty() -> None:
    assert len(MAILS) >= 60


@pytest.mark.parametrize("name", MAILS)
def test_readers_agree_but_for_what_is_listed(
    name: str, opinions: dict[str, dict[str, Any]]
) -> None:
    ours = _comparable(_ours(MAILS[name]))
    found = {
        (name, reader, what): (ours[what], value)
        for reader, told in opinions[name].items()
        for what, value in _comparable(told).items()
        if value != ours[what]
    }
    listed = {each for each in DIFFERENCES if each[0] == name}
    assert found.keys() == listed, found
