"""Binds the requested addresses before any server starts."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mailsink.conf import ConfigError
from mailsink.values import ListenAddress

# Errors of bind() for an address that this machine does not have
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_BACKLOG = 512


# A server that listens on all addresses is reached on these.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  named, not bound
_FIRST_HANDED_OVER = 3  # descriptor
Where = tuple[int, str, int]  # family, host, port
_handed_over: dict[Where, socket.socket] = {}


def take_over(number: int) -> None:
    """Let bind() use sockets that systemd holds (sd_listen_fds(3)), by their address.

    They listen even while no process accepts connections, so that none is refused
    during a restart.
    """
    for descriptor in range(_FIRST_HANDED_OVER, _FIRST_HANDED_OVER + number):
        found = socket.socket(fileno=descriptor)
        found.set_inheritable(False)
        found.setblocking(False)
        _handed_over[_where(found.family, found.getsockname())] = found


def check_handed_over() -> None:
    """Raise ConfigError if systemd holds a socket that no setting uses."""
    if _handed_over:
        addresses = ", ".join(address_of(each) for each in _handed_over.values())
        raise ConfigError(
            f"systemd hands over {addresses}, where no setting listens: let mailsink.socket "
            "and the settings name the same addresses"
        )


def _where(family: int, name: tuple[Any, ...]) -> Where:
    return family, str(name[0]), int(name[1])


def bind(addresses: Iterable[ListenAddress], setting: str) -> list[socket.socket]:
    """Return a listening socket for each address; a name may have several.

    setting: the variable with the addresses, for the ConfigError if one cannot be bound
    """
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sockets += _bind_all(address)
    except (OSError, UnicodeError) as error:  # UnicodeError: no valid host name
        for each in sockets:
            each.close()
        raise ConfigError(f"{setting}: {_reason(address, error)}") from None
    return sockets


def bind_again(bound: socket.socket) -> socket.socket:
    """Return a socket for another process, on the address of a socket from share().

    The system spreads the connections over all of them (SO_REUSEPORT). Raises
    ConfigError.
    """
    return _shared(bound.family, bound.getsockname())


def let_rest(bound: socket.socket) -> socket.socket:
    """Close a socket; return one in its place that does not listen yet.

    Until it listens, the system gives its connections to the other sockets from
    bind_again(). If that fails, the same socket is returned.
    """
    try:
        resting = _bind(bound.family, bound.getsockname(), shared=True, listening=False)
    except OSError:
        return bound
    bound.close()
    return resting


def share(bound: socket.socket) -> socket.socket:
    """Close a socket; return one in its place whose address other sockets may share.

    The first socket owned the address alone, so no other server listens there. Raises
    ConfigError if another took the address in between.
    """
    family, where = bound.family, bound.getsockname()
    bound.close()
    return _shared(family, where)


def _shared(family: int, where: tuple[object, ...]) -> socket.socket:
    host, port = where[:2]
    try:
        return _bind(family, where, shared=True)
    except OSError as error:
        raise ConfigError(
            _reason(ListenAddress(str(host), int(str(port))), error)
        ) from None


def _bind_all(address: ListenAddress) -> list[socket.socket]:
    sockets = []
    missing: OSError | None = None
    found = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    for family, _, _, _, where in found:
        try:
            sockets.append(_bind(family, where))
        except OSError as error:
            if error.errno not in _NO_SUCH_ADDRESS:
                for each in sockets:
                    each.close()
                raise
            missing = error
    if missing and not sockets and not address.optional:
        raise missing
    return sockets


def _bind(
    family: int, where: tuple[Any, ...], shared: bool = False, listening: bool = True
) -> socket.socket:
    if found := _handed_over.pop(_where(family, where), None):
        return found
    # IPPROTO_TCP lets asyncio recognise TCP and switch off Nagle's algorithm, which
    # would delay a second reply, or the greeting after a TLS handshake, by 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:  # [::] and 0.0.0.0 can be bound together
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(where)
        if listening:
            bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def _reason(address: ListenAddress, error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return f"{address.host!r} is not an address of this machine (it is not a host name)"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{address} is in use: another Mailsink, or another server, listens there"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{address} is not allowed: a port below 1024 belongs to root"
    if isinstance(error, socket.gaierror):
        return f"{address.host!r} is not an address of this machine ({error.strerror})"
    if error.errno in _NO_SUCH_ADDRESS:
        return f"{address.host} is not an address of this machine"
    return f"{address} cannot be listened on: {os.strerror(error.errno or 0)}"


def address_of(bound: socket.socket) -> str:
    """Return the address of a socket: "127.0.0.1:1025" or "[::1]:1025"."""
    host, port = bound.getsockname()[:2]
    return str(ListenAddress(host, port))


def is_public(bound: socket.socket) -> bool:
    """Whether other machines can reach a socket."""
    host = bound.getsockname()[0]
    return not ipaddress.ip_address(host.partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True)
class WebPorts:
    """The sockets of the pages and the API: for plain HTTP, and for HTTPS."""

    http: Sequence[socket.socket] = ()
    https: Sequence[socket.socket] = ()

    @property
    def sockets(self) -> list[socket.socket]:
        return [*self.http, *self.https]

    def urls(self) -> list[str]:
        """Return the URL of each socket: "http://127.0.0.1:8025"."""
        plain = [f"http://{address_of(each)}" for each in self.http]
        return [*plain, *(f"https://{address_of(each)}" for each in self.https)]

    def own_url(self) -> str:
        """Return the URL of the pages on this machine; "" if there are none.

        It has https if there is an HTTPS port.
        """
        if not self.sockets:
            return ""
        first = next(iter(self.https or self.http))
        host, port = first.getsockname()[:2]
        scheme = "https" if self.https else "http"
        return f"{scheme}://{ListenAddress(_HERE.get(host, host), port)}"
