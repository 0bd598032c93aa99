"""The faults of a message, which strict mode refuses, and rules can check. Pure.

These are the findings and checks of level error about the message and its envelope.
Others are about the connection (its EHLO, TLS, pipelining), which many messages can
share.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from inbox import checks
from inbox.checks import CheckKind
from inbox.checks.sizes import TOO_LARGE
from inbox.insight.findings import body_signs, finding_kinds
from inbox.insight.findings.body_signs import BodySpot
from inbox.insight.findings.finding_kinds import FindingKind
from mailsink.mime import headers, structure

LARGEST = 2 * 1024 * 1024  # octets: the content of a larger message is not checked
# Flags of a message's own lines: MAIL, RCPT and the body.
_OF_MESSAGE = frozenset(
    "bare_lf_data bare_cr_data nul_octet smuggling_pattern long_line lenient_path "
    "lenient_domain unqualified_address unknown_literal".split()
)
_ALWAYS = frozenset(("missing_from", "missing_message_id", "repeated_field"))
# Every kind that a message can be refused for.
KINDS: dict[str, CheckKind | FindingKind] = {
    **{name: finding_kinds.KINDS[name] for name in sorted(_OF_MESSAGE | _ALWAYS)},
    **{name: kind for name, kind in checks.KINDS.items() if kind.severity == "error"},
}


class TookTooLong(Exception):
    """The time was over before the whole message had been checked."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of error in a message, with the first place of it.

    place: "HTML", "Text" or a header field's name, "" if unknown; line: in the place,
    from 1; snippet: as sent; count: how often the kind was found
    """

    kind: CheckKind | FindingKind
    place: str = ""
    line: int | None = None
    snippet: str = ""
    count: int = 1


def find(
    octets: bytes,
    size: int,
    flags: Collection[str] = (),
    ignored: Collection[str] = (),
    until: float = float("inf"),
) -> list[Fault]:
    """Return the faults of a message, those of octets and envelope first.

    octets: all of them, or the first LARGEST; size: of the whole message; flags: of its
    lines, from the engine; ignored: kinds that are no faults here; until: when to give
    up, in time.monotonic(). Raises TookTooLong.
    """

    def hurry() -> None:
        if time.monotonic() > until:
            raise TookTooLong

    found = [*_of_octets(octets, size, frozenset(flags) & _OF_MESSAGE)]
    hurry()
    if size <= LARGEST:
        results = checks.errors(octets, structure.parse(octets), hurry)
        found += (_of_check(each) for each in results)
    elif size > TOO_LARGE:
        found.append(Fault(checks.KINDS["too_large"]))
    return [each for each in found if each.kind.name not in ignored]


def _of_octets(octets: bytes, size: int, flags: frozenset[str]) -> Iterator[Fault]:
    """Yield the faults of header, octets and envelope."""
    spots = {each.kind: each for each in body_signs.examine(octets, size=size)}
    shown = flags | (_ALWAYS & spots.keys())
    if not _breaks_header(octets, spots.get("bare_lf_data")):
        # In a text it is the habit of a library (emailjs), and
        # MAILSINK_SMTP_BARE_NEWLINES can refuse it.
        shown -= {"bare_lf_data"}
    identifier = spots.get("missing_message_id")
    if identifier is not None and identifier.offset is None:
        # A submission server adds a missing one (RFC 6409 §8.3), so most libraries
        # leave it to that server; an empty one stays empty.
        shown -= {"missing_message_id"}
    for name in finding_kinds.KINDS:
        if name in shown:
            spot = spots.get(name)
            snippet = spot.octets if spot else ""
            yield Fault(finding_kinds.KINDS[name], snippet=snippet)


def _breaks_header(octets: bytes, spot: BodySpot | None) -> bool:
    """Whether the first place of a kind is in the header."""
    if spot is None or spot.offset is None:
        return False
    return spot.offset < headers.scan(octets).body


def _of_check(result: checks.Result) -> Fault:
    first = result.spots[0]
    snippet = first.snippet or first.words
    return Fault(result.kind, first.place, first.line, snippet, result.count)
