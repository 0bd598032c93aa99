"""Settings of the environment, in the form of the processes' values."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from inbox.errors import Invalid
from inbox.outgoing import routes_from_settings
from inbox.policy import strict_setting
from inbox.policy.strict_setting import StrictSetting
from inbox.upkeep.retention import RetentionLimits
from mailsink.certificates import Certificates
from mailsink.conf import Config, ConfigError, unusable_data
from mailsink.failing_tls import failing_contexts
from mailsink.smtp.listener_kinds import LISTENER_KINDS
from mailsink.smtp.profile import Profile
from mailsink.smtp.tls.planned_failure import FailingContexts
from mailsink.smtp.tls.starttls_denylist import StarttlsDenylist
from mailsink.sockets import WebPorts, address_of, is_public
from mailsink.values import ADDRESSES, ListenAddress

_LOCAL = {"localhost", "127.0.0.1", "::1"}


def with_flags(
    config: Config, smtp: str | None, http: str | None, https: str | None
) -> Config:
    """Return the config with the values of --smtp, --http and --https. Raises ConfigError."""
    config = replace(
        config,
        listeners=config.listeners
        if smtp is None
        else {**config.listeners, "smtp": _flag("--smtp", smtp)},
        http=config.http if http is None else _flag("--http", http),
        https=config.https if https is None else _flag("--https", https),
    )
    if not (config.http or config.https or any(config.listeners.values())):
        raise ConfigError("SMTP and the web are both off: there is nothing to serve")
    return config


def _flag(name: str, text: str) -> tuple[ListenAddress, ...]:
    try:
        return ADDRESSES.parse(text)
    except ValueError:
        raise ConfigError(f"{name} is {text!r}, but takes {ADDRESSES.takes}") from None


def setting_of(name: str) -> str:
    """Return the name of the setting for a kind of listener, for messages."""
    variable = f"MAILSINK_{LISTENER_KINDS[name].setting}"
    return f"--smtp ({variable})" if name == "smtp" else variable


def refuse_public(sockets: Sequence[socket.socket]) -> None:
    """Raise ConfigError if others can reach a server without accounts.

    A setting can allow it.
    """
    if public := [address_of(each) for each in sockets if is_public(each)]:
        raise ConfigError(
            f"{', '.join(public)} can be reached from other machines, and there are no "
            "accounts: make the first administrator with `mailsink setup`, or say with "
            "MAILSINK_INSECURE=yes that everybody may send, read and delete"
        )


def may_send(config: Config, web: WebPorts) -> bool:
    """Whether mail may go out: if others can reach the pages, only if a setting allows it."""
    if config.outgoing != "auto":
        return config.outgoing == "yes"
    named = {
        urlsplit(config.public_url.origin).hostname or "localhost",
        *config.allowed_hosts,
    }
    return named <= _LOCAL and not any(map(is_public, web.sockets))


def take_routes(config: Config) -> None:
    """Store the routes of the settings. Raises ConfigError."""
    try:
        routes_from_settings.take(config.routes)
    except ValueError as error:
        words = " ".join(str(error).split())
        raise ConfigError(f"MAILSINK_ROUTES: {words}") from None


def strict(config: Config) -> StrictSetting:
    """Return the strict setting of the server. Raises ConfigError."""
    try:
        strict_setting.clean(config.strict_ignore)
    except Invalid as error:
        raise ConfigError(f"MAILSINK_STRICT_IGNORE: {error}") from None
    return strict_setting.of_server(config)


def retention_limits(config: Config) -> RetentionLimits:
    """Return the limits of retention."""
    return RetentionLimits(
        messages=config.retention_messages,
        sessions=config.retention_sessions,
        days=config.retention_days,
        audit_days=config.audit_days,
        trash_hours=config.trash_hours,
    )


def profile(config: Config, web: WebPorts, shown: Certificates, most: int) -> Profile:
    """Return the behaviour of all listeners. Raises ConfigError.

    shown: the certificates for clients; most: the maximum of connections
    """
    return replace(
        config.profile,
        max_connections=min(config.profile.max_connections or most, most),
        spool_dir=config.data / "spool",
        public_url=pages_url(config, web),
        tls=shown.mail.context(),
        failing_tls=_failing_tls(config),
        starttls_denylist=_denylist(config),
    )


def pages_url(config: Config, web: WebPorts) -> str:
    """Return the URL of the pages, without a slash at the end; "" if there are none."""
    own = web.own_url()
    return str(config.public_url) or (own and f"{own}{config.public_url.path}")


def _failing_tls(config: Config) -> FailingContexts:
    """Return the failing TLS contexts for rules. Raises ConfigError."""
    try:
        return failing_contexts(config.data, config.hostname, config.tls_min)
    except OSError as error:
        raise unusable_data(config.data, error) from None


def _denylist(config: Config) -> StarttlsDenylist | None:
    """Return the STARTTLS denylist; None if a setting demands TLS."""
    profile = config.profile
    asked = config.tls_cert or profile.require_tls or profile.auth_requires_tls
    return None if asked else StarttlsDenylist()
