"""The environment as one frozen Config: the only reader of os.environ.

`from_environment` reads every MAILSINK_ variable, and raises a ConfigError of one line
for an invalid one. `CONFIG` is this process's Config; its data folder exists.
"""

from __future__ import annotations

import difflib
import errno
import importlib.util
import os
import re
import secrets
import socket
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar

from mailsink import (
    aliases,
    oidc_settings,
    public_urls,
    raw_urls,
    route_settings,
    values,
)
from mailsink.oidc_settings import OidcProvider
from mailsink.public_urls import PublicUrl
from mailsink.raw_urls import ObjectStore
from mailsink.route_settings import RouteFields
from mailsink.smtp.commands.extensions import EXTENSIONS
from mailsink.smtp.commands.sasl.mechanisms import MECHANISMS
from mailsink.smtp.listener_kinds import LISTENER_KINDS
from mailsink.smtp.profile import Network, Profile
from mailsink.values import Dialect, EnvType, ListenAddress, TlsVersion

T = TypeVar("T")
PREFIX = "MAILSINK_"
# The characters of a path that must be encoded in a URL; most others need not be.
_IN_URL = {ord(each): f"%{ord(each):02X}" for each in "%?#\t\n\r"}
_MOST_OF_A_SECRET = 1024 * 1024  # octets of the file that holds it
HIDEABLE = EXTENSIONS.keys() | MECHANISMS.keys()


class ConfigError(Exception):
    """A value is invalid; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Config:
    """All that can be configured; 0 means no limit."""

    listeners: Mapping[str, tuple[ListenAddress, ...]]  # by kind; none: off
    http: tuple[ListenAddress, ...]
    https: tuple[ListenAddress, ...]
    data: Path
    database_url: str
    redis_url: str  # "": in-memory layer
    raw_url: ObjectStore | None  # for large bodies; None: the data folder
    secret_key: str = field(repr=False)
    max_message_size: int  # octets
    hostname: str
    public_url: PublicUrl  # the address of the pages for browsers, as far as it is set
    trusted_proxies: tuple[Network, ...]  # whose X-Forwarded fields are trusted
    metrics_from: tuple[Network, ...]  # who may read /metrics
    allowed_origins: tuple[str, ...]  # whose pages may use the API and the websocket
    tls_cert: Path | None
    tls_key: Path | None
    tls_min: TlsVersion
    https_cert: Path | None  # None: as tls_cert
    https_key: Path | None
    allowed_hosts: tuple[str, ...]  # none: localhost, IP literals and the hostname
    # without a set address; all: host names of a local network are allowed, too
    listen: Literal["local", "all"]
    insecure: bool
    oidc: OidcProvider | None  # for signing in, in addition to passwords
    log: Literal["quiet", "text", "json"]  # quiet: only troubles, as text
    dialects: tuple[Dialect, ...]  # APIs of other mail sinks that are also served
    mcp: bool  # the tools for agents are at /mcp
    outgoing: Literal["auto", "yes", "no"]  # auto: unless the pages are public
    guard: bool  # the guard is always on
    strict: Literal["off", "report", "error"]
    strict_ignore: tuple[str, ...]  # kinds of findings and checks
    routes: Mapping[str, RouteFields] = field(repr=False)  # by name
    webhooks_private: tuple[Network, ...]  # not public, but may be called
    chromium: Path | None  # for pictures; None: the first that is found
    unsubscribe_private: tuple[Network, ...]  # where requests to unsubscribe may go
    bounces: Literal["off", "inbox", "relay"]  # where our reports on messages go
    retention_messages: int
    retention_sessions: int
    retention_days: int
    trash_hours: int
    audit_days: int  # 0: for ever
    profile: Profile  # what all listeners have in common
    # (user, password); none: any accepted
    smtp_auth: tuple[tuple[str, str], ...] = field(repr=False)
    warnings: tuple[str, ...] = ()  # lines to show the user at a start
    # number of sockets that systemd hands over, from descriptor 3 on (sd_listen_fds(3))
    listen_fds: int = 0

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")


def from_environment(environ: Mapping[str, str]) -> Config:
    """Return the Config for an environment; an empty variable counts as unset.

    Reads the files that NAME_FILE variables name, but creates none: secret_key is "" if
    a key must still be made. Raises ConfigError.
    """
    environ, aliases_used = aliases.translated(environ, PREFIX)
    read = _Reader(environ)
    data = read.value("DATA", "data", values.FOLDER)
    sqlite = f"sqlite:///{str(data).translate(_IN_URL)}/mailsink.sqlite3"
    hostname = read.value("HOSTNAME", socket.gethostname(), values.HOSTNAME)
    listen: Literal["local", "all"] = read.value(
        "LISTEN", "local", values.one_of("local", "all")
    )
    everywhere = listen == "all"
    max_message_size = read.value("MAX_MESSAGE_SIZE", "50M", values.SIZE)
    config = Config(
        listeners=_listeners(read, everywhere),
        http=read.value(
            "HTTP",
            values.default_addresses(values.DEFAULT_HTTP, everywhere),
            values.ADDRESSES,
        ),
        https=read.value("HTTPS", "off", values.ADDRESSES),
        data=data,
        database_url=read.secret("DATABASE_URL", sqlite, values.DATABASE),
        redis_url=read.secret("REDIS_URL", "", values.REDIS),
        raw_url=read.secret("RAW_URL", "", raw_urls.RAW_URL),
        secret_key=read.secret("SECRET_KEY", "", values.TEXT),
        max_message_size=max_message_size,
        hostname=hostname,
        public_url=read.value("PUBLIC_URL", "", public_urls.PUBLIC_URL),
        trusted_proxies=read.value("TRUSTED_PROXIES", "", values.NETWORKS),
        metrics_from=read.value("METRICS_FROM", "127.0.0.0/8,::1", values.NETWORKS),
        allowed_origins=read.value("ALLOWED_ORIGINS", "", public_urls.ORIGINS),
        tls_cert=read.value("TLS_CERT", "", values.FILE),
        tls_key=read.value("TLS_KEY", "", values.FILE),
        tls_min=read.value("TLS_MIN", "1.2", values.TLS_VERSION),
        https_cert=read.value("HTTPS_CERT", "", values.FILE),
        https_key=read.value("HTTPS_KEY", "", values.FILE),
        allowed_hosts=read.value("ALLOWED_HOSTS", "", values.HOSTS),
        listen=listen,
        insecure=read.value("INSECURE", "no", values.BOOLEAN),
        oidc=_oidc(read),
        log=read.value("LOG", "quiet", values.one_of("quiet", "text", "json")),
        mcp=read.value("MCP", "no", values.BOOLEAN),
        dialects=read.value("DIALECTS", "mailpit,mailhog", values.DIALECTS),
        outgoing=read.value("OUTGOING", "auto", values.one_of("auto", "yes", "no")),
        webhooks_private=read.value("WEBHOOKS_PRIVATE", "", values.NETWORKS),
        chromium=read.value("CHROMIUM", "", values.FILE),
        unsubscribe_private=read.value("UNSUBSCRIBE_PRIVATE", "", values.NETWORKS),
        bounces=read.value("BOUNCES", "relay", values.one_of("off", "inbox", "relay")),
        guard=read.value("GUARD", "no", values.BOOLEAN),
        strict=read.value("STRICT", "off", values.one_of("off", "report", "error")),
        strict_ignore=read.value("STRICT_IGNORE", "", values.KINDS),
        routes=_routes(read),
        retention_messages=read.value("RETENTION_MESSAGES", "50000", values.COUNT),
        retention_sessions=read.value("RETENTION_SESSIONS", "50000", values.COUNT),
        retention_days=read.value("RETENTION_DAYS", "0", values.DAYS),
        audit_days=read.value("AUDIT_DAYS", "0", values.DAYS),
        trash_hours=read.value("TRASH_HOURS", "24", values.HOURS),
        profile=_profile(read, hostname, max_message_size),
        smtp_auth=read.secret("SMTP_AUTH", "", values.LOGINS),
    )
    _check_together(config)
    warnings = (
        *aliases_used,
        *read.warnings(),
        *_unknown_extensions(config.profile.hidden),
    )
    return replace(config, warnings=warnings)


def _listeners(read: _Reader, everywhere: bool) -> dict[str, tuple[ListenAddress, ...]]:
    defaults = {"smtp": values.default_addresses(values.DEFAULT_SMTP, everywhere)}
    return {
        name: read.value(kind.setting, defaults.get(name, "off"), values.ADDRESSES)
        for name, kind in LISTENER_KINDS.items()
    }


def _routes(read: _Reader) -> dict[str, RouteFields]:
    """Return the routes, each with its password. Raises ConfigError."""
    text = read.secret("ROUTES", "", values.TEXT)
    try:
        found = route_settings.parse(text)
    except ValueError as error:
        raise ConfigError(f"MAILSINK_ROUTES takes routes in TOML: {error}") from None
    for name, fields in found.items():
        if path := fields.pop("password_file", ""):
            fields["password"] = _read(
                f"MAILSINK_ROUTES: password_file of {name}", path
            )
    return found


def _oidc(read: _Reader) -> OidcProvider | None:
    """Return the OpenID Connect provider; None without an issuer.

    Raises ConfigError.
    """
    provider = OidcProvider(
        issuer=read.value("OIDC_ISSUER", "", oidc_settings.ISSUER),
        client_id=read.value("OIDC_CLIENT_ID", "", values.TEXT),
        client_secret=read.secret("OIDC_CLIENT_SECRET", "", values.TEXT),
        label=read.value("OIDC_NAME", "single sign-on", oidc_settings.LABEL),
        scopes=read.value("OIDC_SCOPES", "openid email profile", oidc_settings.SCOPES),
        domains=read.value("OIDC_DOMAINS", "", oidc_settings.DOMAINS),
        groups_claim=read.value("OIDC_GROUPS", "", oidc_settings.CLAIM),
    )
    if bool(provider.issuer) != bool(provider.client_id):
        raise ConfigError(
            "MAILSINK_OIDC_ISSUER and MAILSINK_OIDC_CLIENT_ID need each other"
        )
    return provider if provider.issuer else None


def _profile(read: _Reader, hostname: str, max_message_size: int) -> Profile:
    """Return the profile that all SMTP listeners share. Raises ConfigError."""
    return Profile(
        hostname=hostname,
        max_message_size=max_message_size,
        bare_newlines=read.value(
            "SMTP_BARE_NEWLINES", "flag", values.one_of("flag", "reject")
        ),
        lenient=not read.value("SMTP_STRICT_ADDRESSES", "no", values.BOOLEAN),
        links=read.value("SMTP_LINKS", "errors", values.one_of("errors", "all", "off")),
        require_auth=read.value("SMTP_REQUIRE_AUTH", "no", values.BOOLEAN),
        require_tls=read.value("SMTP_REQUIRE_TLS", "no", values.BOOLEAN),
        auth_requires_tls=read.value("SMTP_AUTH_REQUIRE_TLS", "no", values.BOOLEAN),
        max_line=read.value("SMTP_MAX_LINE", "12288", values.LINE),
        max_text_line=read.value("SMTP_MAX_TEXT_LINE", "0", values.SIZE),
        max_path=read.value("SMTP_MAX_PATH", "0", values.COUNT),
        max_recipients=read.value("SMTP_MAX_RECIPIENTS", "1000", values.COUNT),
        max_transactions=read.value("SMTP_MAIL_MAX", "0", values.COUNT),
        idle_timeout=read.value("SMTP_IDLE_TIMEOUT", "300", values.COUNT),
        session_timeout=read.value("SMTP_SESSION_TIMEOUT", "0", values.COUNT),
        max_connections=read.value("SMTP_MAX_CONNECTIONS", "1000", values.COUNT),
        max_connections_per_client=read.value(
            "SMTP_MAX_CONNECTIONS_PER_CLIENT", "", values.OPTIONAL_COUNT
        ),
        max_errors=read.value("SMTP_MAX_ERRORS", "0", values.COUNT),
        max_commands=read.value("SMTP_MAX_COMMANDS", "100000", values.COUNT),
        max_transcript=read.value("SMTP_MAX_TRANSCRIPT", "32M", values.SIZE),
        turn=read.value("SMTP_TURN", "off", values.TURN),
        xclient_from=read.value("SMTP_XCLIENT_FROM", "", values.NETWORKS),
        proxy_from=read.value("SMTP_PROXY_FROM", "", values.NETWORKS),
        hidden=read.value("SMTP_HIDE", "", values.KEYWORDS),
    )


def _unknown_extensions(hidden: Collection[str]) -> list[str]:
    """Return a warning for each unknown name of an extension."""
    return [
        f"MAILSINK_SMTP_HIDE names {name}, which is not an extension{_hint(name, HIDEABLE)}"
        for name in sorted(set(hidden) - HIDEABLE)
    ]


def _check_together(config: Config) -> None:
    if not config.uses_sqlite and not config.secret_key:
        raise ConfigError(
            "MAILSINK_SECRET_KEY (or MAILSINK_SECRET_KEY_FILE) is needed with any "
            "database but SQLite: a long random text, the same for every process"
        )
    if not config.uses_sqlite:
        _check_extra("DATABASE_URL", "psycopg", "postgres")
    if config.redis_url:
        _check_extra("REDIS_URL", "channels_redis", "redis")
    if config.raw_url:
        _check_extra("RAW_URL", "storages", "s3")
    if (config.tls_cert is None) != (config.tls_key is None):
        raise ConfigError("MAILSINK_TLS_CERT and MAILSINK_TLS_KEY need each other")
    if (config.https_cert is None) != (config.https_key is None):
        raise ConfigError("MAILSINK_HTTPS_CERT and MAILSINK_HTTPS_KEY need each other")
    if config.profile.require_auth and "AUTH" in config.profile.hidden:
        raise ConfigError(
            "MAILSINK_SMTP_REQUIRE_AUTH needs AUTH, which MAILSINK_SMTP_HIDE hides"
        )
    if config.profile.require_tls and "STARTTLS" in config.profile.hidden:
        raise ConfigError(
            "MAILSINK_SMTP_REQUIRE_TLS needs STARTTLS, which MAILSINK_SMTP_HIDE hides"
        )


def _check_extra(name: str, module: str, extra: str) -> None:
    """Raise ConfigError if a module is missing: most installations do not need it."""
    if importlib.util.find_spec(module) is None:
        raise ConfigError(
            f"{PREFIX}{name} needs more packages: install 'django-mailsink[{extra}]'"
        )


class _Reader:
    """Reads variables by their short names, and remembers the known names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.known: set[str] = set()

    def value(self, name: str, default: str, kind: EnvType[T]) -> T:
        """Return the variable as a value of its kind. Raises ConfigError."""
        self.known.add(PREFIX + name)
        text = self.environ.get(PREFIX + name, "").strip() or default
        try:
            return kind.parse(text)
        except ValueError:
            raise ConfigError(
                f"{PREFIX}{name} is {text!r}, but takes {kind.takes}"
            ) from None

    def secret(self, name: str, default: str, kind: EnvType[T]) -> T:
        """Return the variable, or the content of NAME_FILE; errors do not show it."""
        name = PREFIX + name
        self.known |= {name, f"{name}_FILE"}
        text = self.environ.get(name, "").strip()
        if path := self.environ.get(f"{name}_FILE", "").strip():
            if text:
                raise ConfigError(f"{name} and {name}_FILE are both set; keep one")
            text = _read(f"{name}_FILE", path)
        try:
            return kind.parse(text or default)
        except ValueError:
            raise ConfigError(f"{name} takes {kind.takes}") from None

    def warnings(self) -> tuple[str, ...]:
        unknown = sorted(
            name
            for name in self.environ
            if name.startswith(PREFIX) and name not in self.known
        )
        return tuple(self._unknown(name) for name in unknown)

    def _unknown(self, name: str) -> str:
        known = [each.removeprefix(PREFIX) for each in self.known]
        hint = _hint(name.removeprefix(PREFIX), known, PREFIX)
        return f"{name} is not a variable of Mailsink{hint}"


def _hint(name: str, known: Collection[str], prefix: str = "") -> str:
    """Return a hint for a wrong name: the most similar known name."""
    near = difflib.get_close_matches(name, sorted(known), 1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def _read(name: str, path: str) -> str:
    try:
        return _text(Path(path))
    except ValueError:
        reason = "it is not text"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise ConfigError(f"{name} is {path!r}, which cannot be read: {reason}")


def _text(file: Path) -> str:
    """Return the content of a file or pipe. Raises OSError, ValueError."""
    if file.is_char_device() or file.is_block_device():  # some have no end
        raise OSError(errno.EINVAL, "it is a device")
    with file.open("rb") as opened:
        octets = opened.read(_MOST_OF_A_SECRET + 1)
    if len(octets) > _MOST_OF_A_SECRET:
        raise OSError(errno.EFBIG, "it has more than 1 MiB")
    if b"\0" in octets:
        raise ValueError
    return octets.decode().strip()


def load(environ: Mapping[str, str]) -> Config:
    """Return the Config; create its data folder, with the secret key in it.

    Raises ConfigError.
    """
    config = replace(from_environment(environ), listen_fds=_listen_fds(environ))
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = config.secret_key or _kept_secret(config.data / "secret-key")
    except OSError as error:
        raise unusable_data(config.data, error) from None
    return replace(config, secret_key=key)


def _listen_fds(environ: Mapping[str, str]) -> int:
    """Return how many sockets are handed over to this process, not to its parent."""
    number = environ.get("LISTEN_FDS", "")
    is_for_us = environ.get("LISTEN_PID") == str(os.getpid())
    return int(number) if is_for_us and re.fullmatch("[0-9]{1,3}", number) else 0


def unusable_data(folder: Path, error: OSError) -> ConfigError:
    """Return the error for a data folder that cannot be used."""
    reason = error.strerror or str(error)
    if isinstance(error, FileExistsError):  # from mkdir, if a file has the name
        reason = os.strerror(errno.ENOTDIR)
    if error.filename not in (None, str(folder)):
        reason = f"{error.filename!r}: {reason}"
    return ConfigError(
        f"MAILSINK_DATA: {str(folder)!r} cannot be used: {reason}. "
        "Name a folder that Mailsink can create and write to."
    )


def _kept_secret(path: Path) -> str:
    """Return the secret in the file; create a missing file. Raises ConfigError."""
    if path.exists() and not path.stat().st_size:
        path.unlink()  # the power failed before it was written
    if not path.exists():
        _make_secret(path)
    try:
        key = path.read_text().strip()
    except UnicodeDecodeError:
        key = ""
    if not key:
        raise ConfigError(
            f"{str(path)!r} holds no key: remove the file, and Mailsink makes a new key"
        )
    return key


def _make_secret(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        with draft.open("w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # atomic; the first of several processes wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _load_or_exit() -> Config:
    try:
        return load(os.environ)
    except ConfigError as error:
        # one line and no traceback, for any command
        sys.exit(f"mailsink: {error}")


CONFIG = _load_or_exit()
