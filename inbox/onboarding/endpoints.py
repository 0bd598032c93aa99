"""Where an application reaches our SMTP listeners from, by the bound addresses."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses SMTP listens on, and what to write into a client's settings."""

    addresses: tuple[str, ...]  # as bound: "127.0.0.1:1025"
    host: str  # for a client on this machine
    port: int
    loopback: bool  # nothing outside this machine, no container either, gets through

    @property
    def authority(self) -> str:
        """Host and port as a URL has them: "127.0.0.1:1025", "[::1]:1025"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def bind_all(self) -> str:
        """The value of MAILSINK_SMTP which lets containers in."""
        return f"0.0.0.0:{self.port}"


def reach(addresses: list[str]) -> Reach | None:
    """Return where to reach these listeners; None where there is none (SMTP is off)."""
    if not addresses:
        return None
    bound = [_parse(address) for address in addresses]
    host, port = next(((h, p) for h, p in bound if h.version == 4), bound[0])
    if host.is_unspecified:
        here = "127.0.0.1" if host.version == 4 else "::1"
    else:
        here = str(host)
    loopback = all(each.is_loopback for each, _ in bound)
    return Reach(tuple(addresses), here, port, loopback)


def _parse(
    address: str,
) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    host, _, port = address.rpartition(":")
    return ipaddress.ip_address(host.strip("[]").partition("%")[0]), int(port)
