"""Calls to web addresses: one try, bounded in time and size, to allowed addresses only.

A name is looked up when the connection is made, and the connection goes to an address
that was checked: it does not matter what the name stood for before, or will afterwards.
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

_SECONDS = 15.0  # for all of a try
_IDLE = 1.0  # seconds that a connection stays open for the next call
_CONNECTIONS = 20
_READ = 4096  # octets of a response that are read
_KEPT = 1000  # characters of it that are kept
_LOOKUPS = 4  # at a time; one that hangs has a thread for as long as the system lets it

Addresses = list[tuple[Any, ...]]  # as socket.getaddrinfo returns them
LookUp = Callable[[str, int], Awaitable[Addresses]]


class AddressRefused(OSError):
    """A name or an address leads to where nothing may be sent."""


@dataclass(frozen=True, slots=True)
class PostResult:
    """The result of a try. code: of the response; None: none came, and text says why"""

    code: int | None
    text: str
    took_ms: int
    retry_after: int | None = None  # seconds, if the server names them

    @property
    def is_success(self) -> bool:
        return self.code is not None and 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class HeadResult:
    """The answer to HEAD. code: of the response; None: none came, and text says why

    refused: the address is one that may not be called; location: where it redirects to
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
        """allowed: networks that may be called though they are not public;
        tls: whom to trust, the system's authorities if not given"""
        self._allowed = tuple(allowed)
        self._look_up = look_up or self._ask_system
        self._tls = tls
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_LOOKUPS, "webhook-dns")
        self._session: aiohttp.ClientSession | None = None
        self._clocks: set[asyncio.Timeout] = set()  # of the calls that are being made

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> PostResult:
        """Post a body once, and return what came of it; follows no redirect."""
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
        """Ask for the head of a page, and return what came of it; follows no redirect."""
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
        """End the calls that are being made, and close the connections."""
        for clock in self._clocks:
            clock.reschedule(0)
        if self._session is not None:
            await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _open(self) -> aiohttp.ClientSession:
        # Takes a third of a second, which others do not have to wait.
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
        """Look a name up; return what may be called. Raises AddressRefused."""
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
        """Return a socket for an address, right before it is connected to this address."""
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
            response.close()  # nobody reads the rest
        text = readable(octets[:_READ])
        return response.status, text, _seconds(response.headers.get("Retry-After", ""))


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _reason(error: Exception) -> str:
    """Return why no response came, in a sentence without the URL, which may be a secret."""
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
    """Return what an error of the library comes from."""
    cause: BaseException = getattr(error, "os_error", error)
    while not isinstance(cause, AddressRefused) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause


def _resolver(resolve: LookUp) -> Any:
    """Return a resolver as the library has them."""

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
    """Return aiohttp, imported when it is needed: most never call a webhook."""
    import aiohttp

    return aiohttp
