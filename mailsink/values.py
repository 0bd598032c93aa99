"""The types of variables: each EnvType turns a text into a value, or raises ValueError."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Generic, Literal, TypeVar, cast, get_args
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from mailsink.smtp.profile import Network, Turn

T = TypeVar("T")
Word = TypeVar("Word", bound=str)

Dialect = Literal["mailpit", "mailhog"]
TlsVersion = Literal["1.0", "1.1", "1.2", "1.3"]

DEFAULT_SMTP = "127.0.0.1:1025,[::1]:1025"
DEFAULT_HTTP = "127.0.0.1:8025,[::1]:8025"


def default_addresses(local: str, everywhere: bool) -> str:
    """Return the default listen addresses: loopback, or every address."""
    if not everywhere:
        return local
    return local.replace("127.0.0.1", "0.0.0.0").replace("[::1]", "[::]")  # noqa: S104


_DEFAULTS = {
    default_addresses(each, everywhere)
    for each in (DEFAULT_SMTP, DEFAULT_HTTP)
    for everywhere in (False, True)
}

_YEARS = 100  # the longest time to keep anything


@dataclass(frozen=True, slots=True)
class EnvType(Generic[T]):
    """A kind of value. takes: its description, for the message about an invalid one."""

    takes: str
    parse: Callable[[str], T]


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on. Port 0 means any free port."""

    host: str
    port: int
    # Skipped silently if the machine has no such address
    optional: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def one_of(*choices: Word) -> EnvType[Word]:
    """Return the kind of value that is one of these words."""

    def parse(text: str) -> Word:
        for each in choices:
            if each == text.lower():
                return each
        raise ValueError(text)

    return EnvType(" or ".join(choices), parse)


def _addresses(text: str) -> tuple[ListenAddress, ...]:
    if text.lower() == "off":
        return ()
    optional = text in _DEFAULTS
    return tuple(_address(part.strip(), optional) for part in text.split(","))


def _address(text: str, optional: bool) -> ListenAddress:
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not host or not colon or (":" in host) != bracketed:
        raise ValueError(text)
    return ListenAddress(host, _number(port, 65535), optional and bracketed)


def _number(digits: str, most: int) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise ValueError(digits)
    if int(digits) > most:
        raise ValueError(digits)
    return int(digits)


def _counts(of: str, most: int) -> EnvType[int]:
    """Return the kind of value that is a number of something."""
    takes = f"a whole number{of} up to {most}; 0 is no limit"
    return EnvType(takes, lambda text: _number(text, most))


def _size(text: str) -> int:
    shift = {"k": 10, "m": 20, "g": 30}.get(text[-1].lower(), 0)
    return _number(text[:-1] if shift else text, 2**40) << shift


def _line(text: str) -> int:
    size = _size(text)
    if 0 < size < 512:  # every server must accept 512 (RFC 5321 §4.5.3.1.4)
        raise ValueError(text)
    return size


_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.lower()]


def _file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).absolute()
    if not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError(text)
    return path


def split(text: str, schemes: tuple[str, ...]) -> SplitResult:
    url = urlsplit(text)  # raises ValueError for a bad host
    if url.scheme not in schemes or url.port == 0:  # .port raises if invalid
        raise ValueError(text)
    host = unquote(url.hostname or "")
    if not host.startswith("/"):  # a folder with a socket
        host.encode("idna")  # like a look-up; its UnicodeError is a ValueError
    return url


_LONGEST_DATABASE = 63  # octets of a name in PostgreSQL
# Database options that are no texts, or that we set ourselves
_OF_DJANGO = {
    "autocommit", "conninfo", "context", "cursor_factory", "isolation_level", "pool",
    "row_factory",
}  # fmt: skip


def _database(text: str) -> str:
    url = split(text, ("sqlite", "postgres", "postgresql"))
    if url.scheme == "sqlite":
        if url.netloc or len(url.path) < 2:
            raise ValueError(text)  # in memory: each thread would have its own
        return text
    options, name = parse_qs(url.query), unquote(url.path[1:])
    if _OF_DJANGO & options.keys() or not (name.strip("/") or "service" in options):
        raise ValueError(text)
    if len(name) > _LONGEST_DATABASE or "\0" in unquote(text):
        raise ValueError(text)
    for each in chain.from_iterable(options.values()):
        if each.isdigit():
            int(each)  # raises ValueError for digits such as ²
    return text


def _redis(text: str) -> str:
    if text:
        split(text, ("redis", "rediss", "unix"))
    return text


_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_LONGEST_NAME = 254  # RFC 1035 §2.3.4, with a dot at its end
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE | re.ASCII)


def hostname(text: str) -> str:
    if len(text) > _LONGEST_NAME or not _NAME.fullmatch(text):
        raise ValueError(text)
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        bare = name.removeprefix("*").removeprefix(".")
        if name != "*" and not _NAME.fullmatch(bare):
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    return names


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(
        ipaddress.ip_network(each) for each in re.split(r"[\s,]+", text) if each
    )


def _turn(text: str) -> Turn:
    if text.lower() in ("off", "authenticated"):
        return cast(Turn, text.lower())
    return _networks(text)


_KEYWORD = re.compile(r"[A-Z0-9][A-Z0-9-]*")
_KIND = re.compile(r"[a-z0-9_]+")


def _dialects(text: str) -> tuple[Dialect, ...]:
    words = {each.strip() for each in text.lower().split(",")}
    if words == {"off"}:
        return ()
    known: tuple[Dialect, ...] = get_args(Dialect)
    if not words <= set(known):
        raise ValueError(text)
    return tuple(each for each in known if each in words)


def _keywords(text: str) -> frozenset[str]:
    words = frozenset(each for each in re.split(r"[\s,]+", text.upper()) if each)
    if not all(map(_KEYWORD.fullmatch, words)):
        raise ValueError(text)
    return words


def _kinds(text: str) -> tuple[str, ...]:
    words = [each for each in re.split(r"[\s,]+", text.lower()) if each]
    if not all(map(_KIND.fullmatch, words)):
        raise ValueError(text)
    return tuple(words)


def _logins(text: str) -> tuple[tuple[str, str], ...]:
    logins = [login.partition(":") for login in text.split()]
    if not all(user and colon for user, colon, _ in logins):
        raise ValueError
    return tuple((user, password) for user, _, password in logins)


ADDRESSES = EnvType(
    "ADDR:PORT (127.0.0.1:1025 or [::1]:1025), several by comma, or off", _addresses
)
BOOLEAN = EnvType("1 or 0, yes or no", _boolean)
COUNT = _counts("", 2**31 - 1)
# For times that are counted from now: dates have a limit.
DAYS = _counts(" of days", _YEARS * 365)
HOURS = _counts(" of hours", _YEARS * 365 * 24)
OPTIONAL_COUNT: EnvType[int | None] = EnvType(
    COUNT.takes, lambda text: COUNT.parse(text) if text else None
)
DATABASE = EnvType(
    "postgresql://user:password@host/name or sqlite:////path/to/file", _database
)
DIALECTS = EnvType("mailpit or mailhog, both by comma, or off", _dialects)
FILE = EnvType("a PEM file that can be read", _file)
FOLDER = EnvType("a folder", lambda text: Path(text).absolute())
HOSTNAME = EnvType("a name like mail.example", hostname)
HOSTS = EnvType("names like mail.example or *.example, by comma", _hosts)
KEYWORDS = EnvType(
    "names of extensions like CHUNKING or of mechanisms like CRAM-MD5, by comma",
    _keywords,
)
KINDS = EnvType("names of findings or checks like local_link, by comma", _kinds)
LINE = EnvType("512 bytes or more, or a number with K (12K); 0 is no limit", _line)
LOGINS = EnvType("user:password, several by space or line", _logins)
NETWORKS = EnvType("IP networks like 10.0.0.0/8 or ::1, by comma", _networks)
REDIS = EnvType("redis://host:6379/0", _redis)
SIZE = EnvType("bytes, or a number with K, M or G (50M); 0 is no limit", _size)
TEXT = EnvType("a text", str)
TLS_VERSION: EnvType[TlsVersion] = one_of("1.0", "1.1", "1.2", "1.3")
TURN = EnvType("off, authenticated, or IP networks by comma", _turn)
