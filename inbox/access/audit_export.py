"""The audit log as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from inbox.models import AuditEntry
from mailsink.text import normalized

# beginnings that spreadsheets would run as formulas
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def shape(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry in the form of API v3."""
    return {
        "id": str(entry.pk),
        "at": f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
        "caller": entry.caller,
        "user": entry.user_name,
        "token": str(entry.token_id) if entry.token_id else None,
        "address": entry.address,
        "kind": entry.kind,
        "inbox": entry.inbox_slug or None,
        "object": entry.object,
        "details": entry.details,
    }


def as_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Yield each entry as a line of JSON."""
    for each in entries:
        yield json.dumps(shape(each)) + "\n"


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Yield a header and the entries as CSV (RFC 4180), without formulas in cells."""
    heading = True
    for each in entries:
        row = shape(each)
        if heading:
            yield _row(list(row))
            heading = False
        yield _row([_harmless(value) for value in row.values()])


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _harmless(value: object) -> str:
    text = "" if value is None else str(value)
    # Some spreadsheets treat a full-width "=" (U+FF1D) as "=".
    is_formula = normalized("NFKC", text[:1]).startswith(_FORMULA)
    return f"'{text}" if is_formula else text
