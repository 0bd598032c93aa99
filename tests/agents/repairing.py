"""Repairs a program by what the tools answer, knowing neither its name nor its fault.

Goal and credentials are what a person would give: mail has to reach an address, and the
shop has a login. Each step runs the program, asks the tools, and applies the change that
belongs to the first thing they complain of.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mcp import Client

from tests.agents.asked import ask
from tests.running import Mailsink

WANTED = "customer@shop.test"
LOGIN = ('"shop"', '"opensesame"')
_STEPS = 5

Edit = Callable[[str, str], str]  # source, words of the tool → source
Complaint = tuple[str, str]  # its sign, and the words of the tool


async def repaired(
    source: str, file: Path, server: Mailsink, agent: Client
) -> list[str]:
    """Repair the source of a program; return the signs that were followed.

    file: where the program is put to be run
    """
    followed: list[str] = []
    for _ in range(_STEPS):
        before = await ask(agent, "search", limit=1)
        run(source, file, server)
        complaints = await complaints_of(agent, before)
        known = [each for each in complaints if each[0] in EDITS]
        if not known:
            assert not complaints, complaints
            return followed
        sign, words = known[0]
        followed.append(sign)
        changed = EDITS[sign](source, words)
        assert changed != source, f"{sign} changed nothing"
        source = changed
    raise AssertionError(f"it is not repaired: {followed}")


def run(source: str, file: Path, server: Mailsink) -> None:
    """Run a program to its end, whatever that is."""
    file.write_text(source)
    host, port = server.smtp
    subprocess.run(
        [sys.executable, str(file), host, str(port)], capture_output=True, timeout=120
    )


async def complaints_of(agent: Client, before: dict[str, Any]) -> list[Complaint]:
    """Ask whether the mail came, then why not, or what is wrong with it."""
    after = before["mail"][0]["id"] if before["mail"] else ""
    came = await ask(agent, "wait_for_email", to=WANTED, after=after, timeout=0.5)
    if came["found"]:
        found = await ask(agent, "findings", message=came["id"])
        return [(each["kind"], each["fix"]) for each in found["findings"]]
    session = await ask(agent, "explain_session")
    refusals = session["refusals"] or [
        (await ask(agent, "why_refused", address=WANTED))["refusal"]
    ]
    return [*_refused(refusals), *_elsewhere(came["why"])]


def _refused(refusals: list[dict[str, Any] | None]) -> Iterator[Complaint]:
    for each in filter(None, refusals):
        for words in (*each["fix"], *each["means"]):
            for sign in SENTENCES:
                if sign in words:
                    yield sign, words


def _elsewhere(why: str) -> Iterator[Complaint]:
    if "nearest: " in why:
        yield "nearest: ", why


def after_line(having: str, line: str) -> Edit:
    """Return an edit that puts a line behind the first one that has a text."""
    return lambda source, _: re.sub(
        rf"(?m)^(.*{re.escape(having)}.*\n)", rf"\1{line}\n", source, count=1
    )


def with_field(line: str, name: str) -> Edit:
    """Return an edit that gives the message a field, and imports what makes its value."""
    put = after_line("= EmailMessage()", line)
    imported = after_line("import EmailMessage", f"from email.utils import {name}")
    return lambda source, words: put(imported(source, words), words)


def replaced(pattern: str, by: str) -> Edit:
    """Return an edit that replaces what a pattern finds."""
    return lambda source, _: re.sub(pattern, by, source)


def _to_the_wanted(source: str, why: str) -> str:
    wrong = re.search(r"nearest: (\S+@[\w.-]+\w)", why)
    return source.replace(wrong[1], WANTED) if wrong else source


def _again(source: str, _words: str) -> str:
    """Let what is sent be sent again, as often as a queue would soon."""
    head, opened, rest = source.partition("with smtplib.SMTP(")
    block = "".join(f"        {line}\n" for line in f"{opened}{rest}".splitlines())
    again = (
        "        break\n    except smtplib.SMTPRecipientsRefused:\n        continue\n"
    )
    return f"{head}for _attempt in range(3):\n    try:\n{block}{again}"


# Sentences of refusals, and kinds of findings and checks; each with what to change.
SENTENCES = {
    "Send less": replaced(r"message\.add_attachment\(.*\n", ""),
    "Use a user name and password": replaced(
        r"login\(.*\)", f"login({', '.join(LOGIN)})"
    ),
    "tries again later": _again,
}
EDITS: dict[str, Edit] = {
    **SENTENCES,
    "nearest: ": _to_the_wanted,
    "missing_date": with_field('message["Date"] = localtime()', "localtime"),
    "missing_message_id": with_field(
        'message["Message-ID"] = make_msgid(domain="shop.example.net")', "make_msgid"
    ),
    "bare_lf_data": replaced(
        r"as_bytes\(\)", r'as_bytes(policy=message.policy.clone(linesep="\\r\\n"))'
    ),
    "hello_underscore": replaced(
        r'local_hostname="[^"]*"', 'local_hostname="worker.shop.test"'
    ),
    "placeholder": replaced(r"\{\{ name \}\}", "Ann"),
    "local_link": replaced(r"http://localhost:\d+", "https://shop.tld"),
    "no_text_part": replaced(
        r"message\.set_content\(html, subtype=\"html\"\)",
        'message.set_content("Your order is on its way.")\n'
        'message.add_alternative(html, subtype="html")',
    ),
    "bcc_header": after_line('message["Bcc"]', 'del message["Bcc"]'),
}
