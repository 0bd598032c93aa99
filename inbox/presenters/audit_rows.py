"""Entries of the audit log, for their page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from inbox import pages
from inbox.access.audit_search import AuditFilter
from inbox.mailbox.paging import as_uuid
from inbox.models import AuditEntry

_PAGES = {"message": "message", "session": "session", "transaction": "transaction"}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry. url: of the page of its object; "" if there is none"""

    at: datetime
    who: str
    by: str
    kind: str
    inbox: str
    object: str
    url: str
    details: str


def audit_row(entry: AuditEntry) -> AuditRow:
    """Return an entry for its row."""
    page = _PAGES.get(entry.kind.partition(".")[0])
    url = pages.path(page, entry.object) if page and as_uuid(entry.object) else ""
    caller = _("by a token") if entry.caller == "token" else ""
    return AuditRow(
        at=entry.at,
        who=entry.user_name or entry.caller,
        by=" · ".join(each for each in (caller, entry.address) if each),
        kind=entry.kind,
        inbox=entry.inbox_slug,
        object=entry.object,
        url=url,
        details=entry.details,
    )


def query(by: AuditFilter, cursor: str = "") -> str:
    """Return the URL query for the same search, starting at a cursor."""
    given = {**asdict(by), "cursor": cursor}
    return urlencode({name: each for name, each in given.items() if each})
