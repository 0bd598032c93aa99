"""Calls to web addresses: one try, bounded in time and size, to allowed addresses only.

A name is looked up when the connection is made, and the connection goes to an address
that was checked: earlier and later addresses of the name do not matter.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailsink.posting.address_rules import Network, refusal
from mailsink.text import readable

if TYPE_CHECKING:
    import aiohttp

_SECONDS = 15.0  # for a whole try
_IDLE = 1.0  # seconds that a connection stays open for the next call
_CONNECTIONS = 20
_READ = 4096  # octets of a response that are read
_KEPT = 1000  # characters of a response that are kept
_LOOKUPS = 4  # at a time; a hanging one keeps a thread until the system ends it

Addresses = list[tuple[Any, ...]]  # as socket.getaddrinfo returns them
LookUp = Callable[[str, int], Awaitable[Addresses]]


class AddressRefused(OSError):
    """A name or an address leads to a host that may not be called."""


@dataclass(frozen=True, slots=True)
class PostResult:
    """The result of a try.

    code: of the response; None: there is none, and text is the reason
    """

    code: int | None
    text: str
    took_ms: int
    retry_after: int | None = None  # seconds, if the server names them

    @property
    def is_success(self) -> bool:
        return self.code is not None and 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class HeadResult:
    """The answer to HEAD.

    code: of the response; None: there is none, and text is the reason
    refused: the address may not be called; location: the target of a redirect
    """

    code: int | None
    text: str = ""
    refused: bool = False
    location: str = ""


class Poster:
    """Makes calls on the event loop that it is first used on."""

    def __init__(
        self,
        allowed: Collection[Network] = (),
        look_up: LookUp | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        """allowed: networks that may be called although they are not public

        tls: the trusted authorities, by default the system's
        """
        self._allowed = tuple(allowed)
        self._look_up = look_up or self._ask_system
        self._tls = tls
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_LOOKUPS, "webhook-dns")
        self._session: aiohttp.ClientSession | None = None
        self._clocks: set[asyncio.Timeout] = set()  # of the calls under way

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> PostResult:
        """Post a body once, and return the result; follow no redirect."""
        session = self._session or await self._open()
        began = time.monotonic()
        code, retry_after = None, None
        try:
            async with asyncio.timeout(self._seconds) as clock:
                self._clocks.add(clock)
                code, text, retry_after = await _post(session, url, headers, body)
        except TimeoutError:
            text = f"No response within {self._seconds:g} seconds."
        except (OSError, ValueError, _library().ClientError) as error:
            text = _reason(error)
        finally:
            self._clocks.discard(clock)
        took = int((time.monotonic() - began) * 1000)
        return PostResult(code, text[:_KEPT], took, retry_after)

    async def head(self, url: str, headers: Mapping[str, str]) -> HeadResult:
        """Ask for the head of a page, and return the result; follow no redirect."""
        session = self._session or await self._open()
        try:
            async with asyncio.timeout(self._seconds):
                async with session.head(
                    url, headers=headers, allow_redirects=False
                ) as response:
                    location = response.headers.get("Location", "")
                    return HeadResult(response.status, location=location)
        except TimeoutError:
            return HeadResult(None, f"No response within {self._seconds:g} seconds.")
        except (OSError, ValueError, _library().ClientError) as error:
            refused = isinstance(_cause(error), AddressRefused)
            return HeadResult(None, _reason(error), refused)

    async def close(self) -> None:
        """End the calls under way, and close the connections."""
        for clock in self._clocks:
            clock.reschedule(0)
        if self._session is not None:
            await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _open(self) -> aiohttp.ClientSession:
        # The import takes a third of a second: do not let others wait for it.
        library = await asyncio.to_thread(_library)
        if self._session is None:
            connector = library.TCPConnector(
                resolver=_resolver(self._resolve),
                use_dns_cache=False,
                socket_factory=self._checked_socket,
                ssl=self._tls or True,
                limit=_CONNECTIONS,
                keepalive_timeout=_IDLE,
            )
            self._session = library.ClientSession(
                connector=connector,
                cookie_jar=library.DummyCookieJar(),
                timeout=library.ClientTimeout(total=self._seconds),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    async def _resolve(self, host: str, port: int) -> Addresses:
        """Look up a name; return the addresses to call. Raises AddressRefused."""
        found = await self._look_up(host, port)
        reasons = [refusal(each[4][0], self._allowed) for each in found]
        kept = [each for each, why in zip(found, reasons, strict=True) if not why]
        if not kept:
            why = next(filter(None, reasons), "no address")
            raise AddressRefused(f"{host} is {why}, which is not allowed")
        return kept

    async def _ask_system(self, host: str, port: int) -> Addresses:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads,
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM),
        )

    def _checked_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an address, checked right before the connect."""
        family, kind, protocol, _name, place = address
        if why := refusal(place[0], self._allowed):
            raise AddressRefused(f"{place[0]} is {why}, which is not allowed")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


async def _post(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, str, int | None]:
    from yarl import URL

    async with session.post(
        URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
    ) as response:
        octets = b""
        while len(octets) < _READ and (piece := await response.content.read(_READ)):
            octets += piece
        if not response.content.at_eof():
            response.close()  # the remaining octets are not read
        text = readable(octets[:_READ])
        return response.status, text, _seconds(response.headers.get("Retry-After", ""))


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _reason(error: Exception) -> str:
    """Return why there is no response, without the URL, which may be a secret."""
    cause = _cause(error)
    if isinstance(cause, AddressRefused):
        return f"{cause}."
    if isinstance(cause, ssl.SSLError):
        reason = getattr(cause, "verify_message", "") or cause.reason or "no TLS"
        return f"TLS failed: {reason}."
    if isinstance(cause, socket.gaierror):
        return "The name of the server cannot be found."
    if isinstance(cause, OSError) and cause.strerror:
        return f"No connection: {cause.strerror}."
    return f"The call failed: {type(error).__name__}."


def _cause(error: Exception) -> BaseException:
    """Return the cause of an error of the library."""
    cause: BaseException = getattr(error, "os_error", error)
    while not isinstance(cause, AddressRefused) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause


def _resolver(resolve: LookUp) -> Any:
    """Return a resolver in the form of the library."""

    class CheckedResolver(_library().abc.AbstractResolver):  # type: ignore[misc]
        async def resolve(
            self, host: str, port: int = 0, family: Any = socket.AF_UNSPEC
        ) -> list[dict[str, Any]]:
            return [
                {
                    "hostname": host, "host": place[0], "port": port, "family": family,
                    "proto": protocol, "flags": socket.AI_NUMERICHOST,
                }
                for family, _kind, protocol, _name, place in await resolve(host, port)
            ]  # fmt: skip

        async def close(self) -> None:
            pass

    return CheckedResolver()


def _library() -> Any:
    """Return aiohttp, imported only when needed: most servers never call a webhook."""
    import aiohttp

    return aiohttp
