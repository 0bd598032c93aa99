"""Restores requests as their clients made them, before any proxy changed them.

A proxy may remove the path that Mailsink is served at, or leave it; it may be the
client of our connection, but not of the request. After this layer, paths are Mailsink's
own, and root_path is the prefix of every address that a browser gets.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mailsink.public_urls import public_path
from mailsink.smtp.profile import Network
from mailsink.web.request_rules import header

_SECURE = {"http": "https", "ws": "wss"}
_PLAIN = {secure: plain for plain, secure in _SECURE.items()}
# The key of a scope for the Host that a proxy sent, next to the Host of its client
SENT_HOST = "mailsink.sent_host"


@dataclass(frozen=True, slots=True)
class Front:
    """The proxies in front of this server, from the settings.

    path: that Mailsink is served at, without a slash at the end; "" for the root
    proxies: the networks whose X-Forwarded-For, -Proto, -Host and -Prefix are trusted
    """

    path: str = ""
    proxies: tuple[Network, ...] = ()

    def seen(self, scope: Any) -> dict[str, Any]:
        """Return an ASGI scope as its client made the request.

        Its path begins after root_path; it is "" for root_path itself.
        """
        scope = dict(scope)
        root = self._believe(scope) or self.path
        path = scope["path"]
        if root and (path == root or path.startswith(f"{root}/")):
            path = path[len(root) :]
        return {**scope, "path": path, "root_path": root}

    def _believe(self, scope: dict[str, Any]) -> str:
        """Apply the fields of a trusted proxy; return the path that it names, or ""."""
        client = scope.get("client")
        if not self.proxies or not client or not self._trusts(client[0]):
            return ""
        headers = scope["headers"]
        if found := self._client(header(headers, b"x-forwarded-for")):
            scope["client"] = [found, 0]
        scope["scheme"] = _scheme(scope, _last(headers, b"x-forwarded-proto").lower())
        if host := _last(headers, b"x-forwarded-host"):
            scope[SENT_HOST] = header(headers, b"host")
            others = [pair for pair in headers if pair[0] != b"host"]
            scope["headers"] = [*others, (b"host", host.encode("latin-1"))]
        try:
            return public_path(_last(headers, b"x-forwarded-prefix"))
        except ValueError:
            return ""

    def _client(self, forwarded: str) -> str:
        """Return the last of these addresses that is no trusted proxy, or ""."""
        found = ""
        for each in reversed(forwarded.split(",")):
            if (address := _address(each.strip())) is None:
                break
            found = address
            if not self._trusts(found):
                break
        return found

    def _trusts(self, host: str) -> bool:
        return _is_within(self.proxies, host)


@lru_cache(maxsize=1024)
def _is_within(networks: tuple[Network, ...], host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)


def _address(text: str) -> str | None:
    """Return an address of X-Forwarded-For, to which some proxies add a port.

    The zone (RFC 4007 §11) is dropped: it can be any text, and is local to the proxy.
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def _last(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    """Return the nearest proxy's value: the client may have sent the earlier ones."""
    return header(headers, name).rpartition(",")[2].strip()


def _scheme(scope: dict[str, Any], proto: str) -> str:
    """Return the scheme from a proxy, or the scope's; for a websocket, ws or wss."""
    is_socket = scope["type"] == "websocket"
    given = scope.get("scheme") or ("ws" if is_socket else "http")
    plain = _PLAIN.get(given, given)
    if proto in _SECURE.values():
        return _SECURE.get(plain, given)
    return plain if proto in _PLAIN.values() else str(given)
