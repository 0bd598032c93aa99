"""The faults of a stored message, judged like strict mode does at its arrival."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from inbox.insight import mail_faults
from inbox.insight.mail_faults import Fault
from inbox.models import Exchange


def of_stored(
    octets: bytes, lines: Iterable[Exchange], ignored: Collection[str]
) -> list[Fault]:
    """Return the faults of a transaction's octets and lines.

    ignored: kinds that are no faults
    """
    flags = {
        flag
        for line in lines
        if line.verb in ("MAIL", "RCPT") or line.kind in ("body", "chunk")
        for flag in line.flags.split()
    }
    return mail_faults.find(octets, len(octets), flags, ignored)
