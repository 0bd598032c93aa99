"""The rate of mail with 1,000 rules that do not match, in turns with no rules.

A single server runs both, so that they have the same machine and the same database. The
order of the turns changes, and each turn begins once the previous turn's mail is
indexed.
"""

from __future__ import annotations

import json
import statistics
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.servers import load, rate, serving, until_idle
from bench.table import Row
from tests.running import Mailsink

_RULES = 1000
_ROUNDS = 6
_MESSAGES = 1000  # of 2 KB, on 20 connections

# Each kind of pattern; {} is the number of the rule.
_BY_ADDRESS = (
    ("rcpt", {"forward_path": "user{}@shop.test"}),
    ("rcpt", {"forward_path": "user{}*"}),
    ("rcpt", {"forward_path": "/^u(ser)?{}@/"}),
    ("mail", {"reverse_path": "*-{}@shop.test"}),
    ("helo", {"helo": "host{}.*"}),
    ("rcpt", {"client": "10.1.0.0/16", "forward_path": "*{}x*"}),
    ("any", {"verb": "NOOP"}),
    ("connect", {"client": "10.2.{}.0/24"}),
)
_BY_MESSAGE = (
    ("body", {"header": "Subject", "header_value": "*invoice {}*"}),
    ("body", {"header": "X-Number", "header_value": "{}"}),
    ("body", {"body": "pay {} now"}),
    ("body", {"body": "/number {}[0-9]x/"}),
)


def measure() -> list[Row]:
    """Return the rates with rules, as fractions of the rates without."""
    return [
        _compared("rules by address and name", _BY_ADDRESS),
        _compared("rules by the message", _BY_MESSAGE),
    ]


def _compared(what: str, kinds: tuple[tuple[str, dict[str, str]], ...]) -> Row:
    rates: dict[bool, list[float]] = {False: [], True: []}
    with serving() as mailsink, _ruled(mailsink, kinds):
        for number in range(_ROUNDS):
            for on in (False, True) if number % 2 else (True, False):
                mailsink.patch("inboxes/default", rules_on=on)
                until_idle(mailsink)
                client = load(mailsink.smtp, "--messages", str(_MESSAGES))
                rates[on].append(rate(client))
    part = statistics.median(rates[True]) / statistics.median(rates[False])
    return Row(f"rate beside 1,000 {what}", f"{part:.0%}", "at least 80%")


@contextmanager
def _ruled(
    mailsink: Mailsink, kinds: tuple[tuple[str, dict[str, str]], ...]
) -> Iterator[None]:
    """Add rules to a server, and remove them at the end."""
    rules: list[dict[str, Any]] = []
    for n in range(_RULES):
        stage, conditions = kinds[n % len(kinds)]
        filled = {
            name: each.replace("{}", str(n % 256)) for name, each in conditions.items()
        }
        rules.append({"stage": stage, "conditions": filled, "actions": {"code": 450}})
    request = urllib.request.Request(
        f"{mailsink.url}/api/v3/rules/import?replace=true",
        json.dumps({"mailsink_rules": 1, "rules": rules}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
    yield
