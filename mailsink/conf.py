"""The environment as one frozen Config: the only reader of os.environ.

`from_environment` reads every MAILSINK_ variable; what it cannot take it names in
a ConfigError of one line. `CONFIG` is this process's own, its data folder made.
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

T = TypeVar("T")
PREFIX = "MAILSINK_"
DEFAULT_SMTP = "127.0.0.1:1025,[::1]:1025"
DEFAULT_HTTP = "127.0.0.1:8025,[::1]:8025"
# what an address list takes, for messages
ADDRESSES = "ADDR:PORT (127.0.0.1:1025 or [::1]:1025), several by comma, or off"


class ConfigError(Exception):
    """A value cannot be taken; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 takes any free one."""

    host: str
    port: int
    # Left out quietly where the machine has no such address
    optional: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be configured; 0 means no limit."""

    smtp: tuple[Address, ...]  # none: off
    http: tuple[Address, ...]
    data: Path
    database_url: str
    redis_url: str  # "": in-memory layer
    secret_key: str = field(repr=False)
    max_message_size: int  # octets
    hostname: str
    public_url: str  # without a slash at its end; "": from the web address
    tls_cert: Path | None
    tls_key: Path | None
    allowed_hosts: tuple[str, ...]  # none: localhost, IP literals and the hostname
    insecure: bool
    retention_messages: int
    retention_sessions: int
    retention_days: int
    trash_hours: int
    bare_newlines: str  # flag, reject
    links: str  # errors, all, off
    # (user, password); none: any accepted
    smtp_auth: tuple[tuple[str, str], ...] = field(repr=False)
    warnings: tuple[str, ...] = ()  # lines to tell the user at a start

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")


def from_environment(environ: Mapping[str, str]) -> Config:
    """Return what the environment asks for; an empty variable is an unset one.

    Reads the files that NAME_FILE variables name, and makes nothing: secret_key is
    "" where one is still to be made. Raises ConfigError.
    """
    read = _Reader(environ)
    data = read.value("DATA", "data", "a folder", _path)
    config = Config(
        smtp=read.value("SMTP", DEFAULT_SMTP, ADDRESSES, addresses),
        http=read.value("HTTP", DEFAULT_HTTP, ADDRESSES, addresses),
        data=data,
        database_url=read.secret(
            "DATABASE_URL",
            f"sqlite:///{data}/mailsink.sqlite3",
            "postgresql://user:password@host/name or sqlite:////path/to/file",
            _database,
        ),
        redis_url=read.secret("REDIS_URL", "", "redis://host:6379/0", _redis),
        secret_key=read.secret("SECRET_KEY", "", "a long random text", str),
        max_message_size=read.value("MAX_MESSAGE_SIZE", "50M", _SIZE, _size),
        hostname=read.value(
            "HOSTNAME", socket.gethostname(), "a name like mail.example", _hostname
        ),
        public_url=read.value(
            "PUBLIC_URL", "", "a URL like https://mail.example", _public_url
        ),
        tls_cert=read.value("TLS_CERT", "", "a PEM file that can be read", _file),
        tls_key=read.value("TLS_KEY", "", "a PEM file that can be read", _file),
        allowed_hosts=read.value(
            "ALLOWED_HOSTS",
            "",
            "names like mail.example or *.example, by comma",
            _hosts,
        ),
        insecure=read.value("INSECURE", "no", "1 or 0, yes or no", _boolean),
        retention_messages=read.value("RETENTION_MESSAGES", "50000", _COUNT, _count),
        retention_sessions=read.value("RETENTION_SESSIONS", "50000", _COUNT, _count),
        retention_days=read.value("RETENTION_DAYS", "0", _COUNT, _count),
        trash_hours=read.value("TRASH_HOURS", "24", _COUNT, _count),
        bare_newlines=read.choice("SMTP_BARE_NEWLINES", "flag", "reject"),
        links=read.choice("SMTP_LINKS", "errors", "all", "off"),
        smtp_auth=read.secret(
            "SMTP_AUTH", "", "user:password, several by space or line", _logins
        ),
    )
    _check_together(config)
    return replace(config, warnings=read.warnings())


def _check_together(config: Config) -> None:
    if not config.uses_sqlite and not config.secret_key:
        raise ConfigError(
            "MAILSINK_SECRET_KEY (or MAILSINK_SECRET_KEY_FILE) is needed with another "
            "database than SQLite: a long random text, the same for every process"
        )
    if (config.tls_cert is None) != (config.tls_key is None):
        raise ConfigError("MAILSINK_TLS_CERT and MAILSINK_TLS_KEY need each other")


class _Reader:
    """Reads variables by their short names, and remembers which names there are."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.known: set[str] = set()

    def value(
        self, name: str, default: str, takes: str, parse: Callable[[str], T]
    ) -> T:
        """Return the variable parsed; parse raises ValueError for a bad one."""
        self.known.add(PREFIX + name)
        text = self.environ.get(PREFIX + name, "").strip() or default
        try:
            return parse(text)
        except ValueError:
            raise ConfigError(
                f"{PREFIX}{name} is {text!r}, but takes {takes}"
            ) from None

    def choice(self, name: str, *choices: str) -> str:
        """Return one of the choices; the first is the default."""
        takes = " or ".join(choices)
        return self.value(name, choices[0], takes, lambda text: _one_of(choices, text))

    def secret(
        self, name: str, default: str, takes: str, parse: Callable[[str], T]
    ) -> T:
        """Return the variable, or its NAME_FILE's content; errors do not show it."""
        name = PREFIX + name
        self.known |= {name, f"{name}_FILE"}
        text = self.environ.get(name, "").strip()
        if path := self.environ.get(f"{name}_FILE", "").strip():
            if text:
                raise ConfigError(f"{name} and {name}_FILE are both set; keep one")
            try:
                text = Path(path).read_text("utf-8").strip()
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "no text"
                raise ConfigError(
                    f"{name}_FILE is {path!r}, which cannot be read: {reason}"
                ) from None
        try:
            return parse(text or default)
        except ValueError:
            raise ConfigError(f"{name} takes {takes}") from None

    def warnings(self) -> tuple[str, ...]:
        unknown = sorted(
            name
            for name in self.environ
            if name.startswith(PREFIX) and name not in self.known
        )
        return tuple(self._unknown(name) for name in unknown)

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, sorted(self.known), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{name} is no variable of Mailsink's{hint}"


_SIZE = "octets, or a number with K, M or G (50M); 0 is no limit"
_COUNT = "a whole number; 0 is no limit"
_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)


def addresses(text: str) -> tuple[Address, ...]:
    """Return where to listen: `host:port` or `[v6]:port` by comma, none for `off`.

    Raises ValueError.
    """
    if text.lower() == "off":
        return ()
    optional = text in (DEFAULT_SMTP, DEFAULT_HTTP)
    return tuple(_address(part.strip(), optional) for part in text.split(","))


def _address(text: str, optional: bool) -> Address:
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not host or not colon or (":" in host) != bracketed:
        raise ValueError(text)
    return Address(host, _within(port, 65535), optional and bracketed)


def _within(digits: str, most: int) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise ValueError(digits)
    number = int(digits)
    if number > most:
        raise ValueError(digits)
    return number


def _count(text: str) -> int:
    return _within(text, 2**31 - 1)


def _size(text: str) -> int:
    shift = {"k": 10, "m": 20, "g": 30}.get(text[-1].lower(), 0)
    return _within(text[:-1] if shift else text, 2**40) << shift


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _one_of(choices: tuple[str, ...], text: str) -> str:
    if text.lower() not in choices:
        raise ValueError(text)
    return text.lower()


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _file(text: str) -> Path | None:
    if not text:
        return None
    path = _path(text)
    if not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError(text)
    return path


def _split(text: str, schemes: tuple[str, ...]) -> SplitResult:
    url = urlsplit(text)  # raises ValueError for a bad host
    if url.scheme not in schemes or url.port == 0:  # .port raises for a bad one
        raise ValueError(text)
    return url


def _database(text: str) -> str:
    url = _split(text, ("sqlite", "postgres", "postgresql"))
    if url.scheme == "sqlite" and (url.netloc or len(url.path) < 2):
        raise ValueError(text)  # in memory: each thread would have its own
    return text


def _redis(text: str) -> str:
    if text:
        _split(text, ("redis", "rediss", "unix"))
    return text


def _public_url(text: str) -> str:
    if not text:
        return ""
    url = _split(text, ("http", "https"))
    if not url.hostname or url.query or url.fragment or url.username is not None:
        raise ValueError(text)
    return text.rstrip("/")


def _hostname(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(text)
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        bare = name.removeprefix("*.").removeprefix(".")
        if name != "*" and not (_NAME.fullmatch(bare) or ":" in bare):
            raise ValueError(name)
    return names


def _logins(text: str) -> tuple[tuple[str, str], ...]:
    logins = [login.partition(":") for login in text.split()]
    if not all(user and colon for user, colon, _ in logins):
        raise ValueError
    return tuple((user, password) for user, _, password in logins)


def load(environ: Mapping[str, str]) -> Config:
    """Return the Config with its data folder made and its secret key kept there.

    Raises ConfigError.
    """
    config = from_environment(environ)
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = config.secret_key or _kept_secret(config.data / "secret-key")
    except OSError as error:
        raise ConfigError(
            f"MAILSINK_DATA is {str(config.data)!r}, which cannot be written: "
            f"{error.strerror}"
        ) from None
    return replace(config, secret_key=key)


def _kept_secret(path: Path) -> str:
    """Return the secret in the file, which is made if missing."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # whole or not at all, by the first of several
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _load_or_exit() -> Config:
    try:
        return load(os.environ)
    except ConfigError as error:
        # from any command, one line and no traceback
        sys.exit(f"mailsink: {error}")


CONFIG = _load_or_exit()
