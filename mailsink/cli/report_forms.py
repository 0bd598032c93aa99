"""Findings and checks as text, JSON, JUnit, Markdown, and annotations of GitHub Actions."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import quoteattr

from mailsink.cli.printing import as_json, say
from mailsink.terminal import plain, without_orders

_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
# Characters that XML 1.0 cannot hold, apart from controls (§2.2)
_NOT_XML = re.compile("[\ufffe\uffff]")
_GITHUB = {"error": "error", "warning": "warning", "info": "notice"}

Issues = list[dict[str, Any]]  # findings and checks, as the API has them


class ReportForm(StrEnum):
    """The form of a report."""

    text = "text"
    json = "json"
    junit = "junit"
    github = "github"
    markdown = "markdown"


def print_issues(issues: Issues, form: ReportForm = ReportForm.text) -> None:
    """Print a report of what is wrong."""
    _FORMS[form](issues)


def _as_text(issues: Issues) -> None:
    if not issues:
        say("No problems found.", "green")
    for each in issues:
        say(f"{each['severity']}: {each['title']}", _STYLES[each["severity"]])
        say(f"  {each['sentence']}")
        if each["fix"]:
            say(f"  Fix: {each['fix']}", "dim")


def _as_junit(issues: Issues) -> None:
    failures = sum(each["severity"] == "error" for each in issues)
    print('<?xml version="1.0" encoding="UTF-8"?>')
    print(f'<testsuite name="mailsink" tests="{len(issues)}" failures="{failures}">')
    for each in issues:
        name = _attribute(each["kind"])
        words = _attribute(f"{each['sentence']} {each['fix']}")
        inside = f"<failure message={words}/>" if each["severity"] == "error" else ""
        print(f'  <testcase classname="mailsink" name={name}>{inside}</testcase>')
    print("</testsuite>")


def _attribute(text: str) -> str:
    value = quoteattr(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", plain(text)))
    return without_orders(value, lambda each: f"&#{ord(each)};")


def _as_github(issues: Issues) -> None:
    """Print workflow commands of GitHub Actions, which shows them with the job."""
    for each in issues:
        words = f"{each['sentence']} {each['fix']}"
        print(
            f"::{_GITHUB[each['severity']]} title={_escaped(each['title'], ':,')}::"
            f"{_escaped(words)}"
        )


def _as_markdown(issues: Issues) -> None:
    """Print a table for the summary of a GitHub Actions job."""
    print("| severity | what is wrong | fix |\n| --- | --- | --- |")
    for each in issues:
        what = f"**{_cell(each['title'])}** {_cell(each['sentence'])}"
        print(f"| {each['severity']} | {what} | {_cell(each['fix'])} |")


def _cell(text: str) -> str:
    """Return a text escaped so that Markdown shows it unchanged."""
    marked = re.sub(r"([\\`*_{}\[\]<>()#+!|~-])", r"\\\1", plain(text))
    return " ".join(marked.split())


def _escaped(text: str, more: str = "") -> str:
    for each in f"%\r\n{more}":
        text = text.replace(each, f"%{ord(each):02X}")
    return plain(text)


_FORMS = {
    ReportForm.text: _as_text,
    ReportForm.json: as_json,
    ReportForm.junit: _as_junit,
    ReportForm.github: _as_github,
    ReportForm.markdown: _as_markdown,
}
