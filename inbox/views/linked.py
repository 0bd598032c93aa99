"""The panel of a letter's links and images: where they lead, by host."""

from __future__ import annotations

from dataclasses import dataclass, field

from inbox.services.reading import references
from inbox.services.reading.references import Counted
from inbox.views.letters import Letter

SHOWN = 500  # references in a page


@dataclass(slots=True)
class Host:
    name: str
    rows: list[Counted] = field(default_factory=list)


def view(letter: Letter) -> dict[str, object]:
    """Return what the panel is rendered with: the hosts, most used first."""
    found = references.found(letter.reading)
    hosts: dict[str, Host] = {}
    for each in found[:SHOWN]:
        name = each.reference.host
        hosts.setdefault(name, Host(name)).rows.append(each)
    ordered = sorted(hosts.values(), key=lambda host: (not host.name, -len(host.rows)))
    return {
        "hosts": ordered,
        "links": sum(1 for each in found if each.reference.kind == "link"),
        "images": sum(1 for each in found if each.reference.kind == "image"),
        "left_out": max(0, len(found) - SHOWN),
    }
