"""`manage.py explain_reply`: explains a pasted reply, for `mailsink explain`; no server is needed."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox.insight import pasted_reply
from inbox.insight.pasted_reply import PastedReply
from inbox.presenters import provider_rows
from inbox.providers.provider_replies import ProviderReply
from inbox.serializers import Shape
from mailsink.terminal import as_json


class Command(BaseCommand):
    help = 'Explain a reply: explain_reply "421 4.7.28 Our system has detected …".'
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reply", help="the reply, as in a log or an exception")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, reply: str, **options: Any) -> None:
        found = pasted_reply.read(reply)
        if found is None:
            self.stderr.write("mailsink: there is no reply code in it, such as 421")
            sys.exit(1)
        if options["json"]:
            self.stdout.write(as_json(_shape(found), indent=2))
            return
        for line in found.meaning:
            self.stdout.write(line)
        if found.entries and not found.exact:
            self.stdout.write("\nProviders that send these codes:")
        for each in found.entries:
            for line in _lines(each):
                self.stdout.write(line)


def _lines(entry: ProviderReply) -> list[str]:
    row = provider_rows.row(entry)
    lines = ["", row.meaning, f"  {entry.line}", f"  {row.retry}"]
    if row.misleads:
        lines.append(f"  {row.misleads}")
    return [*lines, f"  Source: {row.source}, read {row.read}"]


def _shape(found: PastedReply) -> Shape:
    return {
        "code": found.code,
        "enhanced": found.enhanced,
        "text": found.text,
        "meaning": found.meaning,
        "exact": found.exact,
        "providers": [
            {
                "provider": each.provider,
                "reply": each.line,
                "meaning": each.meaning,
                "retry": each.retry,
                "misleads": each.misleads,
                "source": each.source,
                "read": str(each.read),
            }
            for each in found.entries
        ],
    }
