"""Findings from one line of a client: from its flags, and from the name after EHLO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from uuid import UUID

from inbox.explain.inputs import Linelike
from inbox.insight.findings.body_signs import BodySpot
from mailsink.smtp.protocol import grammar
from mailsink.smtp.protocol.events import FLAGS

HELLOS = ("EHLO", "HELO", "LHLO")
_SHOWN = 80  # characters of a line


@dataclass(frozen=True, slots=True)
class WirePlace:
    """A place of a finding.

    seq: of the exchange; octets: the offending ones, readable; offset: of the first one
    in the message, if they are in one
    """

    seq: int
    octets: str = ""
    offset: int | None = None


def flag_kind(flag: str, verb: str) -> str:
    """Return the kind of finding for a flag; most have the same name."""
    if flag == "underscore_domain" and verb in HELLOS:
        return "hello_underscore"
    return flag


def hello_kinds(line: str) -> Iterator[str]:
    """Yield the faults of the name after EHLO, HELO or LHLO."""
    name = line[4:].strip()
    if not name:
        yield "hello_without_name"
    elif _is_address(name):
        yield "hello_bare_address"
    elif kind := _broken(name):
        yield kind
    elif not any(each in name for each in "._["):
        yield "hello_not_qualified"


def places(
    rows: Sequence[Linelike],
    at: Mapping[str, int],
    bodies: Mapping[UUID, Sequence[BodySpot]],
) -> dict[str, list[WirePlace]]:
    """Return the places of each kind in these lines, in order.

    at: the seq of kinds about the whole session; bodies: the findings in the bodies, by
    transaction
    """
    found: dict[str, list[WirePlace]] = {}
    of_session: dict[int, list[str]] = {}
    for kind, seq in at.items():
        of_session.setdefault(seq, []).append(kind)
    for row in rows:
        for kind, place in _shown(row, bodies):
            found.setdefault(kind, []).append(place)
        for kind in of_session.get(row.seq, ()):
            found.setdefault(kind, []).append(WirePlace(row.seq, row.line[:_SHOWN]))
    return found


def ends_body(row: Linelike) -> bool:
    """Whether this line stands for the findings in a whole body."""
    last = row.kind == "chunk" and row.line.upper().endswith("LAST")
    return row.kind == "body" or last


def _shown(
    row: Linelike, bodies: Mapping[UUID, Sequence[BodySpot]]
) -> Iterator[tuple[str, WirePlace]]:
    spots = (
        {spot.kind: spot for spot in bodies.get(row.transaction_id, ())}
        if row.transaction_id
        else {}
    )
    for flag in row.flags.split():
        spot = spots.get(flag) if row.kind in ("body", "chunk") else None
        offset, octets = (
            (spot.offset, spot.octets) if spot else (None, _octets(row, flag))
        )
        yield flag_kind(flag, row.verb), WirePlace(row.seq, octets, offset)
    if row.verb in HELLOS:
        for kind in hello_kinds(row.line):
            yield kind, WirePlace(row.seq, row.line[:_SHOWN])
    if ends_body(row):
        for spot in spots.values():
            if spot.kind not in FLAGS:
                yield spot.kind, WirePlace(row.seq, spot.octets, spot.offset)


def _octets(row: Linelike, flag: str) -> str:
    if row.kind == "body":
        return ""
    line = row.line[:_SHOWN] + ("…" if len(row.line) > _SHOWN else "")
    return f"{line}\\x0a" if flag == "bare_lf_command" else line


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _broken(name: str) -> str:
    try:
        if not name.isascii():
            return "hello_bad_name"
        grammar.check_domain(name)
    except grammar.UnknownTag:
        return "unknown_literal"
    except grammar.BadSyntax:
        return "hello_bad_name"
    return ""
