"""The addresses at which an application reaches our SMTP listeners."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses of the SMTP listeners, and the values for a client's settings."""

    addresses: tuple[str, ...]  # as bound: "127.0.0.1:1025"
    host: str  # for a client on this machine
    port: int
    # only clients on this machine can connect, not even those in containers
    loopback: bool

    @property
    def authority(self) -> str:
        """Host and port in URL form: "127.0.0.1:1025", "[::1]:1025"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def bind_all(self) -> str:
        """The value of MAILSINK_SMTP that admits containers."""
        return f"0.0.0.0:{self.port}"


def reach(addresses: list[str]) -> Reach | None:
    """Return how to reach these listeners; None if there are none (SMTP is off)."""
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
